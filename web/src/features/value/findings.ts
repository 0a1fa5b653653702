// What a run found, in sentences. Each takes the report and says one thing; a sentence that the
// report gives no ground for is left out.
import type { TFunction } from "i18next";
import type { LeakyBucket, Report, Validation } from "../../api/types";
import type { Format } from "../../i18n/format";

type Words = { t: TFunction; format: Format };

export function segmentOf(bucket: LeakyBucket, name: string) {
  return bucket.segments.find((segment) => segment.segment === name);
}

export function bucketFinding(report: Report, { t, format }: Words): string | null {
  const bucket = report.leaky_bucket;
  if (!bucket) return null;
  const money = (minor: number) => format.moneyShort({ minor, currency: report.currency });
  const leaked = ["lost", "dormant", "shrunk"]
    .map((name) => -(segmentOf(bucket, name)?.change_minor ?? 0))
    .reduce((sum, minor) => sum + minor, 0);
  const poured = ["new", "won_back", "grown"]
    .map((name) => segmentOf(bucket, name)?.change_minor ?? 0)
    .reduce((sum, minor) => sum + minor, 0);
  return t(bucket.closing_minor >= bucket.opening_minor ? "value.bucket.up" : "value.bucket.down", {
    opening: money(bucket.opening_minor),
    closing: money(bucket.closing_minor),
    leaked: money(leaked),
    poured: money(poured),
  });
}

export function replacementFinding(report: Report, { t, format }: Words): string | null {
  const cost = report.leaky_bucket?.replacement_cost;
  if (!cost || cost.lost_customers === 0) return null;
  // Nothing is known of a cost: then it is not nothing.
  if (report.settings.acquisition_cost_minor <= 0) {
    return t("value.bucket.lost_only", { lost: format.count(cost.lost_customers) });
  }
  return t("value.bucket.replacement", {
    lost: format.count(cost.lost_customers),
    total: format.moneyShort({ minor: cost.total_minor, currency: report.currency }),
  });
}

export function paretoFinding(report: Report, { t, format }: Words): string | null {
  if (!report.concentration) return null;
  return t("value.pareto.finding", { share: format.percent(report.concentration.top_20, 0) });
}

export function matrixFinding(report: Report, { t, format }: Words): string | null {
  const best = report.classes.find((one) => one.class === "E-I");
  const shaky = report.classes.find((one) => one.class === "E-II");
  if (!best || best.customers === 0) return null;
  return t("value.matrix.finding", {
    customers: format.percent(best.share_of_customers, 0),
    contribution: format.percent(best.share_of_contribution, 0),
    shaky: format.percent(shaky?.share_of_contribution ?? 0, 0),
  });
}

export function loyaltyFinding(report: Report, { t, format }: Words): string | null {
  const all = report.loyalty.reduce((sum, one) => sum + one.customers, 0);
  const drifting = report.loyalty.find((one) => one.class === "drifting");
  if (!all || !drifting) return null;
  return t("value.loyalty.finding", {
    customers: format.count(drifting.customers),
    share: format.percent(drifting.customers / all, 0),
    value: format.moneyShort({ minor: drifting.value_minor, currency: report.currency }),
  });
}

export function riskFinding(report: Report, { t, format }: Words): string | null {
  const { value_minor, value_at_risk_minor } = report.totals;
  if (value_minor <= 0) return null;
  return t("value.overview.risk", {
    customers: format.count(report.value_at_risk.customers_at_risk),
    risk: format.moneyShort({ minor: value_at_risk_minor, currency: report.currency }),
    share: format.percent(value_at_risk_minor / value_minor, 0),
  });
}

/** Share of customers who still buy so many months after their first, over all cohorts that old. */
export function retentionAfter(report: Report, months: number): number | null {
  let customers = 0;
  let active = 0;
  for (const cohort of report.cohorts) {
    const still = cohort.active[months];
    if (still === undefined) continue;
    customers += cohort.customers;
    active += still;
  }
  return customers > 0 ? active / customers : null;
}

export function cohortFinding(report: Report, { t, format }: Words): string | null {
  for (const months of [12, 6, 3, 1]) {
    const share = retentionAfter(report, months);
    if (share !== null) {
      return t("value.cohorts.finding", { months, share: format.percent(share, 0) });
    }
  }
  return null;
}

export function validationFinding(
  validation: Validation | null,
  { t, format }: Words,
): string | null {
  const bias = validation?.total_bias;
  if (!validation || bias === null || bias === undefined) return null;
  return t(
    Math.abs(bias) < 0.005
      ? "value.validation.exact"
      : bias > 0
        ? "value.validation.more"
        : "value.validation.less",
    {
      weeks: format.count(validation.holdout_weeks),
      actual: format.count(validation.actual_purchases),
      predicted: format.count(validation.predicted_purchases),
      bias: format.percent(Math.abs(bias), 1),
    },
  );
}
