// What levels ask for, in words, each number in its unit.
import type { TFunction } from "i18next";
import type {
  Condition,
  Downgrade,
  LevelShown,
  Measure,
  Measured,
  Period,
  Rule,
} from "../../api/tiers";
import { ABSENT, type Format, minorDigits } from "../../i18n/format";
import { isMoneyFigure } from "../figures";

export type Unit = "money" | "count" | "months" | "probability" | "real" | "share" | "none";

export type TierWords = {
  t: TFunction;
  format: Format;
  currency: string;
  levels: readonly Pick<LevelShown, "code" | "zh" | "en">[];
};

/** What is measured, without a number to compare with. */
export type Measuring = { measure: Measure; figure?: string };

function figureUnit(figure: string): Unit {
  if (isMoneyFigure(figure)) return "money";
  if (figure === "x") return "count";
  return figure === "p_alive" ? "probability" : "real";
}

export function unitOf({ measure, figure }: Measuring): Unit {
  switch (measure) {
    case "orders":
      return "count";
    case "tenure_months":
      return "months";
    case "figure":
      return figureUnit(figure ?? "");
    case "percentile":
      return "share";
    case "organisation_level":
    case "nomination":
      return "none";
    default:
      return "money";
  }
}

/** How often the unit that is typed goes into the one that is sent: yuan are typed, fen are sent. */
export function scaleOf(unit: Unit, currency: string): number {
  if (unit === "money") return 10 ** minorDigits(currency);
  if (unit === "probability") return 0.01;
  return unit === "share" ? 10 : 1;
}

/** Whether only whole numbers are sent. */
export const isWhole = (unit: Unit) => unit !== "probability" && unit !== "real";

/** The number that a condition compares with, as it is sent. */
export function thresholdOf(condition: Condition): number | null {
  if ("at_least" in condition) return condition.at_least;
  return "top_per_mille" in condition ? condition.top_per_mille : null;
}

/** A number as it is sent, in words. */
export function amountText(value: number, unit: Unit, words: TierWords): string {
  const { format, currency } = words;
  switch (unit) {
    case "money":
      return format.moneyWhole({ minor: value, currency });
    case "months":
      return format.span(value, "month");
    case "probability":
      return format.percent(value);
    case "share":
      return format.percent(value / 1000);
    case "real":
      return format.number(value, 2);
    default:
      return format.count(value);
  }
}

export function levelName(code: string | null, words: Omit<TierWords, "currency">): string {
  if (code === null) return words.t("tiers.no_level");
  const level = words.levels.find((one) => one.code === code);
  if (!level) return code;
  return words.format.language === "zh-CN" ? level.zh : level.en;
}

/** What is measured, by name. */
export function measureName(of: Measuring, t: TFunction): string {
  const figure = of.figure ? t(`terms.figure.${of.figure}`, { defaultValue: of.figure }) : "";
  return t(`tiers.measured.${of.measure}`, { figure });
}

export function conditionText(condition: Condition, words: TierWords): string {
  const { t } = words;
  const figure =
    "figure" in condition
      ? t(`terms.figure.${condition.figure}`, { defaultValue: condition.figure })
      : "";
  const threshold = thresholdOf(condition);
  return t(`tiers.condition.${condition.measure}`, {
    figure,
    amount: threshold === null ? "" : amountText(threshold, unitOf(condition), words),
    level: "level" in condition ? levelName(condition.level, words) : "",
  });
}

export const takesAll = (rule: Rule) => "all" in rule;

/** What a customer has, needs and lacks; each as one reads it. */
export function measuredText(
  measured: Measured,
  words: TierWords,
): { have: string; missing: string | null; share: number } {
  const { t, format } = words;
  const unit = unitOf(measured);
  const { have, need, missing, met } = measured;
  if (measured.measure === "nomination") {
    return { have: t(met ? "tiers.nominated" : "tiers.not_nominated"), missing: null, share: +met };
  }
  if (measured.measure === "organisation_level") {
    const level = have === null ? null : (words.levels[have - 1]?.code ?? null);
    return { have: levelName(level, words), missing: null, share: +met };
  }
  if (have === null) return { have: t("tiers.unknown"), missing: null, share: 0 };
  if (unit === "share") {
    // The share of customers who have more, in ten-thousandths; of the first of all a share is shown as well.
    return {
      have: t("tiers.place", { share: format.percent(Math.max(have, 1) / 10_000, 2) }),
      missing: met ? null : t("tiers.missing_place", { points: format.number(missing / 100, 2) }),
      share: met ? 1 : Math.min(1, (need + 1) / Math.max(1, have)),
    };
  }
  // Figures that are no whole numbers are told in millionths.
  const scale = measured.measure === "figure" && !isWhole(unit) ? 1e6 : 1;
  return {
    have: amountText(have / scale, unit, words),
    missing: met ? null : t("tiers.missing", { amount: amountText(missing / scale, unit, words) }),
    share: met || need <= 0 ? 1 : Math.max(0, Math.min(1, have / need)),
  };
}

export function periodText(period: Period, t: TFunction): string {
  const months = period.kind === "rolling_months" ? period.months : 0;
  return t(`tiers.period.${period.kind}`, { months });
}

export function downgradeText(downgrade: Downgrade, t: TFunction): string {
  const days = downgrade.kind === "grace" ? downgrade.days : 0;
  return t(`tiers.downgrade.${downgrade.kind}`, { days });
}

/** A month counted from January of year 0, as a list shows it. */
export function monthText(month: number, format: Format): string {
  const year = Math.floor(month / 12);
  const text = `${year}-${String((month % 12) + 1).padStart(2, "0")}`;
  return year > 0 ? format.month(text) : ABSENT;
}
