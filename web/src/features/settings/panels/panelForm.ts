// A panel as the form has it, as the server has it, and where values stand in an answer.
import {
  PANEL_BYTES_USUAL,
  type Panel,
  type PanelAuth,
  type PanelField,
  type PanelFieldKind,
  type PanelSettings,
} from "../../../api/settings";

export type Typed = {
  zh: string;
  en: string;
  url: string;
  auth: PanelAuth["kind"];
  user: string;
  header: string;
  secret: string;
  fields: PanelField[];
  cache_s: number;
  deadline_ms: number;
  kib_max: number;
  position: number;
  active: boolean;
  personal: boolean;
  allow_http: boolean;
  allow_private: boolean;
};

const KIB = 1024;

/** What the server says of the settings, at its place in the form. */
const SAID_AS = "settings";
export const PLACES: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ["zh", "en", "url", "auth", "fields", "cache_s", "deadline_ms"].map((name) => [
      `${SAID_AS}.${name}`,
      name,
    ]),
  ),
  [`${SAID_AS}.bytes_max`]: "kib_max",
};

export function typedOf(panel: Panel | null): Typed {
  const settings = panel?.settings;
  const auth = settings?.auth ?? { kind: "none" };
  return {
    zh: settings?.zh ?? "",
    en: settings?.en ?? "",
    url: settings?.url ?? "",
    auth: auth.kind,
    user: auth.kind === "basic" ? auth.user : "",
    header: auth.kind === "header" ? auth.name : "",
    secret: "",
    fields: settings?.fields ?? [],
    cache_s: settings?.cache_s ?? 60,
    deadline_ms: settings?.deadline_ms ?? 800,
    kib_max: (settings?.bytes_max ?? PANEL_BYTES_USUAL) / KIB,
    position: settings?.position ?? 0,
    active: settings?.active ?? true,
    personal: settings?.personal ?? false,
    allow_http: settings?.allow_http ?? false,
    allow_private: settings?.allow_private ?? false,
  };
}

function authOf(typed: Typed): PanelAuth {
  switch (typed.auth) {
    case "basic":
      return { kind: "basic", user: typed.user };
    case "header":
      return { kind: "header", name: typed.header };
    default:
      return { kind: typed.auth };
  }
}

const fieldOf = (field: PanelField): PanelField => ({
  ...field,
  currency: field.kind === "money" ? field.currency?.trim() || null : null,
});

export const settingsOf = (typed: Typed): PanelSettings => ({
  zh: typed.zh,
  en: typed.en,
  url: typed.url,
  auth: authOf(typed),
  fields: typed.fields.map(fieldOf),
  cache_s: typed.cache_s,
  deadline_ms: typed.deadline_ms,
  bytes_max: Math.round(typed.kib_max * KIB),
  position: typed.position,
  active: typed.active,
  personal: typed.personal,
  allow_http: typed.allow_http,
  allow_private: typed.allow_private,
});

/** Nothing is said where nothing is typed: the secret before stays. */
export const secretOf = (typed: Typed): string | null =>
  typed.auth === "none" ? null : typed.secret || null;

/** What can be tried of a form that is not filled in yet: values without a name or a place are left out. */
export function triedOf(typed: Typed): PanelSettings {
  const settings = settingsOf(typed);
  const whole = (field: PanelField) =>
    Boolean(field.zh?.trim() && field.en?.trim() && field.pointer !== undefined && field.kind);
  return { ...settings, fields: (typed.fields ?? []).filter(whole).map(fieldOf) };
}

export type Leaf = { pointer: string; value: string | number | boolean };

/** The values of an answer with their places (RFC 6901), in its order, at most so many. */
export function leavesOf(answer: unknown, most: number): Leaf[] {
  const leaves: Leaf[] = [];
  const walk = (value: unknown, pointer: string) => {
    if (leaves.length >= most || value === null || value === undefined) return;
    if (typeof value === "object") {
      for (const [name, inner] of Object.entries(value)) {
        walk(inner, `${pointer}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`);
      }
    } else {
      leaves.push({ pointer, value: value as Leaf["value"] });
    }
  };
  walk(answer, "");
  return leaves;
}

/** What a value most likely is. */
export function kindOf(value: Leaf["value"]): PanelFieldKind {
  if (typeof value === "number") return "number";
  if (typeof value !== "string") return "text";
  if (/^https?:\/\//.test(value)) return "link";
  return /^\d{4}-\d{2}-\d{2}([T ]|$)/.test(value) ? "date" : "text";
}
