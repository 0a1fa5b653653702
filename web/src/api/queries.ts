// What several rooms read from the server, cached under one name each.
import { type QueryClient, useInfiniteQuery, useQueries, useQuery } from "@tanstack/react-query";
import { ApiError } from "./client";
import {
  listJobs,
  listRuns,
  listTransactions,
  readCustomer,
  readCustomerValue,
  readFacets,
  readImport,
  readJob,
  readReport,
  readRun,
  readSession,
  readSetup,
  readValueSettings,
} from "./endpoints";
import type { Job, Permission, Run } from "./types";

export const keys = {
  session: ["session"],
  setup: ["setup"],
  jobs: ["jobs"],
  job: (id: string) => ["jobs", "one", id],
  imports: ["imports"],
  import: (id: string) => ["imports", id],
  exports: ["exports"],
  customers: ["customers"],
  value: ["value"],
  tiers: ["tiers"],
} as const;

/** True for an answer that another try would not change. */
export function isFinal(error: unknown): boolean {
  return error instanceof ApiError && error.problem.status < 500;
}

export function problemCode(error: unknown): string | undefined {
  return error instanceof ApiError ? error.problem.code : undefined;
}

export const useSession = () =>
  useQuery({
    queryKey: keys.session,
    queryFn: ({ signal }) => readSession(signal),
    staleTime: 5 * 60_000,
  });

export function useMay(permission: Permission): boolean {
  return useSession().data?.permissions.includes(permission) ?? false;
}

export const useSetup = () =>
  useQuery({ queryKey: keys.setup, queryFn: ({ signal }) => readSetup(signal) });

/** Whether one's role reaches every customer: what is about the whole firm is for nobody else. Undefined until known. */
export function useWholeFirm(): boolean | undefined {
  const setup = useSetup().data;
  return setup && setup.transactions !== null;
}

/** Jobs that are waiting or running, kept current by the event stream. */
export const useActiveJobs = (enabled = true) =>
  useQuery({
    queryKey: [...keys.jobs, "active"],
    queryFn: async ({ signal, client }) => {
      const [running, queued] = await Promise.all([
        listJobs({ state: "running", limit: 50 }, signal),
        listJobs({ state: "queued", limit: 50 }, signal),
      ]);
      // The event that a quick job is over may overtake the answer that it is at work.
      const isOver = ({ id }: Job) => {
        const known = client.getQueryData<Job>(keys.job(id));
        return known !== undefined && !isActive(known);
      };
      return [...running.items, ...queued.items].filter((job) => !isOver(job));
    },
    staleTime: Number.POSITIVE_INFINITY,
    enabled,
  });

export const useJob = (id: string | null | undefined) =>
  useQuery({
    queryKey: keys.job(id ?? ""),
    queryFn: ({ signal }) => readJob(id ?? "", signal),
    enabled: Boolean(id),
    staleTime: Number.POSITIVE_INFINITY,
  });

export const useImport = (id: string) =>
  useQuery({ queryKey: keys.import(id), queryFn: ({ signal }) => readImport(id, signal) });

export const useCustomer = (id: string, enabled = true) =>
  useQuery({
    queryKey: [...keys.customers, "of", id, "record"],
    queryFn: ({ signal }) => readCustomer(id, signal),
    enabled,
  });

export const useCustomerValue = (id: string) =>
  useQuery({
    queryKey: [...keys.value, "customer", id],
    queryFn: async ({ signal }) => {
      try {
        return await readCustomerValue(id, signal);
      } catch (error) {
        // A customer who arrived after the last run has no profile yet; that is an answer.
        if (problemCode(error) === "no_profile") return null;
        throw error;
      }
    },
  });

export const useTransactions = (id: string) =>
  useInfiniteQuery({
    queryKey: [...keys.customers, "of", id, "transactions"],
    queryFn: ({ pageParam, signal }) => listTransactions(id, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });

export const useFacets = () =>
  useQuery({
    queryKey: [...keys.customers, "facets"],
    queryFn: ({ signal }) => readFacets(signal),
    staleTime: 60_000,
  });

export const useRuns = () =>
  useQuery({
    queryKey: [...keys.value, "runs"],
    queryFn: ({ signal }) => listRuns(null, signal),
  });

export const useRun = (id: string, enabled = true) =>
  useQuery({
    queryKey: [...keys.value, "run", id],
    queryFn: ({ signal }) => readRun(id, signal),
    enabled,
  });

/** The published runs, newest first; those named are among them, however old they are. */
export function usePublishedRuns(named: readonly string[] = []): Run[] {
  const listed = useRuns().data?.items;
  const missing = listed ? named.filter((id) => !listed.some((run) => run.id === id)) : [];
  const older = useQueries({
    queries: missing.map((id) => ({
      queryKey: [...keys.value, "run", id],
      queryFn: ({ signal }: { signal: AbortSignal }) => readRun(id, signal),
    })),
  }).flatMap((query) => query.data ?? []);
  return [...(listed ?? []), ...older].filter((run) => run.state === "published");
}

export const useReport = (id: string) =>
  useQuery({
    queryKey: [...keys.value, "report", id],
    queryFn: async ({ signal }) => (await readReport(id, signal)).report,
    staleTime: 60_000,
  });

export const useValueSettings = () =>
  useQuery({
    queryKey: [...keys.value, "settings"],
    queryFn: ({ signal }) => readValueSettings(signal),
  });

export function isActive(job: Job): boolean {
  return job.state === "queued" || job.state === "running";
}

/** Something of a customer has changed, here or at a colleague's: what is open of it is read anew. */
export function takeChanged(client: QueryClient, id: string): void {
  void client.invalidateQueries({ queryKey: [...keys.customers, "of", id] });
}

/** Takes one job as the server sees it now into every place that shows it. */
export function takeJob(client: QueryClient, job: Job): void {
  // The event that a quick job is over may overtake the answer that it has begun.
  const known = client.getQueryData<Job>(keys.job(job.id));
  if (known && !isActive(known) && isActive(job)) return;
  client.setQueryData(keys.job(job.id), job);
  client.setQueryData<Job[]>([...keys.jobs, "active"], (before) => {
    const others = (before ?? []).filter((other) => other.id !== job.id);
    return isActive(job) ? [job, ...others] : others;
  });
  if (isActive(job)) return;
  void client.invalidateQueries({ queryKey: [...keys.jobs, "list"] });
  void client.invalidateQueries({ queryKey: keys.setup });
  if (job.kind === "import" || job.kind === "import_dry_run") {
    void client.invalidateQueries({ queryKey: keys.imports });
  }
  if (job.kind === "export") {
    void client.invalidateQueries({ queryKey: keys.exports });
  } else if (job.kind.startsWith("tier_")) {
    void client.invalidateQueries({ queryKey: keys.tiers });
    void client.invalidateQueries({ queryKey: [...keys.customers, "of"] });
  } else if (job.kind !== "import_dry_run") {
    void client.invalidateQueries({ queryKey: keys.customers });
    void client.invalidateQueries({ queryKey: keys.value });
    // What was simulated by the figures of before is stale.
    void client.invalidateQueries({ queryKey: keys.tiers });
  }
}
