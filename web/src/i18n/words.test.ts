// The two languages say the same things, and every word the code asks for exists.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { PERMISSIONS } from "../api/types";
import enFirst from "./en";
import enTiers from "./en/tiers.json";
import zhFirst from "./zh-CN";
import zhTiers from "./zh-CN/tiers.json";

// With the words that come with their room.
const en = { ...enFirst, tiers: enTiers };
const zh = { ...zhFirst, tiers: zhTiers };

type Tree = { [key: string]: string | Tree };

function flat(tree: Tree, under = ""): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, value] of Object.entries(tree)) {
    const path = under ? `${under}.${key}` : key;
    if (typeof value === "string") found.set(path, value);
    else for (const [inner, text] of flat(value, path)) found.set(inner, text);
  }
  return found;
}

const english = flat(en as Tree);
const chinese = flat(zh as Tree);

function sources(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return sources(path);
    return /\.tsx?$/.test(name) && !name.includes(".test.") ? [path] : [];
  });
}

/** Keys as the code writes them; `*` stands where a part is filled in at run time. */
function askedFor(): Map<string, string> {
  const asked = new Map<string, string>();
  const rooms = Object.keys(en).join("|");
  const literal = new RegExp(`["'\`]((?:${rooms})\\.[^"'\`\\s]+)["'\`]`, "g");
  for (const path of sources(join(__dirname, ".."))) {
    const text = readFileSync(path, "utf8");
    for (const hit of text.matchAll(literal)) {
      const key = hit[1]?.replace(/\$\{[^}]*(?:\{[^}]*\}[^}]*)*\}/g, "*");
      if (
        key &&
        !(PERMISSIONS as readonly string[]).includes(key) &&
        !/\.(json|tsx?|css)$/.test(key)
      )
        asked.set(key, path);
    }
  }
  return asked;
}

const asked = askedFor();

/** What a pattern with places stands for. */
const wanting = (pattern: string) =>
  new RegExp(
    `^${pattern
      .split("*")
      .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"))
      .join("[^.]+")}$`,
  );
const open = new Map(
  [...asked.keys()]
    .filter((pattern) => pattern.includes("*"))
    .map((pattern) => [pattern, wanting(pattern)]),
);

describe("the words of the console", () => {
  it("are the same keys in both languages", () => {
    expect([...chinese.keys()].sort()).toEqual([...english.keys()].sort());
  });

  it("are never empty", () => {
    const empty = [...chinese, ...english].filter(([, text]) => text.trim() === "");
    expect(empty).toEqual([]);
  });

  it("fill in the same values in both languages", () => {
    const places = (text: string) =>
      [...text.matchAll(/\{\{(\w+)\}\}/g)].map((hit) => hit[1]).sort();
    const differing = [...english].filter(
      ([key, text]) => places(text).join() !== places(chinese.get(key) ?? "").join(),
    );
    expect(differing.map(([key]) => key)).toEqual([]);
  });

  it("are in Chinese where they should be", () => {
    // Names that are written the same in both languages.
    const names = /^(terms\.model\.|customers\.column\.rfm$)/;
    const untranslated = [...chinese].filter(
      ([key, text]) =>
        !names.test(key) &&
        /\p{L}/u.test(text.replace(/\{\{\w+\}\}/g, "")) &&
        !/\p{Script=Han}/u.test(text),
    );
    expect(untranslated).toEqual([]);
  });

  it("exist wherever the code asks for one", () => {
    const keys = [...english.keys()];
    const missing = [...asked].filter(([pattern]) => {
      const several = open.get(pattern);
      return several ? !keys.some((key) => several.test(key)) : !english.has(pattern);
    });
    expect(missing).toEqual([]);
  });

  it("are all asked for", () => {
    const several = [...open.values()];
    const unused = [...english.keys()].filter(
      (key) => !asked.has(key) && !several.some((pattern) => pattern.test(key)),
    );
    expect(unused).toEqual([]);
  });
});
