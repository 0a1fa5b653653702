// Lists written into files by the server, each as a job.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { type Query, request } from "./client";
import { at } from "./endpoints";
import { keys, useMay, useWholeFirm } from "./queries";
import type { JobState, Page, Schemas, With } from "./types";

/** The lists there are. */
export type ExportKind = "customers" | "value";
export type ExportFormat = Schemas["ExportFormat"];
export type Export = With<
  Schemas["Export"],
  { kind: ExportKind; filter: Record<string, string>; state: JobState }
>;

export const FORMATS: ExportFormat[] = ["xlsx", "csv", "parquet"];

const PAGE = 50;
/** How soon who is told of nothing looks again. */
const LOOK_AGAIN_MS = 2_000;

/** What a list is filtered and sorted by; a file has no pages. */
export function filterOf(asked: Query): Record<string, string> {
  const { cursor: _cursor, limit: _limit, ...filter } = asked;
  return Object.fromEntries(
    Object.entries(filter).flatMap(([name, value]) =>
      value === null || value === undefined || value === "" ? [] : [[name, String(value)]],
    ),
  );
}

export const startExport = (
  kind: ExportKind,
  format: ExportFormat,
  filter: Record<string, string>,
) => request<Export>("POST", "/api/v1/exports", { body: { kind, format, filter } });
export const exportFileUrl = (id: string) => at("/api/v1/exports/{id}/file", { id });

export const exportKey = (id: string) => [...keys.exports, "one", id] as const;

const isUnderWay = (one: Export) => one.state === "queued" || one.state === "running";

/** Whether the event stream tells one of jobs: it does not tell who does not see the whole firm, even of their own. */
export function useToldOfJobs(): boolean {
  const whole = useWholeFirm();
  return useMay("jobs.read") && whole === true;
}

export function useExport(id: string) {
  const told = useToldOfJobs();
  return useQuery({
    queryKey: exportKey(id),
    queryFn: ({ signal }) => request<Export>("GET", at("/api/v1/exports/{id}", { id }), { signal }),
    refetchInterval: ({ state }) =>
      !told && state.data && isUnderWay(state.data) ? LOOK_AGAIN_MS : false,
  });
}

export function useExports() {
  const told = useToldOfJobs();
  return useInfiniteQuery({
    queryKey: [...keys.exports, "list"],
    queryFn: ({ pageParam, signal }) =>
      request<Page<Export>>("GET", "/api/v1/exports", {
        query: { cursor: pageParam, limit: PAGE },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    refetchInterval: ({ state }) =>
      !told && state.data?.pages.some((page) => page.items.some(isUnderWay))
        ? LOOK_AGAIN_MS
        : false,
  });
}
