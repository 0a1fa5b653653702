// What is decided when two customers become one, in words: its fields, their values, and what moves.
import type { TFunction } from "i18next";
import type { Channel, LifeEventFacts, Preferences } from "../../api/record";
import type { RecordSchema } from "../../api/settings";
import { lifeDayText } from "../../components/lifeDay";
import { headed, type OwnValue, ownValueText } from "../../components/ownFields";
import { hoursText } from "../../components/QuietHoursInput";
import { ABSENT, type Format } from "../../i18n/format";

export type Words = {
  t: TFunction;
  format: Format;
  /** The firm's own fields, once they are known. */
  schema: RecordSchema | undefined;
  languageName: (code: string) => string;
};

const ONCE_IN_A_LIFE = ["birthday", "founding"];
const LINKED = ["organisation", "referred_by", "branch", "owner"];

const ownField = (field: string, schema: RecordSchema | undefined) =>
  field.startsWith("custom.")
    ? schema?.fields.find((one) => `custom.${one.name}` === field)
    : undefined;

/** A field as it is headed. */
export function fieldText(field: string, { t, format, schema }: Words): string {
  if (field === "preferences") return t("record.preferences.title");
  if (ONCE_IN_A_LIFE.includes(field)) return t(`record.life.kinds.${field}`);
  if (field.startsWith("custom.")) {
    const own = ownField(field, schema);
    return own ? headed(own, format.language) : field.slice("custom.".length);
  }
  return t(`record.field.${field}`, { defaultValue: field });
}

/** What one of the two has there, line by line. */
export function valueLines(field: string, value: unknown, words: Words): string[] {
  const { t, format, schema } = words;
  if (LINKED.includes(field)) {
    // Who is out of the reader's sight is not named.
    return [(value as { name: string } | null)?.name ?? t("merging.unseen")];
  }
  if (value === null || value === undefined || value === "") return [ABSENT];
  if (field === "since") return [format.day(String(value))];
  if (ONCE_IN_A_LIFE.includes(field)) {
    return (value as LifeEventFacts[]).map((day) => lifeDayText(day, format, t));
  }
  if (field === "preferences") return preferenceLines(value as Partial<Preferences>, words);
  const own = ownField(field, schema);
  return [own ? ownValueText(own, value as OwnValue, format.language, format) : String(value)];
}

function preferenceLines(said: Partial<Preferences>, { t, languageName }: Words): string[] {
  const values = {
    channel: said.channel ? t(`terms.channel.${said.channel as Channel}`) : null,
    language: said.language ? languageName(said.language) : null,
    zone: said.zone ?? null,
    quiet_hours: said.quiet_hours ? hoursText(said.quiet_hours, t) : null,
  };
  const lines = Object.entries(values)
    .filter(([, text]) => text !== null)
    .map(([name, text]) =>
      t("merging.said", { what: t(`record.preferences.${name}`), value: text }),
    );
  return lines.length > 0 ? lines : [t("record.preferences.as_firm")];
}

/** How much moves, by what it is; what has no word yet is counted together. */
export function movesLines(
  moves: Readonly<Record<string, number>>,
  { t, format }: Pick<Words, "t" | "format">,
): string[] {
  let others = 0;
  const lines: string[] = [];
  for (const [what, rows] of Object.entries(moves)) {
    const name = t(`merging.moves.${what}`, { defaultValue: "" });
    if (name) lines.push(t("merging.said", { what: name, value: format.count(rows) }));
    else others += rows;
  }
  if (others > 0) {
    lines.push(t("merging.said", { what: t("merging.moves.other"), value: format.count(others) }));
  }
  return lines;
}
