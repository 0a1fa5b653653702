// How the columns of a file are read. The server keeps what a file was checked with, and the mapping and
// source of the last file that looked like it, so that everyone sees the same and next month's file needs
// no mapping again.
import type { Import, ImportKind, ImportPlan } from "../../api/types";

/** What the server allows unless told otherwise. */
export const USUAL_REJECT_LIMIT_PERCENT = 1;

/** How this file was checked, else as such a file was imported last, else as its columns suggest. */
export function planOf(
  one: Pick<Import, "kind" | "options" | "suggested_mapping" | "suggested_source">,
): ImportPlan {
  return (
    one.options ?? {
      mapping: { ...one.suggested_mapping },
      source: one.suggested_source ?? usualSource(one.kind),
    }
  );
}

function usualSource(kind: ImportKind): string {
  return kind === "customers" ? "crm" : "billing";
}

/** Fields that must have a column and have none. */
export function missingFields(one: Pick<Import, "fields">, mapping: Record<string, string>) {
  return one.fields.filter((field) => field.required && !mapping[field.name]);
}

/** Drops fields without a column, and columns that this file does not have. */
export function cleanMapping(
  one: Pick<Import, "columns">,
  mapping: Record<string, string | null | undefined>,
): Record<string, string> {
  const names = new Set(one.columns.map((column) => column.name));
  const clean: Record<string, string> = {};
  for (const [field, column] of Object.entries(mapping)) {
    if (column && names.has(column)) clean[field] = column;
  }
  return clean;
}
