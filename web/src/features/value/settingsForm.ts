// Between the settings as the server keeps them and as people type them: shares as percent, money in
// whole units.
import type { CareStrategy, ValueSettings } from "../../api/types";

export type SettingsForm = Omit<
  ValueSettings,
  "version" | "acquisition_cost" | "care_strategies"
> & {
  acquisition_cost: number;
  care_strategies: Record<string, CareStrategy>;
};

export const SETTINGS_FIELDS = [
  "contribution_rule.kind",
  "contribution_rule.value",
  "stability_rule.kind",
  "stability_rule.value",
  "stability_weights.month",
  "stability_weights.quarter",
  "stability_weights.ticket",
  "yearly_discount_rate",
  "acquisition_cost",
  "referral_share",
  "model",
  "period_months",
  "holdout_weeks",
];

// 0.07 × 100 is 7.000000000000001; what people typed must come back as they typed it.
const rounded = (value: number) => Math.round(value * 1e10) / 1e10;

export function toForm(settings: ValueSettings, minorPerUnit: number): SettingsForm {
  const { kind, value } = settings.contribution_rule;
  return {
    ...settings,
    contribution_rule: {
      kind,
      value: rounded(kind === "absolute" ? value / minorPerUnit : value * 100),
    },
    yearly_discount_rate: rounded(settings.yearly_discount_rate * 100),
    referral_share: rounded(settings.referral_share * 100),
    acquisition_cost: settings.acquisition_cost.minor / minorPerUnit,
  };
}

export function fromForm(
  typed: SettingsForm,
  before: ValueSettings,
  minorPerUnit: number,
): ValueSettings {
  const { kind, value } = typed.contribution_rule;
  return {
    ...before,
    ...typed,
    version: before.version,
    contribution_rule: {
      kind,
      value: kind === "absolute" ? Math.round(value * minorPerUnit) : rounded(value / 100),
    },
    stability_rule: {
      kind: typed.stability_rule.kind,
      value: typed.stability_rule.kind === "absolute" ? typed.stability_rule.value : null,
    },
    yearly_discount_rate: rounded(typed.yearly_discount_rate / 100),
    referral_share: rounded(typed.referral_share / 100),
    acquisition_cost: {
      minor: Math.round(typed.acquisition_cost * minorPerUnit),
      currency: before.acquisition_cost.currency,
    },
    period_months: typed.period_months ?? null,
    holdout_weeks: typed.holdout_weeks ?? null,
    care_strategies: { ...before.care_strategies, ...typed.care_strategies },
  };
}
