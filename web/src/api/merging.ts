// Customers who may be one: the pairs to be looked at, what merging two of them would do, and what was merged.
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { request } from "./client";
import { at, type Signal } from "./endpoints";
import { keys, useMay } from "./queries";
import type { CustomerRow, Job, Page, Schemas, With } from "./types";

export type PairState = Schemas["DuplicateState"];
/** What speaks for two customers being one, or against it. */
export type PairReason = { compared: string; outcome: string; weight: number };
export type Pair = With<
  Schemas["Duplicate"],
  { one: CustomerRow; other: CustomerRow; reasons: PairReason[] }
>;
export type Conflict = { field: string; survivor: unknown; merged: unknown };
export type MergePreview = With<
  Schemas["MergePreview"],
  {
    survivor: CustomerRow;
    merged: CustomerRow;
    conflicts: Conflict[];
    moves: Record<string, number>;
  }
>;
export type Merge = With<Schemas["Merge"], { moved: Record<string, number> }>;
export type MergeDone = Merge & { later: string[] };
export type MergeSaid = {
  survivor: string;
  survivor_version: number;
  merged: string;
  merged_version: number;
  fields: Record<string, "survivor" | "merged">;
};

/** The kind of the job that looks through everyone. */
export const SEARCH_JOB = "duplicates_search";

const PAGE = 20;

export function useMayMerge(): boolean {
  const mayWrite = useMay("customers.write");
  return useMay("customers.merge") && mayWrite;
}

const listPairs = (
  query: {
    state: PairState;
    customer: string | null;
    certain?: boolean | null;
    cursor?: string | null;
    limit?: number;
  },
  signal?: Signal,
) => request<Page<Pair>>("GET", "/api/v1/duplicates", { query, signal });

export const searchAll = () => request<Job>("POST", "/api/v1/duplicates/search");
export const searchOne = (id: string) =>
  request<Page<Pair>>("POST", at("/api/v1/customers/{id}/duplicates/search", { id }));
export const dismissPair = (id: string) =>
  request<Pair>("POST", at("/api/v1/duplicates/{id}/dismiss", { id }));
export const reopenPair = (id: string) =>
  request<Pair>("POST", at("/api/v1/duplicates/{id}/reopen", { id }));
export const merge = (body: MergeSaid) => request<MergeDone>("POST", "/api/v1/merges", { body });
export const undoMerge = (id: string) =>
  request<MergeDone>("POST", at("/api/v1/merges/{id}/undo", { id }));

export const usePairs = (state: PairState, customer: string | null, certain: boolean | null) =>
  useInfiniteQuery({
    queryKey: [...keys.customers, "pairs", state, customer, certain],
    queryFn: ({ pageParam, signal }) =>
      listPairs({ state, customer, certain, cursor: pageParam, limit: PAGE }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });

export const usePreview = (survivor: string, merged: string) =>
  useQuery({
    queryKey: [...keys.customers, "merge-preview", survivor, merged],
    queryFn: ({ signal }) =>
      request<MergePreview>("GET", "/api/v1/merges/preview", {
        query: { survivor, merged },
        signal,
      }),
    placeholderData: keepPreviousData,
    // What stays on the screen is what is confirmed.
    refetchOnWindowFocus: false,
  });

export const useMerges = (customer: string | null, enabled = true) =>
  useInfiniteQuery({
    queryKey: [...keys.customers, "merges", customer],
    queryFn: ({ pageParam, signal }) =>
      request<Page<Merge>>("GET", "/api/v1/merges", {
        query: { customer, cursor: pageParam, limit: PAGE },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    enabled,
  });

/** Who was merged: by their own id one reads the survivor, the pair still knows them by themselves. */
export const useMergedOf = (of: Pick<Merge, "id" | "merged" | "undone_at">) =>
  useQuery({
    queryKey: [...keys.customers, "merged-of", of.id],
    queryFn: async ({ signal }) => {
      const { items } = await listPairs({ state: "merged", customer: of.merged }, signal);
      const pair = items.find((one) => one.merge === of.id);
      return [pair?.one, pair?.other].find((one) => one?.id === of.merged) ?? null;
    },
    enabled: of.undone_at === null,
  });
