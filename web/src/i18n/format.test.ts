import { describe, expect, it } from "vitest";
import { languageFrom } from ".";
import { ABSENT, formatFor, majorUnits, minorDigits } from "./format";

const zh = formatFor("zh-CN");
const en = formatFor("en");
const cny = (minor: number) => ({ minor, currency: "CNY" });

describe("money", () => {
  it("is shown to the last minor unit in the way of the language", () => {
    expect(zh.money(cny(123456789))).toBe("¥1,234,567.89");
    expect(en.money(cny(123456789))).toBe("¥1,234,567.89");
    expect(en.money({ minor: -5, currency: "USD" })).toBe("-$0.05");
  });

  it("knows currencies without a minor unit", () => {
    expect(minorDigits("JPY")).toBe(0);
    expect(majorUnits({ minor: 1234, currency: "JPY" })).toBe(1234);
    expect(majorUnits(cny(1234))).toBe(12.34);
  });

  it("is short in headlines: ten thousands in Chinese, thousands in English", () => {
    expect(zh.moneyShort(cny(4_200_000_00))).toBe("¥420万");
    expect(en.moneyShort(cny(4_200_000_00))).toBe("¥4.2M");
  });

  it("survives a currency nobody knows", () => {
    expect(minorDigits("not a currency")).toBe(2);
  });
});

describe("days", () => {
  it("are shown as written, whatever the reader's zone", () => {
    const zone = process.env.TZ;
    for (const away of ["Pacific/Kiritimati", "Pacific/Midway", "Asia/Shanghai"]) {
      process.env.TZ = away;
      expect(en.day("2026-10-31")).toBe("Oct 31, 2026");
      expect(zh.day("2026-10-31")).toBe("2026年10月31日");
      expect(zh.month("2026-10")).toBe("2026年10月");
    }
    process.env.TZ = zone;
  });
});

describe("what is absent", () => {
  it("is a dash, never NaN or undefined", () => {
    expect(zh.number(null)).toBe(ABSENT);
    expect(zh.number(Number.NaN)).toBe(ABSENT);
    expect(zh.percent(undefined)).toBe(ABSENT);
    expect(zh.money(null)).toBe(ABSENT);
    expect(zh.day(null)).toBe(ABSENT);
    expect(zh.time(undefined)).toBe(ABSENT);
    expect(zh.seconds(null)).toBe(ABSENT);
  });
});

describe("shares and sizes", () => {
  it("are written by the language", () => {
    expect(en.percent(0.1234)).toBe("12.3%");
    expect(en.signedPercent(0.05)).toBe("+5%");
    expect(en.bytes(20 * 1024 * 1024)).toBe("20 MiB");
    expect(zh.bytes(1_500_000)).toBe("1.4 MiB");
    expect(en.bytes(1023)).toBe("1,023 B");
    expect(en.bytes(0)).toBe("0 B");
    expect(zh.list(["客户", "时间"])).toBe("客户、时间");
  });
});

describe("the language", () => {
  it("is the chosen one, else the first the browser asks for that we have", () => {
    expect(languageFrom("en", ["zh-CN"])).toBe("en");
    expect(languageFrom(null, ["fr", "zh-TW", "en"])).toBe("zh-CN");
    expect(languageFrom(null, ["en-GB"])).toBe("en");
    expect(languageFrom("klingon", [])).toBe("en");
  });
});
