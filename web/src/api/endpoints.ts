// The calls several rooms make, one function each. Those of the customer's record stand in record.ts, those of
// the settings in settings.ts.
import { type Query, request, upload } from "./client";
import type {
  ApiPath,
  Comparison,
  Count,
  Customer,
  CustomerValue,
  Facets,
  FilledPath,
  FoundCustomer,
  Import,
  ImportKind,
  ImportPlan,
  Job,
  Page,
  ProfilePage,
  Report,
  Run,
  Session,
  Setup,
  StartedRun,
  Transaction,
  ValueSettings,
  VersionedSettings,
} from "./types";

export type Signal = AbortSignal | undefined;

/** The version a change is based on: if somebody was first, the server says so. */
export const ifMatch = (version: number) => ({ "if-match": `"${version}"` });

/** The path of the document with its places filled in. */
export function at(path: ApiPath, places: Record<string, string>): FilledPath {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(places[name] ?? ""),
  );
  return filled as FilledPath;
}

export const readSession = (signal?: Signal) =>
  request<Session>("GET", "/api/v1/session", { signal });
export const signIn = (login: string, password: string, code?: string) =>
  request<Session>("POST", "/api/v1/session", { body: { login, password, code } });
export const signOut = () => request<null>("DELETE", "/api/v1/session");
export const changePassword = (current_password: string, new_password: string) =>
  request<Session>("POST", "/api/v1/session/password", {
    body: { current_password, new_password },
  });

export const readSetup = (signal?: Signal) => request<Setup>("GET", "/api/v1/setup", { signal });
export const generateExample = (customers: number, seed: number) =>
  request<Job>("POST", "/api/v1/setup/example", { body: { customers, seed } });

export const listImports = (cursor?: string | null, signal?: Signal) =>
  request<Page<Import>>("GET", "/api/v1/imports", { query: { cursor, limit: 50 }, signal });
export const readImport = (id: string, signal?: Signal) =>
  request<Import>("GET", at("/api/v1/imports/{id}", { id }), { signal });
export const createImport = (
  kind: ImportKind,
  file: File,
  onProgress: (sentShare: number) => void,
  signal: AbortSignal,
) => upload<Import>("/api/v1/imports", { kind, file }, onProgress, signal);
/** Reads the header anew; null has the encoding found out. */
export const setImportEncoding = (id: string, encoding: Import["encoding"] | null) =>
  request<Import>("POST", at("/api/v1/imports/{id}/encoding", { id }), { body: { encoding } });
export const dryRunImport = (id: string, plan: ImportPlan) =>
  request<Job>("POST", at("/api/v1/imports/{id}/dry-run", { id }), { body: plan });
/** Imports what was checked last. */
export const startImport = (id: string, reject_limit_percent: number) =>
  request<Job>("POST", at("/api/v1/imports/{id}/start", { id }), {
    body: { reject_limit_percent },
  });
/** Reads another sheet of a workbook. */
export const setImportSheet = (id: string, sheet: string) =>
  request<Import>("POST", at("/api/v1/imports/{id}/sheet", { id }), { body: { sheet } });
/** The rejected rows in the format of the file, to be corrected and uploaded as they are. */
export const importRejectsUrl = (id: string) => at("/api/v1/imports/{id}/rejects", { id });

export const listJobs = (query: Query, signal?: Signal) =>
  request<Page<Job>>("GET", "/api/v1/jobs", { query, signal });
export const readJob = (id: string, signal?: Signal) =>
  request<Job>("GET", at("/api/v1/jobs/{id}", { id }), { signal });
export const cancelJob = (id: string) =>
  request<Job>("POST", at("/api/v1/jobs/{id}/cancel", { id }));
export const EVENTS_URL: ApiPath = "/api/v1/events";

export const listCustomers = (query: Query, signal?: Signal) =>
  request<Page<FoundCustomer>>("GET", "/api/v1/customers", { query, signal });
export const readCustomer = (id: string, signal?: Signal) =>
  request<Customer>("GET", at("/api/v1/customers/{id}", { id }), { signal });
export const readCustomerValue = (id: string, signal?: Signal) =>
  request<CustomerValue>("GET", at("/api/v1/customers/{id}/value", { id }), { signal });
export const listTransactions = (id: string, cursor?: string | null, signal?: Signal) =>
  request<Page<Transaction>>("GET", at("/api/v1/customers/{id}/transactions", { id }), {
    query: { cursor, limit: 25 },
    signal,
  });
export const readFacets = (signal?: Signal) =>
  request<Facets>("GET", "/api/v1/customers/facets", { signal });

export const listProfiles = (query: Query, signal?: Signal) =>
  request<ProfilePage>("GET", "/api/v1/value/profiles", { query, signal });
export const countProfiles = (query: Query, signal?: Signal) =>
  request<Count>("GET", "/api/v1/value/profiles/count", { query, signal });
export const startRun = (body: { as_of?: string; model?: string; holdout_weeks?: number }) =>
  request<StartedRun>("POST", "/api/v1/value/runs", { body });
export const listRuns = (cursor?: string | null, signal?: Signal) =>
  request<Page<Run>>("GET", "/api/v1/value/runs", { query: { cursor, limit: 200 }, signal });
export const readRun = (id: string, signal?: Signal) =>
  request<Run>("GET", at("/api/v1/value/runs/{id}", { id }), { signal });
export const readReport = (id: string, signal?: Signal) =>
  request<{ run: Run; report: Report }>("GET", at("/api/v1/value/runs/{id}/report", { id }), {
    signal,
  });
export const profilesFileUrl = (id: string) =>
  at("/api/v1/value/runs/{id}/profiles.parquet", { id });
export const reportFileUrl = (id: string) => at("/api/v1/value/runs/{id}/report", { id });
export const compareRuns = (from: string, to: string, signal?: Signal) =>
  request<Comparison>("GET", "/api/v1/value/comparison", { query: { from, to }, signal });
export const readValueSettings = (signal?: Signal) =>
  request<VersionedSettings>("GET", "/api/v1/value/settings", { signal });
export const writeValueSettings = (version: number, settings: ValueSettings) =>
  request<VersionedSettings>("PUT", "/api/v1/value/settings", {
    body: settings,
    headers: ifMatch(version),
  });
