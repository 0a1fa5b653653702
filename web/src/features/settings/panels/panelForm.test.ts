import { describe, expect, it } from "vitest";
import type { Panel } from "../../../api/settings";
import { kindOf, leavesOf, secretOf, settingsOf, triedOf, typedOf } from "./panelForm";

const panel: Panel = {
  id: "p",
  settings: {
    zh: "账务",
    en: "Billing",
    url: "https://billing.example.com/{external_id}",
    auth: { kind: "basic", user: "patron" },
    fields: [
      { zh: "余额", en: "Balance", pointer: "/balance", kind: "money", currency: "USD" },
      { zh: "套餐", en: "Plan", pointer: "", kind: "text", currency: null },
    ],
    cache_s: 0,
    deadline_ms: 500,
    bytes_max: 1536,
    position: 3,
    active: false,
    personal: true,
    allow_http: true,
    allow_private: true,
  },
  has_secret: true,
  version: 2,
  created_at: "2026-01-01T00:00:00Z",
};

describe("a panel in its form", () => {
  it("comes out as it went in", () => {
    expect(settingsOf(typedOf(panel))).toEqual(panel.settings);
  });

  it("says a secret only where one is typed and used", () => {
    const typed = typedOf(panel);
    expect(secretOf(typed)).toBeNull();
    expect(secretOf({ ...typed, secret: "s" })).toBe("s");
    expect(secretOf({ ...typed, secret: "s", auth: "none" })).toBeNull();
  });

  it("has a currency only for amounts", () => {
    const typed = typedOf(panel);
    const fields = typed.fields.map((field) => ({ ...field, kind: "text" as const }));
    expect(settingsOf({ ...typed, fields }).fields[0]?.currency).toBeNull();
  });

  it("is tried without values that are not whole yet", () => {
    const typed = typedOf(panel);
    const half = { zh: "", en: "Half", pointer: "/half", kind: "text" as const };
    expect(triedOf({ ...typed, fields: [...typed.fields, half] }).fields).toHaveLength(2);
  });
});

describe("an answer", () => {
  it("gives its values with their places", () => {
    const answer = { "a/b": { "c~d": 1 }, list: [true, null, { at: "2026-01-01" }] };
    expect(leavesOf(answer, 10)).toEqual([
      { pointer: "/a~1b/c~0d", value: 1 },
      { pointer: "/list/0", value: true },
      { pointer: "/list/2/at", value: "2026-01-01" },
    ]);
    expect(leavesOf(answer, 2)).toHaveLength(2);
    expect(leavesOf("whole", 2)).toEqual([{ pointer: "", value: "whole" }]);
    expect(leavesOf(null, 2)).toEqual([]);
  });

  it("has values of a likely kind", () => {
    expect(
      [1.5, true, "x", "2026-01-31", "2026-01-31T08:00:00Z", "https://a.example"].map(kindOf),
    ).toEqual(["number", "text", "text", "date", "date", "link"]);
  });
});
