// A draft as it is typed: money in whole units, shares in percent. What is sent says the same in the API's units.
import type {
  Condition,
  Downgrade,
  Landing,
  Level,
  Measure,
  Period,
  Rule,
  TierDocument,
} from "../../api/tiers";
import { conditionsOf } from "../../api/tiers";
import {
  isWhole,
  scaleOf,
  takesAll,
  thresholdOf,
  unitOf,
} from "../../components/tiers/conditionWords";

export type ConditionForm = {
  measure: Measure;
  figure?: string;
  amount?: number | null;
  level?: string;
};
export type RuleForm = { takes: "all" | "any"; conditions: ConditionForm[] };
export type LevelForm = {
  code: string;
  zh: string;
  en: string;
  colour: string;
  qualify: RuleForm;
  /** Whether it is kept by other rules than those that earn it. */
  own_keep: boolean;
  keep: RuleForm;
};
export type DraftForm = {
  levels: LevelForm[];
  period: { kind: Period["kind"]; months: number };
  downgrade: { kind: Downgrade["kind"]; days: number };
  landing: Landing;
  notice_days: number;
  effective_on: string | null;
};

export const PERIODS: Period["kind"][] = ["rolling_months", "calendar_year", "membership_year"];
export const DOWNGRADES: Downgrade["kind"][] = ["grace", "period_end", "at_once", "never"];
export const LANDINGS: Landing[] = ["one_level", "earned"];
export const LEVELS_MOST = 12;
export const CONDITIONS_MOST = 10;

const USUAL_MONTHS = 12;
const USUAL_GRACE_DAYS = 60;
const USUAL_FIGURE = "clv_36m";

export const newCondition = (): ConditionForm => ({ measure: "spend", amount: null });
export const newRule = (): RuleForm => ({ takes: "any", conditions: [newCondition()] });
export const newLevel = (): LevelForm => ({
  code: "",
  zh: "",
  en: "",
  colour: "#8c8c8c",
  qualify: newRule(),
  own_keep: false,
  keep: newRule(),
});

/** Free of what binary fractions add. */
const tidy = (number: number) => Number(number.toPrecision(12));

function conditionToForm(condition: Condition, currency: string): ConditionForm {
  const threshold = thresholdOf(condition);
  const scale = scaleOf(unitOf(condition), currency);
  return {
    measure: condition.measure,
    figure: "figure" in condition ? condition.figure : undefined,
    amount: threshold === null ? undefined : tidy(threshold / scale),
    level: "level" in condition ? condition.level : undefined,
  };
}

/** What is typed, as the API takes it. */
export function amountToSend(amount: number, of: ConditionForm, currency: string): number {
  const unit = unitOf(of);
  const scaled = tidy(amount * scaleOf(unit, currency));
  return isWhole(unit) ? Math.round(scaled) : scaled;
}

function conditionFromForm(typed: ConditionForm, currency: string): Condition {
  const amount = amountToSend(typed.amount ?? 0, typed, currency);
  const figure = typed.figure ?? USUAL_FIGURE;
  switch (typed.measure) {
    case "figure":
      return { measure: "figure", figure, at_least: amount };
    case "percentile":
      return { measure: "percentile", figure, top_per_mille: amount };
    case "organisation_level":
      return { measure: "organisation_level", level: typed.level ?? "" };
    case "nomination":
      return { measure: "nomination" };
    default:
      return { measure: typed.measure, at_least: amount };
  }
}

const ruleToForm = (rule: Rule, currency: string): RuleForm => ({
  takes: takesAll(rule) ? "all" : "any",
  conditions: conditionsOf(rule).map((one) => conditionToForm(one, currency)),
});

function ruleFromForm(typed: RuleForm, currency: string): Rule {
  const conditions = (typed.conditions ?? []).map((one) => conditionFromForm(one, currency));
  return typed.takes === "all" ? { all: conditions } : { any: conditions };
}

export function toForm(document: TierDocument, currency: string): DraftForm {
  const { period, downgrade } = document;
  return {
    levels: document.levels.map((level) => ({
      code: level.code,
      zh: level.zh,
      en: level.en,
      colour: level.colour,
      qualify: ruleToForm(level.qualify, currency),
      own_keep: level.keep !== null && level.keep !== undefined,
      keep: ruleToForm(level.keep ?? level.qualify, currency),
    })),
    period: {
      kind: period.kind,
      months: period.kind === "rolling_months" ? period.months : USUAL_MONTHS,
    },
    downgrade: {
      kind: downgrade.kind,
      days: downgrade.kind === "grace" ? downgrade.days : USUAL_GRACE_DAYS,
    },
    landing: document.landing,
    notice_days: document.notice_days,
    effective_on: document.effective_on,
  };
}

export function fromForm(typed: DraftForm, currency: string): TierDocument {
  const level = (of: LevelForm): Level => ({
    code: of.code,
    zh: of.zh.trim(),
    en: of.en.trim(),
    colour: of.colour,
    qualify: ruleFromForm(of.qualify, currency),
    keep: of.own_keep ? ruleFromForm(of.keep, currency) : null,
  });
  const { period, downgrade } = typed;
  return {
    schema: 1,
    levels: (typed.levels ?? []).map(level),
    period:
      period.kind === "rolling_months"
        ? { kind: "rolling_months", months: period.months }
        : { kind: period.kind },
    downgrade:
      downgrade.kind === "grace"
        ? { kind: "grace", days: downgrade.days }
        : { kind: downgrade.kind },
    landing: typed.landing,
    notice_days: typed.notice_days,
    effective_on: typed.effective_on ?? "",
  };
}

type Place = (string | number)[];

/** Where the form shows what the server says of a field: `levels[0].keep[1].at_least`. */
export function placeOf(field: string): Place | null {
  const parts = field.match(/[^.[\]]+/g) ?? [];
  const place: Place = parts.map((part) => (/^\d+$/.test(part) ? Number(part) : part));
  if (place[0] !== "levels") {
    return ["period", "downgrade", "notice_days", "effective_on", "landing"].includes(
      String(place[0]),
    )
      ? place
      : null;
  }
  const [levels, index, part, condition, name] = place;
  // What is said of all levels, of a whole rule or of a whole condition stands where that begins.
  if (index === undefined) return null;
  if (part !== "qualify" && part !== "keep") return place;
  if (condition === undefined) return [levels ?? "", index, part, "takes"];
  const typed = name === "at_least" || name === "top_per_mille" ? "amount" : (name ?? "measure");
  return [levels ?? "", index, part, "conditions", condition, typed];
}

/** Which of the console's sentences says what is wrong with a field. */
export function faultOf(field: string): string {
  const parts = (field.match(/[^.[\]]+/g) ?? []).filter((part) => !/^\d+$/.test(part));
  const last = parts[parts.length - 1] ?? "";
  return last === "top_per_mille" || last === "at_least" ? "amount" : last;
}
