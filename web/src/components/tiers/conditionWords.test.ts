import i18next, { type TFunction } from "i18next";
import { beforeAll, describe, expect, it } from "vitest";
import type { Condition, Measured } from "../../api/tiers";
import en from "../../i18n/en";
import tiers from "../../i18n/en/tiers.json";
import { formatFor } from "../../i18n/format";
import { conditionText, measuredText, monthText, type TierWords } from "./conditionWords";
import { dayIn, daysAfter } from "./today";

let words: TierWords;
const format = formatFor("en");
const levels = [
  { code: "silver", zh: "银卡", en: "Silver" },
  { code: "gold", zh: "金卡", en: "Gold" },
];
beforeAll(async () => {
  await i18next.init({ lng: "en", resources: { en: { translation: { ...en, tiers } } } });
  const t: TFunction = i18next.getFixedT("en");
  words = { t, format, currency: "CNY", levels };
});

const measured = (of: Condition, have: number | null, need: number, missing: number): Measured => ({
  ...of,
  have,
  need,
  missing,
  met: missing === 0,
});

describe("what a level asks for", () => {
  it.each<[Condition, string]>([
    [{ measure: "spend", at_least: 300_000 }, "Spend of at least ¥3,000"],
    [{ measure: "orders", at_least: 12 }, "At least 12 orders"],
    [{ measure: "tenure_months", at_least: 1 }, "Customer for at least 1 month"],
    [
      { measure: "figure", figure: "p_alive", at_least: 0.6 },
      "Probability of staying of at least 60%",
    ],
    [{ measure: "organisation_level", level: "gold" }, "Organisation is Gold or higher"],
    [{ measure: "nomination" }, "Nominated"],
  ])("is said in its unit", (condition, text) => {
    expect(conditionText(condition, words)).toBe(text);
  });
});

describe("what a customer has of it", () => {
  it("is money in whole units, with what is missing", () => {
    const of = measured({ measure: "spend", at_least: 300_000 }, 200_000, 300_000, 100_000);
    expect(measuredText(of, words)).toEqual({
      have: "¥2,000",
      missing: "¥1,000 more to go",
      share: 2 / 3,
    });
  });

  it("is a figure out of its millionths", () => {
    const condition = { measure: "figure", figure: "stability", at_least: 0.5 } as const;
    const told = measuredText(measured(condition, 250_000, 500_000, 250_000), words);
    expect([told.have, told.share]).toEqual(["0.25", 0.5]);
  });

  it("is a place among all, of which less is better", () => {
    const condition = { measure: "percentile", figure: "clv_36m", top_per_mille: 200 } as const;
    const far = measuredText(measured(condition, 2_500, 1_999, 501), words);
    expect(far.have).toBe("the first 25%");
    expect(far.missing).toBe("5.01 percentage points further up to go");
    const first = measuredText(measured(condition, 0, 1_999, 0), words);
    expect([first.have, first.missing, first.share]).toEqual(["the first 0.01%", null, 1]);
  });

  it("is the organisation's level by name, and what is not known is said", () => {
    const condition = { measure: "organisation_level", level: "gold" } as const;
    expect(measuredText(measured(condition, 1, 2, 1), words).have).toBe("Silver");
    expect(measuredText(measured(condition, null, 2, 2), words).have).toBe("No level");
    const tenure = { measure: "tenure_months", at_least: 12 } as const;
    expect(measuredText(measured(tenure, null, 12, 12), words).have).toBe("not known");
  });
});

describe("days and months", () => {
  it("are the firm's", () => {
    const night = new Date("2026-12-31T17:00:00Z");
    expect(dayIn("Asia/Shanghai", night)).toBe("2027-01-01");
    expect(dayIn("UTC", night)).toBe("2026-12-31");
    expect(daysAfter("2026-12-31", 30)).toBe("2027-01-30");
    expect(daysAfter("2027-01-01", -30)).toBe("2026-12-02");
    expect(monthText(2026 * 12 + 11, format)).toBe("Dec 2026");
  });
});
