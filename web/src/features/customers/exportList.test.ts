import i18next from "i18next";
import { beforeAll, describe, expect, it } from "vitest";
import type { ProfileRow } from "../../api/types";
import en from "../../i18n/en";
import { EXPORT_LONGEST, exportHeader, exportRow, firstRows } from "./exportList";

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

  const pages = (all: number) => {
    const asked: (string | null)[] = [];
    const read = async (page: { limit: number; cursor: string | null }) => {
      asked.push(page.cursor);
      const from = Number(page.cursor ?? 0);
      const to = Math.min(all, from + page.limit);
      return {
        items: [...Array(to - from).keys()].map((n) => from + n),
        next_cursor: to < all ? String(to) : null,
      };
    };
    return { asked, read };
  };

  it("goes through all pages, each row once", async () => {
    const { asked, read } = pages(450);
    const found = await firstRows(read);
    expect(asked).toEqual([null, "200", "400"]);
    expect(found.rows).toEqual([...Array(450).keys()]);
    expect(found.more).toBe(false);
  });

  it("ends at the longest file and says that there is more", async () => {
    const found = await firstRows(pages(EXPORT_LONGEST + 1).read);
    expect(found.rows).toHaveLength(EXPORT_LONGEST);
    expect(found.more).toBe(true);
  });
});
