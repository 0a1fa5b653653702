// How the console writes them: in the language in use.
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { type Format, formatFor } from "./formatFor";

export * from "./formatFor";

export function useFormat(): Format {
  const { i18n } = useTranslation();
  return useMemo(() => formatFor(i18n.language), [i18n.language]);
}
