import type { TFunction } from "i18next";
import type { RunWarning } from "../../api/types";

/** A warning of a run in the reader's language; one unknown here keeps the engine's own words. */
export function warningText(warning: RunWarning, t: TFunction): string {
  return t(`value.warning.${warning.code}`, { defaultValue: warning.message });
}
