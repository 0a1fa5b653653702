// The kinds that can be asked for are those the server records: collected from its sources, so that a new one
// is not forgotten.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import en from "../i18n/en";
import { CUSTOMER_EVENTS, FIRM_EVENTS } from "./eventKinds";
import { eventName } from "./eventWords";

const SUBJECTS =
  "customer|note|contact|contact_preferences|contact_policy|record_schema|subscription|identity|life_event|" +
  "consent|import|export|value_run|value_settings|firm|example_firm|job|user|role|team|branch|api_key|webhook_endpoint|" +
  "encryption_key|duplicate|panel|attachment|identity_provider|sign_in_policy|tier|tier_programme|tier_grant|" +
  "tier_benefit|tier_partner|tier_member_page|entitlement|redemption|member_link";

function rust(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return ["tests", "target"].includes(name) ? [] : rust(path);
    if (!name.endsWith(".rs") || name.includes("test")) return [];
    // Without comments and tests.
    const text = readFileSync(path, "utf8").split(/#\[cfg\(test\)\]\s*mod /)[0] ?? "";
    return [text.replace(/^\s*\/\/.*$/gm, "")];
  });
}

const recorded = [
  ...new Set(
    rust(join(__dirname, "../../../crates")).flatMap((text) =>
      [...text.matchAll(new RegExp(`"((?:${SUBJECTS})\\.[a-z_]+)"`, "g"))].map((hit) => hit[1]),
    ),
  ),
].filter((kind) => !/\.(json|csv|parquet)$/.test(kind ?? ""));

describe("the kinds of events", () => {
  it("are those the server records", () => {
    expect(recorded.length).toBeGreaterThan(20);
    expect([...CUSTOMER_EVENTS, ...FIRM_EVENTS].sort()).toEqual(recorded.sort());
  });

  it("all have words", () => {
    const words: Record<string, string> = en.events.kind;
    const silent = recorded.filter((kind) => !words[eventName(kind ?? "")]);
    expect(silent).toEqual([]);
  });
});
