// Every call the console makes, one function each.
import { type Query, request, upload } from "./client";
import type {
  Comparison,
  Count,
  Customer,
  CustomerRow,
  CustomerValue,
  Facets,
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
  Transaction,
  VersionedSettings,
} from "./types";

type Signal = AbortSignal | undefined;
const at = (id: string) => encodeURIComponent(id);

export const readSession = (signal?: Signal) => request<Session>("GET", "/session", { signal });
export const signIn = (login: string, password: string) =>
  request<Session>("POST", "/session", { body: { login, password } });
export const signOut = () => request<null>("DELETE", "/session");
export const changePassword = (current_password: string, new_password: string) =>
  request<Session>("POST", "/session/password", { body: { current_password, new_password } });

export const readSetup = (signal?: Signal) => request<Setup>("GET", "/setup", { signal });
export const generateExample = (customers: number, seed: number) =>
  request<Job>("POST", "/setup/example", { body: { customers, seed } });

export const listImports = (cursor?: string | null, signal?: Signal) =>
  request<Page<Import>>("GET", "/imports", { query: { cursor, limit: 50 }, signal });
export const readImport = (id: string, signal?: Signal) =>
  request<Import>("GET", `/imports/${at(id)}`, { signal });
export const createImport = (
  kind: ImportKind,
  file: File,
  onProgress: (sentShare: number) => void,
  signal: AbortSignal,
) => upload<Import>("/imports", { kind, file }, onProgress, signal);
export const dryRunImport = (id: string, plan: ImportPlan) =>
  request<Job>("POST", `/imports/${at(id)}/dry-run`, { body: plan });
export const startImport = (id: string, plan: ImportPlan) =>
  request<Job>("POST", `/imports/${at(id)}/start`, { body: plan });
export const importRejectsUrl = (id: string) => `/api/v1/imports/${at(id)}/rejects.csv`;

export const listJobs = (query: Query, signal?: Signal) =>
  request<Page<Job>>("GET", "/jobs", { query, signal });
export const readJob = (id: string, signal?: Signal) =>
  request<Job>("GET", `/jobs/${at(id)}`, { signal });
export const cancelJob = (id: string) => request<Job>("POST", `/jobs/${at(id)}/cancel`);
export const EVENTS_URL = "/api/v1/events";

export const listCustomers = (query: Query, signal?: Signal) =>
  request<Page<CustomerRow>>("GET", "/customers", { query, signal });
export const readCustomer = (id: string, signal?: Signal) =>
  request<Customer>("GET", `/customers/${at(id)}`, { signal });
export const readCustomerValue = (id: string, signal?: Signal) =>
  request<CustomerValue>("GET", `/customers/${at(id)}/value`, { signal });
export const listTransactions = (id: string, cursor?: string | null, signal?: Signal) =>
  request<Page<Transaction>>("GET", `/customers/${at(id)}/transactions`, {
    query: { cursor, limit: 25 },
    signal,
  });
export const readFacets = (signal?: Signal) =>
  request<Facets>("GET", "/customers/facets", { signal });

export const listProfiles = (query: Query, signal?: Signal) =>
  request<ProfilePage>("GET", "/value/profiles", { query, signal });
export const countProfiles = (query: Query, signal?: Signal) =>
  request<Count>("GET", "/value/profiles/count", { query, signal });
export const startRun = (body: { as_of?: string; model?: string; holdout_weeks?: number }) =>
  request<{ run: Run; job: Job }>("POST", "/value/runs", { body });
export const listRuns = (cursor?: string | null, signal?: Signal) =>
  request<Page<Run>>("GET", "/value/runs", { query: { cursor, limit: 50 }, signal });
export const readRun = (id: string, signal?: Signal) =>
  request<Run>("GET", `/value/runs/${at(id)}`, { signal });
export const readReport = (id: string, signal?: Signal) =>
  request<{ run: Run; report: Report }>("GET", `/value/runs/${at(id)}/report`, { signal });
export const profilesFileUrl = (id: string) => `/api/v1/value/runs/${at(id)}/profiles.parquet`;
export const reportFileUrl = (id: string) => `/api/v1/value/runs/${at(id)}/report`;
export const compareRuns = (from: string, to: string, signal?: Signal) =>
  request<Comparison>("GET", "/value/comparison", { query: { from, to }, signal });
export const readValueSettings = (signal?: Signal) =>
  request<VersionedSettings>("GET", "/value/settings", { signal });
export const writeValueSettings = ({ version, settings }: VersionedSettings) =>
  request<VersionedSettings>("PUT", "/value/settings", {
    body: settings,
    headers: { "if-match": `"${version}"` },
  });
