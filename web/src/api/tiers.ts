// Programmes of levels: what earns a level, what a draft would change, who has which level and why, and what is
// given by hand.
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { request } from "./client";
import { at, ifMatch, type Signal } from "./endpoints";
import { isActive, keys, problemCode, useActiveJobs, useSession } from "./queries";
import type { Job, Page, Schemas, Whole, With } from "./types";

export type ProgrammeFacts = Whole<Schemas["ProgrammeFacts"]>;
export type Programme = ProgrammeFacts & { id: string; version: number };
export type LevelCount = With<Schemas["TierCount"], { level: string | null }>;

export type Condition = Schemas["TierCondition"];
export type Measure = Condition["measure"];
export type Rule = { all: Condition[] } | { any: Condition[] };
export type Level = With<Schemas["TierLevel"], { qualify: Rule; keep: Rule | null }>;
export type Period = Schemas["TierPeriod"];
export type Downgrade = Schemas["TierDowngrade"];
export type Landing = Schemas["TierLanding"];
export type TierDocument = With<Schemas["TierDocument"], { levels: Level[] }>;
export type VersionState = Schemas["VersionState"];
export type Version = With<
  Schemas["TierVersion"],
  { document: TierDocument; edited_by: string | null; published_by: string | null }
>;
export type ProgrammeShown = Programme & {
  in_force: Version | null;
  scheduled: Version | null;
  /** Null for who does not see the whole firm. */
  counts: LevelCount[] | null;
};

export type Sensitivity = With<Schemas["TierSensitivity"], { of_keep: boolean }>;
export type Moved = Schemas["TierMoved"];
export type MatrixCell = Whole<Schemas["TierMatrixCell"]>;
export type Curve = { asked: Sensitivity; points: { value: number; levels: LevelCount[] }[] };
export type Simulation = {
  id: string;
  revision: number;
  /** Whether it was made of the draft as it is now. */
  is_current: boolean;
  against: string | null;
  run: string | null;
  created_at: string;
  on: string;
  currency: string;
  customers: number;
  before: LevelCount[];
  after: LevelCount[];
  matrix: MatrixCell[];
  lose: Moved;
  gain: Moved;
  curve: Curve | null;
};
export type Move = Whole<Schemas["MoveShown"]>;
export type Notice = Whole<Schemas["NoticeShown"]>;

export type Standing = {
  earned: string | null;
  level: string | null;
  since: string;
  review_on: string | null;
  grace_until: string | null;
  given: string | null;
};
export type Measured = Condition & {
  have: number | null;
  need: number;
  missing: number;
  met: boolean;
};
export type Progress = {
  level: string;
  takes_all: boolean;
  met: boolean;
  conditions: Measured[];
};
export type TierReason = Schemas["TierReason"];
export type LevelShown = Schemas["LevelShown"];
type Decided = Standing & {
  reason: TierReason;
  to_next: Progress | null;
  to_keep: Progress | null;
};
export type Member = Decided & {
  programme: string;
  code: string;
  zh: string;
  en: string;
  version: number;
  levels: LevelShown[];
  decided_by: string | null;
};
export type TierFacts = {
  included: boolean;
  since: string | null;
  /** Months are counted from January of year 0. */
  months: { month: number; spend_minor: number; orders: number }[];
  run: string | null;
  figures: [string, number][];
  shares: [string, number][];
  organisation_level: string | null;
  nominated: boolean;
  given: { id: string; level: string | null; until: string } | null;
};
export type DecisionShown = Decided & {
  id: string;
  programme: string;
  version: string;
  customer: string;
  on: string;
  at: string;
  before: Standing | null;
  facts: TierFacts;
};

export type GrantKind = Schemas["GrantKind"];
export type GrantState = Schemas["GrantState"];
export type NewGrant = With<Schemas["NewTierGrant"], { level: string | null }>;
export type Grant = NewGrant & {
  id: string;
  customer: string;
  state: GrantState;
  requested_by: string | null;
  requested_at: string;
  decided_by: string | null;
  decided_at: string | null;
  version: number;
};

export const GRANT_KINDS: GrantKind[] = ["level", "suspension", "nomination"];
export const GRANT_STATES: GrantState[] = ["requested", "approved", "refused", "revoked", "ended"];
export const MEASURES: Measure[] = [
  "spend",
  "orders",
  "monthly_spend_mean",
  "monthly_spend_least",
  "quarterly_spend_mean",
  "quarterly_spend_least",
  "tenure_months",
  "figure",
  "percentile",
  "organisation_level",
  "nomination",
];

/** The kinds of the jobs. */
export const SIMULATION_JOB = "tier_simulation";
export const DECISIONS_JOB = "tier_decisions";

const PAGE = 20;
const VERSIONS = 50;

export const conditionsOf = (rule: Rule): Condition[] => ("all" in rule ? rule.all : rule.any);

const listProgrammes = (signal?: Signal) =>
  request<{ items: Programme[] }>("GET", "/api/v1/tiers/programmes", { signal });
export const createProgramme = (body: ProgrammeFacts) =>
  request<Programme>("POST", "/api/v1/tiers/programmes", { body });
export const readProgramme = (id: string, signal?: Signal) =>
  request<ProgrammeShown>("GET", at("/api/v1/tiers/programmes/{id}", { id }), { signal });
export const changeProgramme = (id: string, version: number, body: ProgrammeFacts) =>
  request<Programme>("PUT", at("/api/v1/tiers/programmes/{id}", { id }), {
    body,
    headers: ifMatch(version),
  });
export const decideAll = (id: string) =>
  request<Job>("POST", at("/api/v1/tiers/programmes/{id}/decide", { id }));

export const beginDraft = (id: string, body: TierDocument) =>
  request<Version>("POST", at("/api/v1/tiers/programmes/{id}/versions", { id }), { body });
export const readVersion = (id: string, signal?: Signal) =>
  request<Version>("GET", at("/api/v1/tiers/versions/{id}", { id }), { signal });
export const changeDraft = (id: string, revision: number, body: TierDocument) =>
  request<Version>("PUT", at("/api/v1/tiers/versions/{id}", { id }), {
    body,
    headers: ifMatch(revision),
  });
export const publishVersion = (id: string, revision: number) =>
  request<Version>("POST", at("/api/v1/tiers/versions/{id}/publish", { id }), {
    headers: ifMatch(revision),
  });

export const simulate = (id: string, sensitivity: Sensitivity | null) =>
  request<Job>("POST", at("/api/v1/tiers/versions/{id}/simulation", { id }), {
    body: { sensitivity },
  });

export const decideNow = (id: string) =>
  request<{ items: Member[] }>("POST", at("/api/v1/customers/{id}/tiers/decide", { id }));
export const requestGrant = (customer: string, body: NewGrant) =>
  request<Grant>("POST", at("/api/v1/customers/{id}/tiers/grants", { id: customer }), { body });

export type GrantAct = "approve" | "refuse" | "revoke";
const GRANT_PATHS = {
  approve: "/api/v1/tiers/grants/{id}/approve",
  refuse: "/api/v1/tiers/grants/{id}/refuse",
  revoke: "/api/v1/tiers/grants/{id}/revoke",
} as const;
export const decideGrant = (act: GrantAct, { id, version }: Pick<Grant, "id" | "version">) =>
  request<Grant>("POST", at(GRANT_PATHS[act], { id }), { headers: ifMatch(version) });

/** Everything cached of one customer's levels stands below the customer's own name. */
export const levelsKey = (customer: string) => [...keys.customers, "of", customer, "tiers"];

export const useProgrammes = () =>
  useQuery({
    queryKey: [...keys.tiers, "programmes"],
    queryFn: async ({ signal }) => (await listProgrammes(signal)).items,
  });
export const useProgramme = (id: string) =>
  useQuery({
    queryKey: [...keys.tiers, "programme", id],
    queryFn: ({ signal }) => readProgramme(id, signal),
    enabled: id !== "",
  });
/** The newest versions; a programme gets a new one a few times a year. */
export const useVersions = (programme: string) =>
  useInfiniteQuery({
    queryKey: [...keys.tiers, "versions", programme],
    queryFn: ({ pageParam, signal }) =>
      request<Page<Version>>(
        "GET",
        at("/api/v1/tiers/programmes/{id}/versions", { id: programme }),
        { query: { cursor: pageParam, limit: VERSIONS }, signal },
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });

/** Null where none was made. */
export const useSimulation = (version: string, enabled = true) =>
  useQuery({
    queryKey: [...keys.tiers, "simulation", version],
    queryFn: async ({ signal }) => {
      try {
        const path = at("/api/v1/tiers/versions/{id}/simulation", { id: version });
        return await request<Simulation>("GET", path, { signal });
      } catch (error) {
        if (problemCode(error) === "not_found") return null;
        throw error;
      }
    },
    enabled,
  });
export const useMoves = (version: string, simulation: string, direction: "lose" | "gain") =>
  useInfiniteQuery({
    queryKey: [...keys.tiers, "moves", version, simulation, direction],
    queryFn: ({ pageParam, signal }) =>
      request<Page<Move>>(
        "GET",
        at("/api/v1/tiers/versions/{id}/simulation/moves", { id: version }),
        { query: { direction, cursor: pageParam, limit: PAGE }, signal },
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    placeholderData: keepPreviousData,
  });
export const useNotices = (version: string) =>
  useInfiniteQuery({
    queryKey: [...keys.tiers, "notices", version],
    queryFn: ({ pageParam, signal }) =>
      request<Page<Notice>>("GET", at("/api/v1/tiers/versions/{id}/notices", { id: version }), {
        query: { cursor: pageParam, limit: PAGE },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });

export const useMembers = (customer: string, enabled = true) =>
  useQuery({
    queryKey: [...levelsKey(customer), "members"],
    queryFn: async ({ signal }) => {
      const path = at("/api/v1/customers/{id}/tiers", { id: customer });
      return (await request<{ items: Member[] }>("GET", path, { signal })).items;
    },
    enabled,
  });
export const useDecisions = (customer: string) =>
  useInfiniteQuery({
    queryKey: [...levelsKey(customer), "decisions"],
    queryFn: ({ pageParam, signal }) =>
      request<Page<DecisionShown>>(
        "GET",
        at("/api/v1/customers/{id}/tiers/decisions", { id: customer }),
        { query: { cursor: pageParam, limit: PAGE }, signal },
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });

export type GrantFilter = {
  customer?: string | null;
  programme?: string | null;
  state?: GrantState | null;
};
export const useGrants = (filter: GrantFilter) =>
  useInfiniteQuery({
    queryKey: [...keys.tiers, "grants", filter],
    queryFn: ({ pageParam, signal }) =>
      request<Page<Grant>>("GET", "/api/v1/tiers/grants", {
        query: { ...filter, cursor: pageParam, limit: PAGE },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });

/** The work on a thing that has not ended, if there is any. */
export function useWorkOn(kind: string, subject: string | null): Job | undefined {
  const jobs = useActiveJobs().data ?? [];
  return jobs.find(
    (job) =>
      job.kind === kind && isActive(job) && (subject === null || job.subject?.id === subject),
  );
}

export const useOwnId = () => useSession().data?.user.id ?? null;
