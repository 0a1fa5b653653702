// The languages customers are spoken to in.
import { useTranslation } from "react-i18next";

export const LANGUAGES_SPOKEN = ["zh-CN", "zh-HK", "zh-TW", "en"] as const;

export function useLanguageName(): (code: string) => string {
  const { t } = useTranslation();
  return (code) => t(`record.preferences.languages.${code}`, { defaultValue: code });
}
