import i18next from "i18next";
import { beforeAll, describe, expect, it } from "vitest";
import type { ProfileRow } from "../../api/types";
import en from "../../i18n/en";
import { exportHeader, exportRow } from "./exportList";

beforeAll(async () => {
  await i18next.init({ lng: "en", fallbackLng: false, resources: { en: { translation: en } } });
});

describe("the list as a file", () => {
  it("has the columns that are shown, money in whole units and bare numbers", () => {
    const row = {
      customer: { id: "1", external_id: "C-1", name: "Ann", brand: "blue", region: null },
      class: "E-II",
      loyalty: "none",
      value: { minor: 123_45, currency: "CNY" },
      p_alive: 0.123456,
    } as unknown as ProfileRow;
    const columns = ["class", "loyalty", "value", "p_alive", "brand", "region"] as const;
    expect(exportHeader([...columns], "CNY", i18next.t)).toEqual([
      "Number",
      "Name",
      "Class",
      "Loyalty",
      "Value (CNY)",
      "Probability of staying",
      "Brand",
      "Region",
    ]);
    expect(exportRow(row, [...columns], i18next.t)).toEqual([
      "C-1",
      "Ann",
      "E-II",
      null,
      123.45,
      0.123456,
      "blue",
      null,
    ]);
  });
});
