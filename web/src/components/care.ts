// What to do for the customers of a class: in the firm's own words, else in the console's.
import { useTranslation } from "react-i18next";
import { useValueSettings } from "../api/queries";
import type { CareStrategies, ValueClass } from "../api/types";

/** The classes a firm may write its own strategy for. */
export const CARED_FOR = ["E-I", "E-II", "E-III", "E-IV"] as const;

export function ownStrategy(of: ValueClass, own: CareStrategies | undefined): string | null {
  const found = CARED_FOR.find((name) => name === of);
  return (found && own?.[found]?.trim()) || null;
}

/** Says what to do for a class. Until the settings are there, and without them, the console's words. */
export function useCare(): (of: ValueClass) => string {
  const { t } = useTranslation();
  const own = useValueSettings().data?.care_strategies;
  return (of) => ownStrategy(of, own) ?? t(`terms.care.${of}`);
}
