// The firm's own fields in words: how each is headed, and what it holds.
import type { CustomField } from "../api/settings";
import { ABSENT, type Format } from "../i18n/format";

export type OwnValue = string | number | null;

/** A field as it is headed in the reader's language. */
export const headed = (field: CustomField, language: string) =>
  language === "zh-CN" ? field.zh : field.en;

export function ownValueText(
  field: CustomField,
  value: OwnValue,
  language: string,
  format: Format,
): string {
  if (value === null) return ABSENT;
  if (field.kind === "date") return format.day(String(value));
  if (field.kind === "number" && typeof value === "number") return format.number(value, 6);
  if (field.kind === "choice") {
    const choice = field.choices.find((one) => one.name === value);
    return choice ? (language === "zh-CN" ? choice.zh : choice.en) : String(value);
  }
  return String(value);
}
