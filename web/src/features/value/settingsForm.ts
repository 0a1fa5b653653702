// Between the settings as the server keeps them and as people type them: shares as percent, money in
// whole units.
import type { CareStrategies, ValueSettings } from "../../api/types";

export type SettingsForm = {
  model: string;
  contribution_rule: ValueSettings["contribution_rule"];
  stability_rule: { kind: "median" | "absolute"; value?: number | null };
  stability_weights: ValueSettings["stability_weights"];
  yearly_discount_rate: number;
  acquisition_cost_minor: number;
  referral_share: number;
  /** Not there while another model hides it. */
  renewal_months?: number;
  care_strategies: Record<keyof CareStrategies, string>;
  max_rejected_share: number;
  min_cost_share: number;
  period_months?: number | null;
  holdout_weeks?: number | null;
};

export const SETTINGS_FIELDS = [
  "model",
  "yearly_discount_rate",
  "acquisition_cost_minor",
  "referral_share",
  "renewal_months",
  "max_rejected_share",
  "min_cost_share",
  "period_months",
  "holdout_weeks",
  "stability_weights.ticket",
  "contribution_rule.value",
  "stability_rule.value",
  "care_strategies.E-I",
];

/** A group is refused as a whole; its message stands under one of its fields. */
export const SETTINGS_PLACES = {
  stability_weights: "stability_weights.ticket",
  contribution_rule: "contribution_rule.value",
  stability_rule: "stability_rule.value",
  care_strategies: "care_strategies.E-I",
};

// 0.07 × 100 is 7.000000000000001; what people typed must come back as they typed it.
const rounded = (value: number) => Math.round(value * 1e10) / 1e10;

type Rule = ValueSettings["contribution_rule"];

/** How many of the server's units one typed unit of a contribution rule is. */
function ruleScale(kind: Rule["kind"], minorPerUnit: number): number {
  if (kind === "absolute") return minorPerUnit;
  return kind === "share" ? 0.01 : 1;
}

/** One entry for each class that can have a strategy. */
function strategies<T>(of: (name: keyof CareStrategies) => T): Record<keyof CareStrategies, T> {
  return { "E-I": of("E-I"), "E-II": of("E-II"), "E-III": of("E-III"), "E-IV": of("E-IV") };
}

export function toForm(settings: ValueSettings, minorPerUnit: number): SettingsForm {
  const { kind, value } = settings.contribution_rule;
  return {
    model: settings.model,
    contribution_rule: { kind, value: rounded(value / ruleScale(kind, minorPerUnit)) },
    stability_rule: settings.stability_rule,
    stability_weights: settings.stability_weights,
    yearly_discount_rate: rounded(settings.yearly_discount_rate * 100),
    acquisition_cost_minor: settings.acquisition_cost_minor / minorPerUnit,
    referral_share: rounded(settings.referral_share * 100),
    renewal_months: settings.renewal_months,
    care_strategies: strategies((name) => settings.care_strategies[name] ?? ""),
    max_rejected_share: rounded(settings.max_rejected_share * 100),
    min_cost_share: rounded(settings.min_cost_share * 100),
    period_months: settings.period_months,
    holdout_weeks: settings.holdout_weeks,
  };
}

export function fromForm(
  typed: SettingsForm,
  before: ValueSettings,
  minorPerUnit: number,
): ValueSettings {
  const { kind, value } = typed.contribution_rule;
  const scaled = value * ruleScale(kind, minorPerUnit);
  return {
    ...before,
    model: typed.model,
    contribution_rule: { kind, value: kind === "absolute" ? Math.round(scaled) : rounded(scaled) },
    stability_rule:
      typed.stability_rule.kind === "absolute"
        ? { kind: "absolute", value: typed.stability_rule.value ?? 0 }
        : { kind: "median" },
    stability_weights: typed.stability_weights,
    yearly_discount_rate: rounded(typed.yearly_discount_rate / 100),
    acquisition_cost_minor: Math.round(typed.acquisition_cost_minor * minorPerUnit),
    referral_share: rounded(typed.referral_share / 100),
    renewal_months: typed.renewal_months ?? before.renewal_months,
    care_strategies: strategies((name) => typed.care_strategies[name].trim() || null),
    max_rejected_share: rounded(typed.max_rejected_share / 100),
    min_cost_share: rounded(typed.min_cost_share / 100),
    period_months: typed.period_months ?? null,
    holdout_weeks: typed.holdout_weeks ?? null,
  };
}
