import i18next, { type TFunction } from "i18next";
import { beforeAll, describe, expect, it } from "vitest";
import type { ContractCohort, LeakyBucket, Report, ValueSettings } from "../../api/types";
import { ownStrategy } from "../../components/care";
import { heatStyle } from "../../components/heat";
import en from "../../i18n/en";
import { formatFor } from "../../i18n/format";
import { waterfall } from "./Bucket";
import {
  bucketFinding,
  cohortFinding,
  replacementFinding,
  retentionAfter,
  validationFinding,
} from "./findings";
import { judged, judgedRenewals } from "./SbgCohorts";
import { fromForm, toForm } from "./settingsForm";

let t: TFunction;
beforeAll(async () => {
  await i18next.init({ lng: "en", fallbackLng: false, resources: { en: { translation: en } } });
  t = i18next.t;
});
const format = formatFor("en");

const bucket = {
  opening_minor: 1000_00,
  closing_minor: 900_00,
  segments: [
    { segment: "new", customers: 1, p0_minor: 0, p1_minor: 200_00, change_minor: 200_00 },
    { segment: "lost", customers: 2, p0_minor: 300_00, p1_minor: 0, change_minor: -300_00 },
    { segment: "kept", customers: 9, p0_minor: 700_00, p1_minor: 700_00, change_minor: 0 },
  ],
} as LeakyBucket;
const report = {
  currency: "USD",
  leaky_bucket: bucket,
  cohorts: [
    { month: "2026-01", customers: 10, active: [10, 6, 5], revenue_minor: [] },
    { month: "2026-02", customers: 30, active: [30, 10], revenue_minor: [] },
  ],
} as unknown as Report;

describe("the leaky bucket", () => {
  it("is drawn from opening to closing revenue without a gap", () => {
    const bars = waterfall(bucket, (name) => name);
    expect(bars.map((bar) => [bar.name, bar.base, bar.height])).toEqual([
      ["opening", 0, 1000_00],
      ["lost", 700_00, 300_00],
      ["new", 700_00, 200_00],
      ["closing", 0, 900_00],
    ]);
  });

  it("says what leaked out and what came in", () => {
    expect(bucketFinding(report, { t, format })).toBe(
      "Revenue fell from $1K to $900: $300 leaked out, only $200 came in.",
    );
    expect(bucketFinding({ ...report, leaky_bucket: null }, { t, format })).toBeNull();
  });
});

describe("what replacing the lost costs", () => {
  const lost = (acquisition_cost_minor: number) =>
    ({
      ...report,
      settings: { acquisition_cost_minor },
      leaky_bucket: {
        ...bucket,
        replacement_cost: {
          lost_customers: 3,
          acquisition_cost_minor: 3 * acquisition_cost_minor,
          clv_gone_minor: 400_00,
          total_minor: 3 * acquisition_cost_minor + 400_00,
        },
      },
    }) as Report;

  it("is told where the cost of winning one is known", () => {
    expect(replacementFinding(lost(100_00), { t, format })).toContain("about $700");
  });

  it("is not priced where it is not, even if value went with them", () => {
    expect(replacementFinding(lost(0), { t, format })).toMatch(/^3 customers .* once the cost/);
  });
});

describe("cohorts", () => {
  it("count only those that are old enough", () => {
    expect(retentionAfter(report, 1)).toBeCloseTo(16 / 40);
    expect(retentionAfter(report, 2)).toBeCloseTo(0.5);
    expect(retentionAfter(report, 3)).toBeNull();
    expect(cohortFinding(report, { t, format })).toContain("40%");
  });

  it("are readable in every shade", () => {
    const luminance = (parts: number[]) => {
      const [r = 0, g = 0, b = 0] = parts.map((part) =>
        part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4,
      );
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    for (let share = 0; share <= 1; share += 0.01) {
      const { background, color } = heatStyle(share);
      const paper = luminance((background.match(/\d+/g) ?? []).map(Number));
      const ink = color === "#000000" ? 0 : 1;
      const contrast = (Math.max(paper, ink) + 0.05) / (Math.min(paper, ink) + 0.05);
      expect(contrast).toBeGreaterThan(4.5);
    }
  });
});

describe("validation", () => {
  it("says in words whether too much or too little was predicted", () => {
    const base = { holdout_weeks: 26, actual_purchases: 1000, predicted_purchases: 900 };
    const said = (total_bias: number) =>
      validationFinding({ ...base, total_bias } as Report["validation"], { t, format });
    expect(said(-0.1)).toContain("10% too few");
    expect(said(0.1)).toContain("10% too many");
    expect(said(0.001)).toContain("nearly exact");
    expect(validationFinding(null, { t, format })).toBeNull();
  });
});

describe("the renewal model", () => {
  const cohort = (
    year: number,
    decided: number[],
    survival: number[],
    predicted_survival: number[],
  ): ContractCohort => ({
    cohort: year,
    customers: decided[0] ?? 5,
    alpha: 1,
    beta: 3,
    log_likelihood: -1,
    converged: true,
    decided,
    renewed: [],
    survival,
    predicted_survival,
  });
  const early = cohort(2024, [100, 80, 20], [1, 0.8, 0.7, 0.1], [1, 0.8, 0.6, 0.5]);
  const late = cohort(2025, [300], [1, 0.9], [1, 0.88]);
  const newest = cohort(2026, [], [1], [1]);

  it("is judged by renewals that enough customers have decided, each of them counting", () => {
    expect(judgedRenewals(early)).toBe(2);
    expect(judgedRenewals(newest)).toBe(0);
    const found = judged([early, late, newest]);
    expect(found?.worst.cohort.cohort).toBe(2024);
    expect(found?.worst.difference).toBeCloseTo((80 * 0.1) / 180, 12);
    expect(found?.cohorts).toBe(2);
    expect(found?.difference).toBeCloseTo((80 * 0.1 + 300 * 0.02) / 480, 12);
  });

  it("is not judged before anybody came to a renewal", () => {
    expect(judged([newest])).toBeNull();
    expect(judged([])).toBeNull();
  });
});

describe("what to do for a class", () => {
  it("is the firm's own where it has written something", () => {
    expect(ownStrategy("E-I", { "E-I": "one to one" })).toBe("one to one");
    expect(ownStrategy("E-II", { "E-I": "one to one", "E-II": " " })).toBeNull();
    expect(ownStrategy("new", { "E-I": "one to one" })).toBeNull();
    expect(ownStrategy("E-I", undefined)).toBeNull();
  });
});

describe("the settings", () => {
  const settings: ValueSettings = {
    currency: "CNY",
    zone: "Asia/Shanghai",
    model: "auto",
    contribution_rule: { kind: "share", value: 0.8 },
    stability_rule: { kind: "median" },
    stability_weights: { month: 0.5, quarter: 0.3, ticket: 0.2 },
    yearly_discount_rate: 0.07,
    acquisition_cost_minor: 30050,
    referral_share: 0.3,
    renewal_months: 1,
    care_strategies: {
      "E-I": "call on them each month",
      "E-II": null,
      "E-III": null,
      "E-IV": null,
    },
    period_months: null,
    holdout_weeks: 26,
    max_rejected_share: 0.01,
    min_cost_share: 0.95,
  };

  it("come back from the form as they were", () => {
    expect(toForm(settings, 100)).toMatchObject({
      yearly_discount_rate: 7,
      acquisition_cost_minor: 300.5,
      contribution_rule: { kind: "share", value: 80 },
    });
    expect(fromForm(toForm(settings, 100), settings, 100)).toEqual(settings);
  });

  it("keep the renewal period while another model hides it, and no strategy of blanks", () => {
    const typed = toForm(settings, 100);
    const { renewal_months: _hidden, ...shown } = typed;
    shown.care_strategies["E-I"] = "  ";
    shown.care_strategies["E-IV"] = " self-service only \n";
    const sent = fromForm(shown, settings, 100);
    expect(sent.renewal_months).toBe(1);
    expect(sent.care_strategies).toEqual({
      "E-I": null,
      "E-II": null,
      "E-III": null,
      "E-IV": "self-service only",
    });
  });

  it("keep bounds in the server's units: minor units, percentiles, shares", () => {
    for (const [rule, typed] of [
      [{ kind: "absolute", value: 123456 }, 1234.56],
      [{ kind: "percentile", value: 80 }, 80],
      [{ kind: "share", value: 0.55 }, 55],
    ] as const) {
      const changed: ValueSettings = {
        ...settings,
        contribution_rule: rule,
        stability_rule: { kind: "absolute", value: 0.6 },
      };
      expect(toForm(changed, 100).contribution_rule.value).toBe(typed);
      expect(fromForm(toForm(changed, 100), changed, 100)).toEqual(changed);
    }
  });
});
