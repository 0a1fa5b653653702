// The customer's record: its shapes, the calls that read and change it, and its answers cached under one name
// each. What it is to be changed by is decided by the server alone.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { ApiError, request } from "./client";
import { at, ifMatch, type Signal } from "./endpoints";
import { keys } from "./queries";
import type {
  ApiPath,
  Contact,
  Customer,
  CustomerRow,
  Page,
  Schemas,
  Subscription,
  Whole,
  With,
} from "./types";

export type CustomerKind = Schemas["CustomerKind"];
export type CustomerCreation = Schemas["CustomerCreation"];
export type CustomerChange = Schemas["CustomerChange"];
export type ContactFacts = Schemas["ContactFacts"];
export type ContactChange = Schemas["ContactChange"];
export type ContactRole = Schemas["ContactRole"];
export type SubscriptionFacts = Schemas["SubscriptionFacts"];
export type SubscriptionChange = Schemas["SubscriptionChange"];
export type SubscriptionStatus = Schemas["SubscriptionStatus"];
export type IdentityKind = Schemas["IdentityKind"];
export type Identity = Whole<Schemas["Identity"]>;
export type Found = With<Schemas["Found"], { customer: CustomerRow }>;
export type Channel = Schemas["Channel"];
export type QuietHours = Schemas["QuietHours"];
export type Statement = Whole<Schemas["Statement"]>;
export type NewStatements = Schemas["NewStatements"];
export type ContactReason = Schemas["ContactReason"];
export type MayContact = Whole<Schemas["MayContactBody"]>;
export type Preferences = Whole<Schemas["ContactPreferences"]>;
export type PreferencesInForce = With<Schemas["PreferencesBody"], { said: Preferences }>;
export type Note = Whole<Schemas["Note"]>;
export type LifeEventFacts = Schemas["LifeEventFacts"];
export type LifeEvent = Whole<Schemas["RememberedBody"]>;
export type LifeEventKind = Schemas["LifeEventKind"];
export type Completeness = Schemas["Completeness"];
export type CustomValue = With<Schemas["CustomValue"], { value: string | number | null }>;
export type CustomFields = With<Schemas["CustomFields"], { items: CustomValue[] }>;
export type EventRow = With<
  Schemas["EventRow"],
  { actor: { id: string; name: string | null } | null; payload: Record<string, unknown> }
>;

export const CONTACT_ROLES: ContactRole[] = [
  "decision_maker",
  "key_person",
  "user",
  "finance",
  "purchasing",
  "technical",
  "other",
];
export const SUBSCRIPTION_STATUSES: SubscriptionStatus[] = ["active", "suspended", "ended"];
export const IDENTITY_KINDS: IdentityKind[] = [
  "phone",
  "email",
  "wechat",
  "wecom",
  "card",
  "account",
  "document",
  "external",
];
export const CHANNELS: Channel[] = ["phone", "sms", "email", "wechat", "app", "post", "ivr"];
export const LIFE_EVENT_KINDS: LifeEventKind[] = ["birthday", "wedding", "founding", "other"];

const PAGE = 50;

export const findByIdentity = async (identity: string, signal?: Signal): Promise<Found | null> => {
  try {
    return await request<Found>("GET", "/api/v1/customers/lookup", { query: { identity }, signal });
  } catch (error) {
    // Nobody is known by it, or it has the form of nothing anybody could be known by.
    if (error instanceof ApiError && [404, 422].includes(error.problem.status)) return null;
    throw error;
  }
};

/** A key that makes the server carry a repeated request out once. */
const once = (key: string) => ({ "idempotency-key": key });

const of = (id: string, path: ApiPath, more: Record<string, string> = {}) =>
  at(path, { id, ...more });

export const createCustomer = (body: CustomerCreation, key: string) =>
  request<Customer>("POST", "/api/v1/customers", { body, headers: once(key) });
export const changeCustomer = (id: string, version: number, body: CustomerChange) =>
  request<Customer>("PATCH", of(id, "/api/v1/customers/{id}"), { body, headers: ifMatch(version) });

export const addContact = (id: string, body: ContactFacts, key: string) =>
  request<Contact>("POST", of(id, "/api/v1/customers/{id}/contacts"), {
    body,
    headers: once(key),
  });
export const changeContact = (
  id: string,
  contact_id: string,
  version: number,
  body: ContactChange,
) =>
  request<Contact>(
    "PATCH",
    of(id, "/api/v1/customers/{id}/contacts/{contact_id}", { contact_id }),
    {
      body,
      headers: ifMatch(version),
    },
  );

export const addSubscription = (id: string, body: SubscriptionFacts, key: string) =>
  request<Subscription>("POST", of(id, "/api/v1/customers/{id}/subscriptions"), {
    body,
    headers: once(key),
  });
export const changeSubscription = (
  id: string,
  subscription_id: string,
  version: number,
  body: SubscriptionChange,
) =>
  request<Subscription>(
    "PATCH",
    of(id, "/api/v1/customers/{id}/subscriptions/{subscription_id}", { subscription_id }),
    { body, headers: ifMatch(version) },
  );

export const addIdentity = (id: string, body: { kind: IdentityKind; value: string }, key: string) =>
  request<Identity>("POST", of(id, "/api/v1/customers/{id}/identities"), {
    body,
    headers: once(key),
  });
export const endIdentity = (id: string, identity: string) =>
  request<Identity>(
    "POST",
    of(id, "/api/v1/customers/{id}/identities/{identity}/end", { identity }),
  );

export const sayConsents = (id: string, body: NewStatements, key: string) =>
  request<{ items: Statement[] }>("POST", of(id, "/api/v1/customers/{id}/consents"), {
    body,
    headers: once(key),
  });
export const askMayContact = (
  id: string,
  query: { purpose: string; channel: Channel; at?: string },
  signal?: Signal,
) => request<MayContact>("GET", of(id, "/api/v1/customers/{id}/may-contact"), { query, signal });

export const readPreferences = (id: string, signal?: Signal) =>
  request<PreferencesInForce>("GET", of(id, "/api/v1/customers/{id}/contact-preferences"), {
    signal,
  });
export const changePreferences = (id: string, version: number, body: Preferences) =>
  request<PreferencesInForce>("PUT", of(id, "/api/v1/customers/{id}/contact-preferences"), {
    body,
    headers: ifMatch(version),
  });

export const changeTags = (id: string, body: { add?: string[]; remove?: string[] }) =>
  request<{ items: string[] }>("PATCH", of(id, "/api/v1/customers/{id}/tags"), { body });
export const writeNote = (id: string, body: { text: string; pinned: boolean }, key: string) =>
  request<Note>("POST", of(id, "/api/v1/customers/{id}/notes"), { body, headers: once(key) });
export const changeNote = (
  id: string,
  note_id: string,
  version: number,
  body: { text?: string; pinned?: boolean },
) =>
  request<Note>("PATCH", of(id, "/api/v1/customers/{id}/notes/{note_id}", { note_id }), {
    body,
    headers: ifMatch(version),
  });
export const removeNote = (id: string, note_id: string, version: number) =>
  request<null>("DELETE", of(id, "/api/v1/customers/{id}/notes/{note_id}", { note_id }), {
    headers: ifMatch(version),
  });

export const readLifeEvents = (id: string, signal?: Signal) =>
  request<{ items: LifeEvent[] }>("GET", of(id, "/api/v1/customers/{id}/life-events"), { signal });
export const addLifeEvent = (id: string, body: LifeEventFacts, key: string) =>
  request<LifeEvent>("POST", of(id, "/api/v1/customers/{id}/life-events"), {
    body,
    headers: once(key),
  });
export const changeLifeEvent = (
  id: string,
  life_event_id: string,
  version: number,
  body: LifeEventFacts,
) =>
  request<LifeEvent>(
    "PUT",
    of(id, "/api/v1/customers/{id}/life-events/{life_event_id}", { life_event_id }),
    { body, headers: ifMatch(version) },
  );
export const removeLifeEvent = (id: string, life_event_id: string, version: number) =>
  request<null>(
    "DELETE",
    of(id, "/api/v1/customers/{id}/life-events/{life_event_id}", { life_event_id }),
    { headers: ifMatch(version) },
  );

export const readCustomFields = (id: string, signal?: Signal) =>
  request<CustomFields>("GET", of(id, "/api/v1/customers/{id}/custom-fields"), { signal });
export const changeCustomFields = (id: string, values: Record<string, string | number | null>) =>
  request<CustomFields>("PATCH", of(id, "/api/v1/customers/{id}/custom-fields"), {
    body: { values },
  });

/** Everything cached of one customer's record stands below this name. */
export const recordKey = (id: string) => [...keys.customers, "of", id] as const;

/** A list of the record, page by page. */
function useList<T>(id: string, name: string, path: ApiPath, query: object = {}) {
  return useInfiniteQuery({
    queryKey: [...recordKey(id), name, query],
    queryFn: ({ pageParam, signal }) =>
      request<Page<T>>("GET", of(id, path), {
        query: { ...query, cursor: pageParam, limit: PAGE },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
  });
}

export const useContacts = (id: string) =>
  useList<Contact>(id, "contacts", "/api/v1/customers/{id}/contacts");
export const useSubscriptions = (id: string) =>
  useList<Subscription>(id, "subscriptions", "/api/v1/customers/{id}/subscriptions");
export const useIdentities = (id: string) =>
  useList<Identity>(id, "identities", "/api/v1/customers/{id}/identities");
export const useStatements = (id: string) =>
  useList<Statement>(id, "consents", "/api/v1/customers/{id}/consents");
export const useNotes = (id: string) => useList<Note>(id, "notes", "/api/v1/customers/{id}/notes");
export const useTimeline = (id: string, kind: string | null = null) =>
  useList<EventRow>(id, "timeline", "/api/v1/customers/{id}/timeline", { kind });

export const useTags = (id: string) =>
  useQuery({
    queryKey: [...recordKey(id), "tags"],
    queryFn: ({ signal }) =>
      request<{ items: string[] }>("GET", of(id, "/api/v1/customers/{id}/tags"), { signal }),
  });
export const useCompleteness = (id: string) =>
  useQuery({
    queryKey: [...recordKey(id), "completeness"],
    queryFn: ({ signal }) =>
      request<Completeness>("GET", of(id, "/api/v1/customers/{id}/completeness"), { signal }),
  });
export const useCustomFields = (id: string) =>
  useQuery({
    queryKey: [...recordKey(id), "custom"],
    queryFn: ({ signal }) => readCustomFields(id, signal),
  });
export const useLifeEvents = (id: string) =>
  useQuery({
    queryKey: [...recordKey(id), "life"],
    queryFn: ({ signal }) => readLifeEvents(id, signal),
  });
export const usePreferences = (id: string) =>
  useQuery({
    queryKey: [...recordKey(id), "preferences"],
    queryFn: ({ signal }) => readPreferences(id, signal),
  });
