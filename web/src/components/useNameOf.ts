// What has a name in each language, by its name in the reader's.
import { useTranslation } from "react-i18next";

export function useNameOf(): (of: { zh: string; en: string }) => string {
  const { i18n } = useTranslation();
  return (of) => (i18n.language === "zh-CN" ? of.zh : of.en);
}
