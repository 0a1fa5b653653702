// What the page asks the server. Who it is stands in a cookie that no script can read.
import type { ApiPath, FilledPath, Schemas, Whole } from "../api/types";

export type Overview = Whole<Schemas["MemberOverview"]>;
export type Level = Whole<Schemas["MemberLevel"]>;
export type Progress = Schemas["MemberProgress"];
export type Condition = Whole<Schemas["MemberCondition"]>;
export type Benefit = Whole<Schemas["MemberBenefit"]>;
export type Use = Whole<Schemas["MemberUse"]>;
export type Change = Whole<Schemas["MemberLevelChange"]>;
export type Code = Whole<Schemas["MemberCode"]>;

const DEADLINE_MS = 30_000;

/** The server said no, by its stable code; `unreachable` where nothing was heard of it. */
export class Refused extends Error {
  readonly code: string;
  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

async function ask<T>(method: string, path: ApiPath | FilledPath, body?: object): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(path, {
      method,
      headers: { accept: "application/json", "content-type": "application/json" },
      body: body ? JSON.stringify(body) : undefined,
      signal: AbortSignal.timeout(DEADLINE_MS),
      credentials: "same-origin",
    });
  } catch {
    throw new Refused("unreachable");
  }
  const said = (await answer.json().catch(() => null)) as { code?: string } | null;
  if (!answer.ok) throw new Refused(said?.code ?? "unreachable");
  return said as T;
}

export const openLink = (token: string) =>
  ask<unknown>("POST", "/api/v1/member/session", { token });
export const signOut = () => ask<unknown>("DELETE", "/api/v1/member/session");
export const readOverview = () => ask<Overview>("GET", "/api/v1/member/overview");
export const reserve = (wanted: Schemas["MemberCodeRequest"]) =>
  ask<Code>("POST", "/api/v1/member/codes", wanted);
export const cancel = (id: string) =>
  ask<unknown>("POST", `/api/v1/member/codes/${id}/cancel` as FilledPath);
