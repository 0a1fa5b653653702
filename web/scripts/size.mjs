// Holds the console to its weight: what a browser must load before the first screen, and what each
// room adds to it. Reads the manifest of the last build.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const FIRST_LIMIT_KB = 350;
const ROOM_LIMIT_KB = 250;
/** A customer's own page, whole. */
const MEMBER_LIMIT_KB = 120;

const dist = new URL("../dist/", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL(".vite/manifest.json", dist), "utf8"));
const sizes = new Map();

function gzipKb(file) {
  if (!sizes.has(file)) sizes.set(file, gzipSync(readFileSync(new URL(file, dist))).length / 1000);
  return sizes.get(file);
}

/** The files of a chunk and of all it imports at once, without those in `already`. */
function filesOf(key, already = new Set(), found = new Set(), seen = new Set()) {
  if (seen.has(key)) return found;
  seen.add(key);
  const chunk = manifest[key];
  for (const file of [chunk.file, ...(chunk.css ?? [])]) if (!already.has(file)) found.add(file);
  for (const next of chunk.imports ?? []) filesOf(next, already, found, seen);
  return found;
}

const total = (files) => [...files].reduce((sum, file) => sum + gzipKb(file), 0);

const first = filesOf("index.html");
// The larger of the two languages, and Ant Design's words for it, come before the first screen too.
const languages = Object.keys(manifest).filter((key) => /i18n\/[^/]+\/index\.ts$/.test(key));
const heaviest = languages.sort((a, b) => total(filesOf(b)) - total(filesOf(a)))[0];
for (const file of filesOf(heaviest)) first.add(file);

const lines = [
  ["initial load", total(first), FIRST_LIMIT_KB],
  ["member's page", total(filesOf("member.html")), MEMBER_LIMIT_KB],
];
for (const [key, chunk] of Object.entries(manifest)) {
  if (!chunk.isDynamicEntry || languages.includes(key)) continue;
  const kb = total(filesOf(key, first));
  if (kb >= 5) lines.push([key.replace("src/", ""), kb, ROOM_LIMIT_KB]);
}

let failed = false;
for (const [name, kb, limit] of lines) {
  const over = kb > limit;
  failed ||= over;
  console.log(
    `${over ? "OVER" : " ok "} ${kb.toFixed(1).padStart(7)} kB gzip of ${limit}  ${name}`,
  );
}
if (failed) process.exit(1);
