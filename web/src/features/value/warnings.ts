import type { TFunction } from "i18next";
import type { RunWarning } from "../../api/types";
import { modelText } from "../../components/Explained";

/** A warning of a run in the reader's language; one unknown here keeps the engine's own words. */
export function warningText(warning: RunWarning, t: TFunction): string {
  const text = t(`value.warning.${warning.code}`, { defaultValue: warning.message });
  if (!warning.model) return text;
  return t("value.model_says", { model: modelText(warning.model, t), text });
}
