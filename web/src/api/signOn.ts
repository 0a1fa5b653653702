// Single sign-on: the ways in at the door, identity providers, who is whom there.
import { useQuery } from "@tanstack/react-query";
import { request } from "./client";
import { at, ifMatch } from "./endpoints";
import type { Schemas, Whole, With } from "./types";

export type ProviderSettings = With<
  Schemas["ProviderSettings"],
  { new_users: Whole<Schemas["NewUsers"]> | null; groups: Schemas["GroupRoles"] | null }
>;
export type IdentityProvider = With<Schemas["IdentityProvider"], { settings: ProviderSettings }>;
export type ProviderTest = Whole<Schemas["ProviderTest"]>;
export type ProviderLink = Schemas["ProviderLink"];
export type SignInPolicy = Schemas["SignInPolicy"];

export const signOnKeys = {
  doors: ["sign-on", "doors"],
  providers: ["sign-on", "providers"],
  policy: ["sign-on", "policy"],
  mine: ["sign-on", "mine"],
  linksOf: (id: string) => ["sign-on", "links", id],
} as const;

/** The address of the provider, to send the browser to. */
export const goToProvider = (id: string, return_to: string) =>
  request<Schemas["SignInWay"]>("POST", at("/api/v1/session/providers/{id}", { id }), {
    body: { return_to },
  });

type Providers = { items: IdentityProvider[]; callback_url: string };
export const readProvider = (id: string) =>
  request<IdentityProvider>("GET", at("/api/v1/identity-providers/{id}", { id }));
export const addProvider = (settings: ProviderSettings, secret: string | null) =>
  request<IdentityProvider>("POST", "/api/v1/identity-providers", { body: { settings, secret } });
export const changeProvider = (
  id: string,
  version: number,
  settings: ProviderSettings,
  secret: string | null,
) =>
  request<IdentityProvider>("PUT", at("/api/v1/identity-providers/{id}", { id }), {
    body: { settings, secret },
    headers: ifMatch(version),
  });
export const removeProvider = (id: string, version: number) =>
  request<null>("DELETE", at("/api/v1/identity-providers/{id}", { id }), {
    headers: ifMatch(version),
  });
export const testProvider = (id: string) =>
  request<ProviderTest>("POST", at("/api/v1/identity-providers/{id}/test", { id }));
export const decideSignIn = (version: number, only_single_sign_on: boolean) =>
  request<SignInPolicy>("PUT", "/api/v1/sign-in-policy", {
    body: { only_single_sign_on },
    headers: ifMatch(version),
  });
export const unlink = (id: string, provider: string) =>
  request<null>("DELETE", at("/api/v1/users/{id}/links/{provider}", { id, provider }));

export const useDoors = () =>
  useQuery({
    queryKey: signOnKeys.doors,
    queryFn: ({ signal }) =>
      request<Schemas["SignInDoors"]>("GET", "/api/v1/session/providers", { signal }),
  });
export const useProviders = () =>
  useQuery({
    queryKey: signOnKeys.providers,
    queryFn: ({ signal }) => request<Providers>("GET", "/api/v1/identity-providers", { signal }),
  });
export const useSignInPolicy = () =>
  useQuery({
    queryKey: signOnKeys.policy,
    queryFn: ({ signal }) => request<SignInPolicy>("GET", "/api/v1/sign-in-policy", { signal }),
  });

type Links = { items: ProviderLink[] };
export const useMyLinks = () =>
  useQuery({
    queryKey: signOnKeys.mine,
    queryFn: ({ signal }) => request<Links>("GET", "/api/v1/session/links", { signal }),
  });
export const useLinksOf = (id: string) =>
  useQuery({
    queryKey: signOnKeys.linksOf(id),
    queryFn: ({ signal }) =>
      request<Links>("GET", at("/api/v1/users/{id}/links", { id }), { signal }),
  });
