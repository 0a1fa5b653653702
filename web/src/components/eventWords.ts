// What an event says, as lines to read. Only what has a word is said: an event holds more for machines.
import type { TFunction } from "i18next";
import type { EventRow } from "../api/record";
import { ABSENT, type Format } from "../i18n/format";
import { lifeDayText } from "./lifeDay";

export type Said = { field: string; label: string; before: string | null; after: string | null };

const DAY = /^\d{4}-\d\d-\d\d$/;
const TIME = /^\d{4}-\d\d-\d\dT/;
const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Where an id is a customer's. Whom another means, only machines know. */
const OF_CUSTOMERS = ["organisation", "referred_by", "customer_id"];

/** What is recorded where somebody did not get in, and why. */
const SIGN_IN_FAILED = "user.sign_in_failed";

type Words = { t: TFunction; format: Format };

/** `customer.changed` as the words of the console are named. */
export const eventName = (kind: string) => kind.replaceAll(".", "_");

export function eventTitle(kind: string, t: TFunction): string {
  return t(`events.kind.${eventName(kind)}`, { defaultValue: t("events.unknown") });
}

/** Which events somebody is told of: one kind, all that happen to a thing, or everything. */
export function kindsText(kind: string, t: TFunction): string {
  if (kind === "*") return t("settings.webhooks.everything");
  if (kind.endsWith(".*")) {
    const subject = t(`events.subject.${kind.slice(0, -2)}`, { defaultValue: "" });
    return subject ? t("settings.webhooks.all_of", { subject }) : kind;
  }
  return t(`events.kind.${eventName(kind)}`, { defaultValue: kind });
}

/** Where the words for a field's value stand, if it is one of a few. */
function wordKey(field: string, subject: string, value: string): string | null {
  switch (field) {
    case "role":
      return subject === "user" ? `terms.role.${value}` : `customers.role.${value}`;
    case "scope":
      return `access.scope.${value}`;
    case "permissions":
      return `access.permission.${eventName(value)}`;
    case "format":
      return `exports.format_name.${value}`;
    case "status":
      return `customers.subscription.state.${value}`;
    case "channel":
    case "channels":
      return `terms.channel.${value}`;
    case "purposes":
      return `terms.purpose.${value}`;
    case "calendar":
      return `record.life.calendars.${value}`;
    case "kind":
      if (subject === "identity") return `terms.identity.${value}`;
      if (subject === "life_event") return `record.life.kinds.${value}`;
      if (subject === "import") return `imports.kind.${value}`;
      if (subject === "export") return `exports.kind.${value}`;
      if (subject === "tier_grant") return `terms.tier_grant.${value}`;
      return `terms.kind.${value}`;
    case "model":
      return `terms.model.${value}`;
    case "ground":
      return `record.erase.grounds.${value}`;
    case "code":
      return subject === "user" ? `events.sign_in_failed.codes.${value}` : null;
    case "reason":
      return subject === "user" ? `events.sign_in_failed.reasons.${value}` : null;
    default:
      return null;
  }
}

/** A value in words; null where it is for machines only. */
export function valueText(
  value: unknown,
  field: string,
  subject: string,
  { t, format }: Words,
): string | null {
  if (value === null || value === undefined || value === "") return ABSENT;
  if (typeof value === "boolean") return t(value ? "events.yes" : "events.no");
  if (typeof value === "number") return field === "year" ? String(value) : format.number(value, 2);
  if (Array.isArray(value)) {
    const parts = value.map((one) => valueText(one, field, subject, { t, format }));
    const known = parts.filter((part) => part !== null && part !== ABSENT) as string[];
    return known.length > 0 ? format.list(known) : null;
  }
  if (typeof value === "object") {
    const named = value as { zh?: unknown; en?: unknown };
    const own = format.language === "zh-CN" ? named.zh : named.en;
    if (typeof own === "string") return own;
    const hours = value as { from?: unknown; until?: unknown };
    return typeof hours.from === "string" && typeof hours.until === "string"
      ? `${hours.from.slice(0, 5)}–${hours.until.slice(0, 5)}`
      : null;
  }
  const text = String(value);
  if (ID.test(text)) return OF_CUSTOMERS.includes(field) ? t("events.another") : null;
  if (DAY.test(text)) return format.day(text);
  if (TIME.test(text)) return format.time(text);
  if (field === "kinds" && subject === "tier_programme") return t(`terms.kind.${text}`);
  if (field === "kinds") return kindsText(text, t);
  const key = wordKey(field, subject, text);
  return key ? t(key, { defaultValue: text }) : text;
}

const object = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};

function wholeDay(of: Record<string, unknown>) {
  const { calendar, year, month, day, leap_month } = of;
  if ((calendar !== "solar" && calendar !== "lunar") || typeof month !== "number") return null;
  if (typeof day !== "number") return null;
  return {
    calendar,
    month,
    day,
    year: typeof year === "number" ? year : null,
    leap_month: leap_month === true,
  } as const;
}

/** The lines of an event: what something was and is, or what is known of it. */
export function eventSaid(
  event: Pick<EventRow, "kind" | "subject_kind" | "payload">,
  words: Words,
  /** The administrator's fields as they are headed. */
  own: ReadonlyMap<string, string> = new Map(),
): Said[] {
  const { payload, subject_kind: subject } = event;
  const { before, after, ...rest } = payload;
  const changed = "before" in payload && "after" in payload;
  const ofLevels = subject.startsWith("tier");
  const head = (field: string) => {
    if (event.kind === SIGN_IN_FAILED && (field === "code" || field === "reason"))
      return words.t(`events.sign_in_failed.${field}`);
    // Elsewhere a reason is a code for machines.
    if (field === "reason" && !ofLevels) return "";
    if (field === "kinds" && ofLevels) return words.t("events.field.kinds_of_customers");
    const given = event.kind === "customer.fields_changed" ? own.get(field) : undefined;
    return given ?? words.t(`events.field.${field}`, { defaultValue: "" });
  };
  const said: Said[] = [];
  const add = (field: string, was: unknown, is: unknown, both: boolean) => {
    const label = head(field);
    if (!label) return;
    const texts = [was, is].map((value) => valueText(value, field, subject, words));
    // Of something new, what it is not goes without saying.
    if (both ? texts.includes(null) : !texts[1] || texts[1] === ABSENT || is === false) return;
    said.push({ field, label, before: both ? (texts[0] ?? null) : null, after: texts[1] ?? null });
  };
  const was = object(before);
  const is = object(after);
  // A day of someone's life is read as a whole.
  const day = subject === "life_event" && !changed ? wholeDay("after" in payload ? is : was) : null;
  if (day) {
    const {
      calendar: _c,
      year: _y,
      month: _m,
      day: _d,
      leap_month: _l,
      ...others
    } = "after" in payload ? is : was;
    said.push({
      field: "day",
      label: words.t("events.field.date"),
      before: null,
      after: lifeDayText(day, words.format, words.t),
    });
    for (const [field, value] of Object.entries(others)) add(field, null, value, false);
    return said;
  }
  for (const field of new Set([...Object.keys(was), ...Object.keys(is)])) {
    if (changed && JSON.stringify(was[field]) === JSON.stringify(is[field])) continue;
    add(field, was[field], changed ? is[field] : (is[field] ?? was[field]), changed);
  }
  // What is personal the log does not repeat: it says that it changed.
  for (const field of Array.isArray(rest.fields) ? rest.fields : []) {
    const label = typeof field === "string" && !(field in was) && !(field in is) ? head(field) : "";
    if (label) said.push({ field, label, before: null, after: words.t("events.changed") });
  }
  for (const [field, value] of Object.entries(rest)) {
    // Where there is no more to say, the reason is the code once more.
    if (field === "fields" || (field === "reason" && value === rest.code)) continue;
    add(field, null, value, false);
  }
  return said;
}
