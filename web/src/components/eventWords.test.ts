import { readFileSync } from "node:fs";
import { join } from "node:path";
import i18next, { type TFunction } from "i18next";
import { beforeAll, describe, expect, it } from "vitest";
import en from "../i18n/en";
import { formatFor } from "../i18n/format";
import { eventSaid, eventTitle, valueText } from "./eventWords";

let t: TFunction;
const format = formatFor("en");
beforeAll(async () => {
  await i18next.init({ lng: "en", resources: { en: { translation: en } } });
  t = i18next.getFixedT("en");
});

const say = (kind: string, subject_kind: string, payload: Record<string, unknown>) =>
  eventSaid({ kind, subject_kind, payload }, { t, format }).map(({ label, before, after }) =>
    before === null ? `${label}: ${after}` : `${label}: ${before} → ${after}`,
  );

/** The codes that the server records for a sign-in by a provider that failed, from its sources. */
function failures(): string[] {
  const folder = join(__dirname, "../../../crates/platform/src/access/single_sign_on");
  const source = ["account", "client", "sign_in", "token"]
    .map((name) => readFileSync(join(folder, `${name}.rs`), "utf8").split("#[cfg(test)]")[0])
    .join("\n");
  const given = /(?:unreachable|unusable|refused|not_trusted|over)\(\s*"([a-z_]+)"/g;
  const named = /=> "([a-z_]+)",/g;
  const known = /const KNOWN: \[&str; \d+\] = \[([^\]]+)\]/.exec(source)?.[1] ?? "";
  const hits = [
    ...source.matchAll(given),
    ...source.matchAll(named),
    ...known.matchAll(/"(\w+)"/g),
  ];
  return [...new Set(hits.flatMap((hit) => hit[1] ?? []))];
}

describe("a sign-in that failed", () => {
  it("says why, and more where there is more to say", () => {
    const failed = (payload: Record<string, unknown>) =>
      say("user.sign_in_failed", "user", payload);
    expect(failed({ address: "10.0.0.7" })).toEqual(["Address: 10.0.0.7"]);
    expect(failed({ code: "provider_not_trusted", reason: "token_nonce" })).toEqual([
      "Why: What the identity provider said could not be believed",
      "In detail: its token is of another sign-in",
    ]);
    expect(failed({ code: "sign_in_no_role", reason: "sign_in_no_role" })).toEqual([
      "Why: No group of the account has a role",
    ]);
  });

  it("has words for whatever the server records", () => {
    const { codes, reasons } = en.events.sign_in_failed;
    const words: Record<string, string> = { ...codes, ...reasons };
    const found = failures();
    expect(found.length).toBeGreaterThan(40);
    expect(found.filter((code) => !words[code])).toEqual([]);
  });
});

describe("an event in words", () => {
  it("says what something was and is", () => {
    expect(
      say("customer.changed", "customer", {
        fields: ["region", "organisation"],
        before: { region: null, organisation: null },
        after: { region: "北京", organisation: "01a20d76-791f-7117-9e44-4690293195be" },
      }),
    ).toEqual(["Region: — → 北京", "Organisation: — → another customer"]);
  });

  it("says what is new, each value in its words", () => {
    expect(
      say("life_event.added", "life_event", {
        after: { calendar: "lunar", day: 15, kind: "birthday", leap_month: false, month: 8 },
      }),
    ).toEqual(["Date: day 15 of lunar month 8", "Kind: Birthday"]);
    expect(say("identity.added", "identity", { kind: "phone" })).toEqual(["Kind: Phone"]);
  });

  it("says what somebody may do, and leaves out ids that say nothing to people", () => {
    expect(
      say("role.changed", "role", {
        before: { name: "Branch", scope: "all", permissions: ["customers.read"], version: 1 },
        after: {
          name: "Branch",
          scope: "branch",
          permissions: ["customers.read"],
          version: 1,
        },
      }),
    ).toEqual(["Reaches: All customers → Customers of the own branch and those below it"]);
    const made = "01a20d76-791f-7117-9e44-4690293195be";
    expect(
      say("user.changed", "user", {
        before: { name: "Ann", role: "viewer", branch_id: null },
        after: { name: "Ann", role: made, branch_id: made },
      }),
    ).toEqual([]);
    expect(say("export.started", "export", { kind: "value", format: "xlsx" })).toEqual([
      "Kind: Customers with their value",
      "Format: Excel workbook",
    ]);
  });

  it("says what was taken off as it was", () => {
    expect(say("life_event.removed", "life_event", { before: { label: "五周年" } })).toEqual([
      "In words: 五周年",
    ]);
  });

  it("says which events somebody is told of", () => {
    expect(
      say("webhook_endpoint.added", "webhook_endpoint", {
        kinds: ["*", "customer.*", "note.written", "moon.risen"],
      }),
    ).toEqual(["Events: Everything, Customer: everything, Note written, moon.risen"]);
  });

  it("says why a level changed, and what was asked for by hand", () => {
    expect(
      say("tier.changed", "tier_programme", {
        from: null,
        to: "gold",
        reason: { code: "qualified", zh: "已达到金卡条件。", en: "Meets what Gold asks for." },
      }),
    ).toEqual(["Reason: Meets what Gold asks for."]);
    expect(
      say("tier_grant.requested", "tier_grant", {
        programme: "01a20d76-791f-7117-9e44-4690293195be",
        kind: "suspension",
        level: null,
        from: "2026-12-01",
        until: "2026-12-31",
        requested_by: "01a20d76-791f-7117-9e44-4690293195be",
      }),
    ).toEqual(["Kind: Suspension", "From: Dec 1, 2026", "Until: Dec 31, 2026"]);
  });

  it("leaves to machines what has no word", () => {
    expect(say("import.uploaded", "import", { sha256: "ab12", nested: { a: 1 } })).toEqual([]);
    expect(
      valueText({ from: "21:00:00", until: "09:00:00" }, "quiet_hours", "", { t, format }),
    ).toBe("21:00–09:00");
  });

  it("of a kind that is new still says that something happened", () => {
    expect(eventTitle("moon.risen", t)).toBe("Something happened");
  });
});
