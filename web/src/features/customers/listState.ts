// What the list of customers shows, read from its address, and the question it puts to the server.
import type { Query } from "../../api/client";
import { FIGURES, isDayFigure, isMoneyFigure, LIST_FILTERS } from "../../components/figures";
import { listIn } from "../../components/urlState";

export const COLUMNS = [
  "class",
  "loyalty",
  "value",
  "value_at_risk",
  "p_alive",
  "contribution",
  "stability",
  "clv_12m",
  "clv_36m",
  "expected_purchases_90d",
  "last_purchase",
  "x",
  "rfm",
  "bucket",
  "brand",
  "region",
] as const;
export type Column = (typeof COLUMNS)[number];
export const USUAL_COLUMNS: Column[] = [
  "class",
  "loyalty",
  "value",
  "value_at_risk",
  "p_alive",
  "contribution",
  "last_purchase",
  "brand",
  "region",
];

export type Range = { figure: string; min: string | null; max: string | null };
export const PAGE_SIZE = 50;
export const USUAL_SORT = "-value";

export function rangesIn(search: URLSearchParams): Range[] {
  return FIGURES.map((figure) => ({
    figure,
    min: search.get(`min_${figure}`),
    max: search.get(`max_${figure}`),
  })).filter((range) => range.min !== null || range.max !== null);
}

export function columnsIn(search: URLSearchParams, kept: string | null): Column[] {
  const named = search.has("cols") ? listIn(search, "cols") : (kept ?? "").split(",");
  const chosen = COLUMNS.filter((column) => named.includes(column));
  return chosen.length ? chosen : USUAL_COLUMNS;
}

/** The question to /value/profiles. Money bounds stand in the address in whole units. */
export function profileQuery(search: URLSearchParams, minorPerUnit: number): Query {
  const query: Query = {
    sort: search.get("sort") ?? USUAL_SORT,
    q: search.get("q"),
    cursor: search.get("cursor"),
    limit: PAGE_SIZE,
  };
  for (const name of LIST_FILTERS) query[name] = search.get(name);
  for (const range of rangesIn(search)) {
    const factor = isMoneyFigure(range.figure) ? minorPerUnit : 1;
    for (const side of ["min", "max"] as const) {
      if (isDayFigure(range.figure)) {
        if (/^\d{4}-\d\d-\d\d$/.test(range[side] ?? ""))
          query[`${side}_${range.figure}`] = range[side];
        continue;
      }
      const bound = Number(range[side]);
      if (range[side] === null || !Number.isFinite(bound)) continue;
      query[`${side}_${range.figure}`] = factor === 1 ? bound : Math.round(bound * factor);
    }
  }
  return query;
}

export function isFiltered(search: URLSearchParams): boolean {
  return (
    Boolean(search.get("q")) ||
    LIST_FILTERS.some((name) => search.has(name)) ||
    rangesIn(search).length > 0
  );
}

/** Leaves sorting and columns, drops every filter. */
export function cleared(search: URLSearchParams): Record<string, null> {
  const patch: Record<string, null> = {};
  for (const name of search.keys()) if (name !== "sort" && name !== "cols") patch[name] = null;
  return patch;
}
