import i18next, { type TFunction } from "i18next";
import { beforeAll, describe, expect, it } from "vitest";
import en from "../i18n/en";
import { formatFor } from "../i18n/format";
import zh from "../i18n/zh-CN";
import { lifeDayText, lunarDay, lunarMonth } from "./lifeDay";

let inChinese: TFunction;
let inEnglish: TFunction;
beforeAll(async () => {
  await i18next.init({
    lng: "en",
    resources: { en: { translation: en }, "zh-CN": { translation: zh } },
  });
  inEnglish = i18next.getFixedT("en");
  inChinese = i18next.getFixedT("zh-CN");
});

describe("a day by the moon", () => {
  it("is written as Chinese people write it", () => {
    expect([1, 9, 10, 11, 15, 20, 21, 29, 30].map(lunarDay)).toEqual([
      "初一",
      "初九",
      "初十",
      "十一",
      "十五",
      "二十",
      "廿一",
      "廿九",
      "三十",
    ]);
    expect([lunarMonth(1, false), lunarMonth(6, true), lunarMonth(12, false)]).toEqual([
      "正月",
      "闰六月",
      "腊月",
    ]);
  });

  it("says its year and its leap month", () => {
    const day = { calendar: "lunar", year: 1987, month: 6, day: 15, leap_month: true } as const;
    expect(lifeDayText(day, formatFor("zh-CN"), inChinese)).toBe("农历1987年闰六月十五");
    expect(lifeDayText(day, formatFor("en"), inEnglish)).toBe(
      "day 15 of leap lunar month 6, lunar year 1987",
    );
    const everyYear = { ...day, year: null, leap_month: false };
    expect(lifeDayText(everyYear, formatFor("zh-CN"), inChinese)).toBe("农历六月十五");
  });
});

describe("a day by the sun", () => {
  const day = { calendar: "solar", year: null, month: 2, day: 29 } as const;
  it("may be without a year, 29 February too", () => {
    expect(lifeDayText(day, formatFor("en"), inEnglish)).toBe("February 29");
    expect(lifeDayText(day, formatFor("zh-CN"), inChinese)).toBe("2月29日");
    expect(lifeDayText({ ...day, year: 1988 }, formatFor("en"), inEnglish)).toBe(
      "February 29, 1988",
    );
  });
});
