// The console's own words, so that a journey finds things by what a person reads, in either language.
import i18next, { type TFunction } from "i18next";
import en from "../src/i18n/en";
import zh from "../src/i18n/zh-CN";

export type Language = "zh-CN" | "en";

export function words(locale: string | undefined): { language: Language; t: TFunction } {
  const language: Language = locale?.startsWith("zh") ? "zh-CN" : "en";
  const instance = i18next.createInstance();
  void instance.init({
    lng: language,
    fallbackLng: false,
    initAsync: false,
    interpolation: { escapeValue: false },
    resources: { en: { translation: en }, "zh-CN": { translation: zh } },
  });
  return { language, t: instance.t };
}
