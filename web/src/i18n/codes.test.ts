// Every code that the server can send has words in both languages: collected from its sources, so that a
// new one cannot be forgotten here.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import en from "./en";
import zh from "./zh-CN";

const CRATES = join(__dirname, "../../../crates");

/** What only the command line and the start of the server can say. */
const NOT_SENT = [
  "address_unusable",
  "aggregates_incomplete",
  "aggregates_malformed",
  "already_served",
  "data_dir_foreign",
  "data_dir_unusable",
  "database_newer",
  "database_not_current",
  "database_url_malformed",
  "encryption_key_missing",
  "encryption_key_wrong",
  "file_not_writable",
  "file_unwritable",
  "job_failed",
  "jobs_at_once_out_of_range",
  "key_file_malformed",
  "key_file_unusable",
  "link_malformed",
  "migration_altered",
  "not_a_demo",
  "profiles_malformed",
  "public_url_malformed",
  "settings_unreadable",
  "transactions_mixed",
  "trusted_proxies_malformed",
];

function rust(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return ["tests", "target"].includes(name) ? [] : rust(path);
    if (!name.endsWith(".rs") || name.includes("test")) return [];
    return [readFileSync(path, "utf8").split(/#\[cfg\(test\)\]\s*mod /)[0] ?? ""];
  });
}

function codes(texts: string[], ...patterns: RegExp[]): string[] {
  const found = texts.flatMap((text) =>
    patterns.flatMap((pattern) => [...text.matchAll(pattern)].map((hit) => hit[1] ?? "")),
  );
  return [...new Set(found)].filter((code) => !NOT_SENT.includes(code)).sort();
}

const everything = rust(CRATES);
const explanations = [readFileSync(join(CRATES, "value/src/explain.rs"), "utf8")];
const collected = {
  errors: codes(
    everything,
    /\b(?:invalid|conflict|unavailable)\(\s*"([a-z]+(?:_[a-z0-9]+)*)",/g,
    /\bcode: "([a-z]+(?:_[a-z0-9]+)*)"/g,
    // Shorthands of a file: refused("code", …), refused(field, "code", …).
    /\brefused\(\s*(?:&?[a-z]+,\s*|"[a-z_]+",\s*)?"([a-z]+(?:_[a-z0-9]+)+)",/g,
    /\bthen_some\("([a-z]+(?:_[a-z0-9]+)+)"\)/g,
  ),
  verdicts: codes(everything, /\bjudge\(\s*"([a-z_]+)",/g),
  warnings: codes(everything, /\b(?:Warning::new|warn)\(\s*"([a-z_]+)",/g),
  reasons: codes(
    explanations.map((text) => text.split("#[cfg(test)]")[0]?.split("fn class_reasons")[1] ?? ""),
    /\breason\(\s*"([a-z_]+)",/g,
    /\{\s*"([a-z]+_[a-z_]+)"\s*\}/g,
  ),
};

describe.each([
  ["English", en],
  ["Chinese", zh],
] as const)("in %s", (_language, texts) => {
  const words: Record<keyof typeof collected, Record<string, string>> = {
    // Those of a single cell are said beside it.
    errors: { ...texts.imports.reason, ...texts.problem.code },
    verdicts: texts.value.validation.reason,
    warnings: texts.value.warning,
    reasons: texts.customers.reason,
  };
  it.each(Object.keys(collected) as (keyof typeof collected)[])("all %s have words", (kind) => {
    // Too few would mean that the sources are not written as they were, and nothing is looked at.
    expect(collected[kind].length).toBeGreaterThan(6);
    expect(collected[kind].filter((code) => !words[kind][code])).toEqual([]);
  });
});
