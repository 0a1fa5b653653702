// What administrators decide and look into: the fields of the record, the rules of contacting, systems that are
// told of events, and the record of what happened.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { type Query, request } from "./client";
import { at, ifMatch, type Signal } from "./endpoints";
import type { EventRow } from "./record";
import type { Page, Schemas, Whole, With } from "./types";

export type RecordSchema = Schemas["RecordSchema"];
export type SchemaInForce = RecordSchema & { version: number };
export type CustomField = Schemas["CustomField"];
export type CustomKindName = CustomField["kind"];
export type CompletenessItem = Schemas["CompletenessItem"];
export type ContactPolicy = Schemas["ContactPolicy"];
export type PolicyInForce = ContactPolicy & { version: number };
export type Purpose = Schemas["Purpose"];
export type Need = Schemas["Need"];

export type WebhookSettings = Whole<Schemas["WebhookSettings"]>;
export type Webhook = Whole<Schemas["WebhookEndpoint"]>;
export type WebhookSecret = With<Schemas["WebhookSecret"], { endpoint: Webhook }>;
export type Delivery = Whole<Schemas["WebhookDelivery"]>;
export type DeliveryState = Schemas["WebhookDeliveryState"];

export type Panel = With<Schemas["Panel"], { settings: PanelSettings }>;
export type PanelSettings = Whole<Schemas["PanelSettings"]>;
export type PanelAuth = Schemas["PanelAuth"];
export type PanelField = Schemas["PanelField"];
export type PanelFieldKind = Schemas["PanelFieldKind"];
export type PanelTry = Schemas["PanelTry"];

export const CUSTOM_KINDS: CustomKindName[] = ["text", "number", "date", "choice"];
export const NEEDS: Need[] = ["consent", "no_withdrawal", "nothing"];
export const DELIVERY_STATES: DeliveryState[] = ["pending", "delivered", "exhausted"];

export const PANEL_FIELD_KINDS: PanelFieldKind[] = ["text", "number", "money", "date", "link"];
export const PANEL_AUTHS: PanelAuth["kind"][] = ["none", "bearer", "basic", "header"];
export const PANEL_BYTES_USUAL = 65_536;

const PAGE = 50;

export const settingsKeys = {
  schema: ["record-schema"],
  policy: ["contact-policy"],
  webhooks: ["webhooks"],
  panels: ["panels"],
  deliveries: (id: string) => ["webhooks", "deliveries", id],
  audit: ["audit"],
} as const;

export const readSchema = (signal?: Signal) =>
  request<SchemaInForce>("GET", "/api/v1/record-schema", { signal });
export const writeSchema = (version: number, body: RecordSchema) =>
  request<SchemaInForce>("PUT", "/api/v1/record-schema", { body, headers: ifMatch(version) });
export const readPolicy = (signal?: Signal) =>
  request<PolicyInForce>("GET", "/api/v1/contact-policy", { signal });
export const writePolicy = (version: number, body: ContactPolicy) =>
  request<PolicyInForce>("PUT", "/api/v1/contact-policy", { body, headers: ifMatch(version) });

export const addWebhook = (body: WebhookSettings, key: string) =>
  request<WebhookSecret>("POST", "/api/v1/webhooks", {
    body,
    headers: { "idempotency-key": key },
  });
export const readWebhook = (id: string, signal?: Signal) =>
  request<Webhook>("GET", at("/api/v1/webhooks/{id}", { id }), { signal });
export const changeWebhook = (id: string, version: number, body: WebhookSettings) =>
  request<Webhook>("PUT", at("/api/v1/webhooks/{id}", { id }), { body, headers: ifMatch(version) });
export const removeWebhook = (id: string) =>
  request<null>("DELETE", at("/api/v1/webhooks/{id}", { id }));
export const rotateSecret = (id: string, both_hours: number) =>
  request<WebhookSecret>("POST", at("/api/v1/webhooks/{id}/rotate-secret", { id }), {
    body: { both_hours },
  });
export const replayDelivery = (id: string, delivery: string) =>
  request<Delivery>(
    "POST",
    at("/api/v1/webhooks/{id}/deliveries/{delivery}/replay", { id, delivery }),
  );
export const replaySince = (id: string, since: string) =>
  request<{ again: number }>("POST", at("/api/v1/webhooks/{id}/replay", { id }), {
    body: { since },
  });

export const readPanel = (id: string, signal?: Signal) =>
  request<Panel>("GET", at("/api/v1/panels/{id}", { id }), { signal });
export const addPanel = (settings: PanelSettings, secret: string | null, key: string) =>
  request<Panel>("POST", "/api/v1/panels", {
    body: { settings, secret },
    headers: { "idempotency-key": key },
  });
export const changePanel = (
  id: string,
  version: number,
  settings: PanelSettings,
  secret: string | null,
) =>
  request<Panel>("PUT", at("/api/v1/panels/{id}", { id }), {
    body: { settings, secret },
    headers: ifMatch(version),
  });
export const removePanel = (id: string, version: number) =>
  request<null>("DELETE", at("/api/v1/panels/{id}", { id }), { headers: ifMatch(version) });
/** Asks with what is not saved; `panel` lends its secret. */
export const tryPanel = (
  customer: string,
  panel: string | null,
  settings: PanelSettings,
  secret: string | null,
) =>
  request<PanelTry>("POST", "/api/v1/panels/try", { body: { customer, panel, settings, secret } });

export const usePanels = () =>
  useQuery({
    queryKey: settingsKeys.panels,
    queryFn: async ({ signal }) =>
      (await request<{ items: Panel[] }>("GET", "/api/v1/panels", { signal })).items,
  });

export const useSchema = () =>
  useQuery({ queryKey: settingsKeys.schema, queryFn: ({ signal }) => readSchema(signal) });
export const usePolicy = () =>
  useQuery({ queryKey: settingsKeys.policy, queryFn: ({ signal }) => readPolicy(signal) });

export const useWebhooks = () =>
  useInfiniteQuery({
    queryKey: [...settingsKeys.webhooks, "list"],
    queryFn: ({ pageParam, signal }) =>
      request<Page<Webhook>>("GET", "/api/v1/webhooks", {
        query: { cursor: pageParam, limit: PAGE },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });
export const useDeliveries = (id: string, state: DeliveryState | null) =>
  useInfiniteQuery({
    queryKey: [...settingsKeys.deliveries(id), state],
    queryFn: ({ pageParam, signal }) =>
      request<Page<Delivery>>("GET", at("/api/v1/webhooks/{id}/deliveries", { id }), {
        query: { state, cursor: pageParam, limit: PAGE },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });
export const useAudit = (asked: Query) =>
  useInfiniteQuery({
    queryKey: [...settingsKeys.audit, asked],
    queryFn: ({ pageParam, signal }) =>
      request<Page<EventRow>>("GET", "/api/v1/audit", {
        query: { ...asked, cursor: pageParam, limit: PAGE },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });
