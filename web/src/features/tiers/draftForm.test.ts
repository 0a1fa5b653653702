import { describe, expect, it } from "vitest";
import type { TierDocument } from "../../api/tiers";
import { amountToSend, faultOf, fromForm, placeOf, toForm } from "./draftForm";
import { readyMade } from "./readyMade";

const document: TierDocument = {
  schema: 1,
  levels: [
    {
      code: "silver",
      zh: "银卡",
      en: "Silver",
      colour: "#a6a9ad",
      qualify: {
        any: [
          { measure: "spend", at_least: 300_050 },
          { measure: "orders", at_least: 12 },
          { measure: "monthly_spend_mean", at_least: 10_000 },
          { measure: "monthly_spend_least", at_least: 10_000 },
          { measure: "quarterly_spend_mean", at_least: 30_000 },
          { measure: "quarterly_spend_least", at_least: 30_000 },
          { measure: "tenure_months", at_least: 120 },
        ],
      },
      keep: null,
    },
    {
      code: "gold",
      zh: "金卡",
      en: "Gold",
      colour: "#d4af37",
      qualify: {
        all: [
          { measure: "figure", figure: "p_alive", at_least: 0.57 },
          { measure: "figure", figure: "stability", at_least: 0.35 },
          { measure: "figure", figure: "value", at_least: 123_456 },
          { measure: "percentile", figure: "clv_36m", top_per_mille: 5 },
          { measure: "organisation_level", level: "silver" },
          { measure: "nomination" },
        ],
      },
      keep: { any: [{ measure: "nomination" }] },
    },
  ],
  period: { kind: "rolling_months", months: 12 },
  downgrade: { kind: "grace", days: 60 },
  landing: "one_level",
  notice_days: 30,
  effective_on: "2026-12-31",
};

describe("a draft", () => {
  it("says the same after it was typed", () => {
    expect(fromForm(toForm(document, "CNY"), "CNY")).toEqual(document);
    for (const currency of ["CNY", "JPY", "USD"]) {
      const ready = readyMade(currency, "2026-12-31");
      expect(fromForm(toForm(ready, currency), currency)).toEqual(ready);
    }
  });

  it("keeps other periods and ways down", () => {
    for (const period of ["calendar_year", "membership_year"] as const) {
      for (const downgrade of ["never", "at_once", "period_end"] as const) {
        const other = { ...document, period: { kind: period }, downgrade: { kind: downgrade } };
        expect(fromForm(toForm(other, "CNY"), "CNY")).toEqual(other);
      }
    }
  });

  it("is typed in whole units and percent", () => {
    const [silver, gold] = toForm(document, "CNY").levels;
    expect(silver?.qualify.conditions[0]?.amount).toBe(3000.5);
    expect(gold?.qualify.conditions.map((one) => one.amount)).toEqual([
      57,
      0.35,
      1234.56,
      0.5,
      undefined,
      undefined,
    ]);
    expect(amountToSend(3000.555, { measure: "spend" }, "CNY")).toBe(300_056);
    expect(amountToSend(3000, { measure: "spend" }, "JPY")).toBe(3000);
  });
});

describe("what the server says of a field", () => {
  it.each([
    ["levels[1].code", ["levels", 1, "code"]],
    ["levels[0].qualify", ["levels", 0, "qualify", "takes"]],
    ["levels[0].keep", ["levels", 0, "keep", "takes"]],
    ["levels[0].keep[2].at_least", ["levels", 0, "keep", "conditions", 2, "amount"]],
    ["levels[0].qualify[0].top_per_mille", ["levels", 0, "qualify", "conditions", 0, "amount"]],
    ["levels[0].qualify[0].figure", ["levels", 0, "qualify", "conditions", 0, "figure"]],
    ["levels[0].qualify[0].level", ["levels", 0, "qualify", "conditions", 0, "level"]],
    ["period.months", ["period", "months"]],
    ["notice_days", ["notice_days"]],
    ["levels", null],
    ["schema", null],
  ])("%s has its place", (field, place) => {
    expect(placeOf(field)).toEqual(place);
  });

  it("has a sentence of the console's own", () => {
    expect(faultOf("levels[0].keep")).toBe("keep");
    expect(faultOf("levels[0].keep[1].at_least")).toBe("amount");
    expect(faultOf("levels[3].colour")).toBe("colour");
    expect(faultOf("period.months")).toBe("months");
  });
});
