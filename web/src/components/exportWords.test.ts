import i18next from "i18next";
import { beforeAll, describe, expect, it } from "vitest";
import { filterOf } from "../api/exports";
import en from "../i18n/en";
import { formatFor } from "../i18n/format";
import { filterWords } from "./exportWords";

beforeAll(async () => {
  await i18next.init({
    lng: "en",
    fallbackLng: false,
    interpolation: { escapeValue: false },
    resources: { en: { translation: en } },
  });
});

const said = (filter: Record<string, string>) =>
  filterWords(filter, { t: i18next.t, format: formatFor("en"), currency: "CNY" });

describe("the filter of an export", () => {
  it("is what the list was asked for, without its pages", () => {
    expect(
      filterOf({ q: null, class: "E-I", sort: "-value", min_x: 2, cursor: "abc", limit: 50 }),
    ).toEqual({ class: "E-I", sort: "-value", min_x: "2" });
  });

  it("is said in words: names, money in whole units, shares in percent, days", () => {
    expect(
      said({
        q: "zs",
        class: "E-I,E-II",
        brand: "A%2CB,C",
        min_value: "123400",
        max_p_alive: "0.5",
        min_last_purchase: "2026-01-31",
        sort: "-value",
      }),
    ).toEqual([
      "Search: zs",
      "Class: E-I, E-II",
      "Brand: A,B, C",
      "Value ≥ ¥1,234",
      "Probability of staying ≤ 50%",
      "Last purchase ≥ Jan 31, 2026",
    ]);
  });

  it("is nothing where the list was whole", () => {
    expect(said({ sort: "-value" })).toEqual([]);
  });
});
