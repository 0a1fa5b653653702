// One threshold of a draft moved over several values.
import type { TFunction } from "i18next";
import { type Condition, type Curve, conditionsOf, type TierDocument } from "../../api/tiers";
import {
  conditionText,
  isWhole,
  levelName,
  type TierWords,
  thresholdOf,
  unitOf,
} from "../../components/tiers/conditionWords";

export type Threshold = {
  /** Names it in a list of choices. */
  key: string;
  level: string;
  of_keep: boolean;
  condition: number;
  of: Condition;
};

/** The thresholds that can be moved: those that compare with a number. */
export function thresholdsOf(document: TierDocument): Threshold[] {
  return document.levels.flatMap((level) =>
    [false, true].flatMap((of_keep) => {
      const rule = of_keep ? level.keep : level.qualify;
      return (rule ? conditionsOf(rule) : []).flatMap((of, condition) =>
        thresholdOf(of) === null
          ? []
          : [
              {
                key: `${level.code}/${of_keep}/${condition}`,
                level: level.code,
                of_keep,
                condition,
                of,
              },
            ],
      );
    }),
  );
}

export function thresholdText(of: Threshold, words: TierWords): string {
  return words.t("tiers.sensitivity.threshold", {
    level: levelName(of.level, words),
    part: words.t(of.of_keep ? "tiers.edit.keep" : "tiers.edit.qualify"),
    condition: conditionText(of.of, words),
  });
}

export const STEPS_MOST = 25;

/** Values from one to another in even steps, each once, as they are sent. */
export function valuesBetween(of: Condition, from: number, to: number, steps: number): number[] {
  const whole = isWhole(unitOf(of));
  const values = Array.from({ length: Math.min(STEPS_MOST, Math.max(2, steps)) }, (_, index) => {
    const value = from + ((to - from) * index) / (Math.max(2, Math.min(STEPS_MOST, steps)) - 1);
    return whole ? Math.round(value) : Number(value.toPrecision(12));
  });
  return [...new Set(values)].sort((one, other) => one - other);
}

/** How many have the level or a higher one, at a point of the curve. */
export function holdersFrom(
  point: Curve["points"][number],
  level: string,
  codes: readonly string[],
): number {
  const from = codes.indexOf(level);
  return point.levels
    .filter((count) => count.level !== null && codes.indexOf(count.level) >= from)
    .reduce((sum, count) => sum + count.customers, 0);
}

/** What the curve shows, in a sentence. */
export function curveFinding(
  curve: Curve,
  codes: readonly string[],
  name: string,
  text: (value: number) => string,
  t: TFunction,
  count: (customers: number) => string,
): string {
  const first = curve.points[0];
  const last = curve.points[curve.points.length - 1];
  if (!first || !last) return t("tiers.sensitivity.title");
  const before = holdersFrom(first, curve.asked.level, codes);
  const after = holdersFrom(last, curve.asked.level, codes);
  const said = {
    level: name,
    from: text(first.value),
    to: text(last.value),
    before: count(before),
    after: count(after),
  };
  return t(before === after ? "tiers.sensitivity.flat" : "tiers.sensitivity.finding", said);
}
