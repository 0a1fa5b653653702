// The two languages. The one in use is loaded alone; the other arrives when somebody switches.
import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import { type Language, languageFrom } from "./language";

export { LANGUAGES, type Language, languageFrom } from "./language";

const STORED = "patron.language";

async function texts(language: Language) {
  const loaded = language === "zh-CN" ? await import("./zh-CN/index") : await import("./en/index");
  return loaded.default;
}

export async function startI18n(): Promise<void> {
  const language = languageFrom(localStorage.getItem(STORED), navigator.languages);
  await i18next.use(initReactI18next).init({
    lng: language,
    fallbackLng: false,
    interpolation: { escapeValue: false },
    resources: { [language]: { translation: await texts(language) } },
  });
  settle(language);
}

function settle(language: Language): void {
  document.documentElement.lang = language;
}

export async function changeLanguage(language: Language): Promise<void> {
  if (!i18next.hasResourceBundle(language, "translation")) {
    i18next.addResourceBundle(language, "translation", await texts(language));
  }
  localStorage.setItem(STORED, language);
  settle(language);
  await i18next.changeLanguage(language);
}
