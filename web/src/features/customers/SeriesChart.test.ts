import i18next, { type TFunction } from "i18next";
import { beforeAll, expect, it } from "vitest";
import en from "../../i18n/en";
import { formatFor } from "../../i18n/format";
import { halfYearFinding } from "./SeriesChart";

let t: TFunction;
beforeAll(async () => {
  await i18next.init({ lng: "en", fallbackLng: false, resources: { en: { translation: en } } });
  t = i18next.t;
});

const finding = (code: string, params: Record<string, number>) =>
  halfYearFinding(
    [
      { code: "buys_as_usual", params: {} },
      { code, params },
    ],
    {
      t,
      format: formatFor("en"),
    },
  );

it("says of the half-years what the reasons say", () => {
  expect(finding("spending_falls", { change: -0.5 })).toContain("fell by 50%");
  expect(finding("spending_grows", { change: 0.25 })).toContain("rose by 25%");
  // A change within a tenth is none, for the chart as for the reasons.
  expect(finding("spending_holds", { change: -0.08 })).toContain("about level");
});

it("says nothing where there is nothing to compare with", () => {
  expect(finding("value_at_risk", { p_gone: 0.2 })).toBe("Spending by month");
});
