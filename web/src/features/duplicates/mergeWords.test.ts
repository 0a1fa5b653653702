import i18next, { type TFunction } from "i18next";
import { beforeAll, describe, expect, it } from "vitest";
import type { RecordSchema } from "../../api/settings";
import en from "../../i18n/en";
import { formatFor } from "../../i18n/format";
import { laterMerge } from "./laterMerge";
import { fieldText, movesLines, valueLines, type Words } from "./mergeWords";

const schema = {
  fields: [
    {
      name: "size",
      zh: "规模",
      en: "Size",
      kind: "choice",
      required: false,
      choices: [{ name: "big", zh: "大", en: "Big" }],
    },
  ],
  completeness: [],
} as RecordSchema;

let words: Words;
beforeAll(async () => {
  await i18next.init({ lng: "en", resources: { en: { translation: en } } });
  const t: TFunction = i18next.getFixedT("en");
  words = { t, format: formatFor("en"), schema, languageName: (code) => `«${code}»` };
});

describe("what is decided when two become one", () => {
  it("is headed by what it is called elsewhere", () => {
    const headed = ["region", "owner", "birthday", "preferences", "custom.size", "custom.gone"];
    expect(headed.map((field) => fieldText(field, words))).toEqual([
      "Region",
      "Customer manager",
      "Birthday",
      "How to contact",
      "Size",
      "gone",
    ]);
  });

  it("says what each has", () => {
    expect(valueLines("region", "北京", words)).toEqual(["北京"]);
    expect(valueLines("since", "2024-02-29", words)).toEqual(["Feb 29, 2024"]);
    expect(valueLines("custom.size", "big", words)).toEqual(["Big"]);
    const days = [
      { kind: "birthday", calendar: "solar", year: 1988, month: 5, day: 17 },
      { kind: "birthday", calendar: "lunar", year: null, month: 8, day: 15 },
    ];
    expect(valueLines("birthday", days, words)).toEqual([
      "May 17, 1988",
      "day 15 of lunar month 8",
    ]);
    const said = {
      channel: "sms",
      language: "en",
      quiet_hours: { from: "21:00:00", until: "09:00:00" },
    };
    expect(valueLines("preferences", said, words)).toEqual([
      "Preferred channel: Text message",
      "Language: «en»",
      "Quiet hours: 21:00 to 09:00 of the next day",
    ]);
  });

  it("names nobody who is out of sight", () => {
    expect(valueLines("owner", { id: "1", name: "Li" }, words)).toEqual(["Li"]);
    expect(valueLines("organisation", null, words)).toEqual(["out of your sight"]);
  });
});

it("what moves is counted by what it is, and what has no word yet together", () => {
  expect(movesLines({ transactions: 1200, gifts: 2, visits: 3 }, words)).toEqual([
    "Transactions: 1,200",
    "Other: 5",
  ]);
});

it("the merge in the way is named by the server's own words", () => {
  const id = "01a20ed1-736f-7e62-9668-f3ed3280fe71";
  expect(laterMerge(`the survivor took part in a later merge; undo the merge ${id} first`)).toBe(
    id,
  );
  expect(laterMerge(undefined)).toBeNull();
});
