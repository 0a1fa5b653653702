// The page a customer sees, as staff have to do with it.
import { useQuery } from "@tanstack/react-query";
import { request } from "./client";
import { at, ifMatch } from "./endpoints";
import type { Schemas } from "./types";

export type MemberPageTexts = Schemas["MemberPageTexts"];
export type MemberPageSettings = MemberPageTexts & { version: number };

export const memberPageKey = ["member-page"] as const;

export const makeMemberLink = (id: string, minutes: number) =>
  request<Schemas["MemberLinkMade"]>("POST", at("/api/v1/customers/{id}/member-links", { id }), {
    body: { minutes },
  });
export const readMemberPage = (signal?: AbortSignal) =>
  request<MemberPageSettings>("GET", "/api/v1/tiers/member-page", { signal });
export const writeMemberPage = (version: number, body: MemberPageTexts) =>
  request<MemberPageSettings>("PUT", "/api/v1/tiers/member-page", {
    body,
    headers: ifMatch(version),
  });
export const useMemberPage = () =>
  useQuery({ queryKey: memberPageKey, queryFn: ({ signal }) => readMemberPage(signal) });
