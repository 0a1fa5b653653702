// What an erased customer is called: the server has taken its name and gives it a number of its own.
import type { TFunction } from "i18next";

const ERASED = /^erased-[0-9a-f]{8}([0-9a-f]{4})$/;

/** The name to show: of an erased customer in the reader's language, with the end of its number to tell it apart. */
export function shownName(of: { name: string | null; external_id: string }, t: TFunction): string {
  const code = ERASED.exec(of.external_id)?.[1];
  if (code) return t("customers.erased.name", { code: code.toUpperCase() });
  return of.name || of.external_id;
}
