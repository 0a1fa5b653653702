// Who may do what: users, roles, branches and teams, sessions and API keys, one's own second factor.
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { request } from "./client";
import { at, ifMatch, type Signal } from "./endpoints";
import type { ApiPath, Page, Permission, Schemas, Whole, With } from "./types";

export type ScopeKind = Schemas["ScopeKind"];
export type UserRecord = Whole<Schemas["UserRecord"]>;
export type UserChange = Whole<Schemas["UserChange"]>;
export type UserWithPassword = With<Schemas["UserWithPassword"], { user: UserRecord }>;
export type RoleRecord = With<Schemas["RoleRecord"], { permissions: Permission[] }>;
export type RoleChange = Schemas["RoleChange"];
export type Roles = { items: RoleRecord[]; permissions: Permission[] };
export type Branch = Whole<Schemas["Branch"]>;
export type BranchChange = Whole<Schemas["BranchChange"]>;
export type Team = Schemas["Team"];
export type SessionRecord = Whole<Schemas["SessionRecord"]>;
export type ApiKey = With<Schemas["ApiKey"], { permissions: Permission[] }>;
export type NewApiKey = Schemas["NewApiKey"];
export type ApiKeyWithSecret = With<Schemas["ApiKeyWithSecret"], { api_key: ApiKey }>;
export type SecondFactor = Schemas["SecondFactor"];
export type SecondFactorOffer = Schemas["SecondFactorOffer"];

export const SCOPES: ScopeKind[] = ["all", "branch", "team", "own"];
/** What is about the whole firm: a role that reaches fewer customers grants it in vain. */
export const OF_WHOLE_FIRM: Permission[] = [
  "imports.write",
  "value.run",
  "audit.read",
  "webhooks.manage",
  "users.manage",
  "tiers.publish",
];

const PAGE = 50;
const PAGE_MOST = 200;

export const accessKeys = {
  users: ["users"],
  user: (id: string) => ["users", "one", id],
  sessionsOf: (id: string) => ["users", "sessions", id],
  keysOf: (id: string) => ["users", "api-keys", id],
  roles: ["roles"],
  branches: ["branches"],
  teams: ["teams"],
  sessions: ["own", "sessions"],
  keys: ["own", "api-keys"],
  secondFactor: ["own", "second-factor"],
} as const;

/** Every page of a list that the server keeps short. */
async function everything<T>(path: ApiPath, signal: Signal): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<T> = await request<Page<T>>("GET", path, {
      query: { cursor, limit: PAGE_MOST },
      signal,
    });
    items.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor !== null);
  return items;
}

export const readUser = (id: string, signal?: Signal) =>
  request<UserRecord>("GET", at("/api/v1/users/{id}", { id }), { signal });
export const addUser = (body: UserChange & { login: string }) =>
  request<UserWithPassword>("POST", "/api/v1/users", { body });
export const changeUser = (id: string, version: number, body: UserChange) =>
  request<UserRecord>("PUT", at("/api/v1/users/{id}", { id }), { body, headers: ifMatch(version) });
export const resetPassword = (id: string) =>
  request<UserWithPassword>("POST", at("/api/v1/users/{id}/password", { id }));
export const removeSecondFactorOf = (id: string) =>
  request<null>("DELETE", at("/api/v1/users/{id}/second-factor", { id }));
export const endSessionOf = (id: string, session: string) =>
  request<null>("DELETE", at("/api/v1/users/{id}/sessions/{session}", { id, session }));
export const endSessionsOf = (id: string) =>
  request<null>("DELETE", at("/api/v1/users/{id}/sessions", { id }));
export const revokeKeyOf = (id: string, key: string) =>
  request<null>("DELETE", at("/api/v1/users/{id}/api-keys/{key}", { id, key }));

export const readRoles = (signal?: Signal) => request<Roles>("GET", "/api/v1/roles", { signal });
export const addRole = (body: RoleChange) => request<RoleRecord>("POST", "/api/v1/roles", { body });
export const changeRole = (role: string, version: number, body: RoleChange) =>
  request<RoleRecord>("PUT", at("/api/v1/roles/{role}", { role }), {
    body,
    headers: ifMatch(version),
  });

export const readBranches = (signal?: Signal) => everything<Branch>("/api/v1/branches", signal);
export const addBranch = (body: BranchChange) =>
  request<Branch>("POST", "/api/v1/branches", { body });
export const changeBranch = (id: string, version: number, body: BranchChange) =>
  request<Branch>("PUT", at("/api/v1/branches/{id}", { id }), { body, headers: ifMatch(version) });

export const readTeams = (signal?: Signal) => everything<Team>("/api/v1/teams", signal);
export const addTeam = (name: string) => request<Team>("POST", "/api/v1/teams", { body: { name } });
export const changeTeam = (id: string, version: number, name: string) =>
  request<Team>("PUT", at("/api/v1/teams/{id}", { id }), {
    body: { name },
    headers: ifMatch(version),
  });

export const endSession = (id: string) =>
  request<null>("DELETE", at("/api/v1/sessions/{id}", { id }));
export const endOtherSessions = () => request<null>("DELETE", "/api/v1/sessions");
export const addKey = (body: NewApiKey) =>
  request<ApiKeyWithSecret>("POST", "/api/v1/api-keys", { body });
export const revokeKey = (id: string) =>
  request<null>("DELETE", at("/api/v1/api-keys/{id}", { id }));
export const offerSecondFactor = (current_password: string) =>
  request<SecondFactorOffer>("POST", "/api/v1/session/second-factor", {
    body: { current_password },
  });
/** Gives the recovery codes, this once. */
export const confirmSecondFactor = (code: string) =>
  request<Schemas["RecoveryCodes"]>("POST", "/api/v1/session/second-factor/confirm", {
    body: { code },
  });
export const removeSecondFactor = (current_password: string) =>
  request<null>("POST", "/api/v1/session/second-factor/remove", { body: { current_password } });

export const useUsers = (q: string | null) =>
  useInfiniteQuery({
    queryKey: [...accessKeys.users, "list", q],
    queryFn: ({ pageParam, signal }) =>
      request<Page<UserRecord>>("GET", "/api/v1/users", {
        query: { q, cursor: pageParam, limit: PAGE },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    placeholderData: keepPreviousData,
  });
/** Every user, to choose one of. */
export const useEverybody = (enabled: boolean) =>
  useQuery({
    queryKey: [...accessKeys.users, "everybody"],
    queryFn: ({ signal }) => everything<UserRecord>("/api/v1/users", signal),
    enabled,
  });
export const useUser = (id: string) =>
  useQuery({
    queryKey: accessKeys.user(id),
    queryFn: ({ signal }) => readUser(id, signal),
  });
export const useRoles = (enabled = true) =>
  useQuery({
    queryKey: accessKeys.roles,
    queryFn: ({ signal }) => readRoles(signal),
    enabled,
  });
export const useBranches = (enabled = true) =>
  useQuery({
    queryKey: accessKeys.branches,
    queryFn: ({ signal }) => readBranches(signal),
    enabled,
  });
export const useTeams = () =>
  useQuery({ queryKey: accessKeys.teams, queryFn: ({ signal }) => readTeams(signal) });

type Sessions = { items: SessionRecord[] };
export const useSessions = () =>
  useQuery({
    queryKey: accessKeys.sessions,
    queryFn: ({ signal }) => request<Sessions>("GET", "/api/v1/sessions", { signal }),
  });
export const useSessionsOf = (id: string) =>
  useQuery({
    queryKey: accessKeys.sessionsOf(id),
    queryFn: ({ signal }) =>
      request<Sessions>("GET", at("/api/v1/users/{id}/sessions", { id }), { signal }),
  });
type Keys = { items: ApiKey[] };
export const useKeys = () =>
  useQuery({
    queryKey: accessKeys.keys,
    queryFn: ({ signal }) => request<Keys>("GET", "/api/v1/api-keys", { signal }),
  });
export const useKeysOf = (id: string) =>
  useQuery({
    queryKey: accessKeys.keysOf(id),
    queryFn: ({ signal }) =>
      request<Keys>("GET", at("/api/v1/users/{id}/api-keys", { id }), { signal }),
  });
export const useSecondFactor = () =>
  useQuery({
    queryKey: accessKeys.secondFactor,
    queryFn: ({ signal }) =>
      request<SecondFactor>("GET", "/api/v1/session/second-factor", { signal }),
  });
