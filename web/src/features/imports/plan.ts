// How the columns of a file are read. What was chosen for a file is kept in this browser, by the
// import and by the look of the file, so that next month's file needs no mapping again.
import type { Import, ImportKind, ImportPlan } from "../../api/types";

const STORED = "patron.import_plans";
const MOST_KEPT = 20;
/** What the server allows unless told otherwise. */
export const USUAL_REJECT_LIMIT_PERCENT = 1;

type Kept = { key: string; plan: ImportPlan };

function lookOf(one: Pick<Import, "kind" | "columns">): string {
  return `${one.kind}:${one.columns.map((column) => column.name).join("\u0001")}`;
}

function kept(): Kept[] {
  try {
    const read: unknown = JSON.parse(localStorage.getItem(STORED) ?? "[]");
    return Array.isArray(read) ? (read as Kept[]) : [];
  } catch {
    return [];
  }
}

export function rememberPlan(one: Import, plan: ImportPlan): void {
  const mine = [
    { key: one.id, plan },
    { key: lookOf(one), plan },
  ];
  const others = kept().filter((other) => mine.every((one) => one.key !== other.key));
  localStorage.setItem(STORED, JSON.stringify([...mine, ...others].slice(0, MOST_KEPT)));
}

/** The plan chosen for this import, else for the last file that looked like it, else the server's. */
export function rememberedPlan(one: Import): ImportPlan {
  const all = kept();
  const own = all.find((other) => other.key === one.id) ?? all.find((o) => o.key === lookOf(one));
  return own?.plan ?? { mapping: { ...one.suggested_mapping }, source: usualSource(one.kind) };
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
