// The two languages. The one in use is loaded alone; the other arrives when somebody switches.
import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import { type Language, languageFrom } from "./language";

export { LANGUAGES, type Language, languageFrom } from "./language";

/** Words that the first screen does without: they come with the code of their room. */
const LATER = {
  tiers: { "zh-CN": () => import("./zh-CN/tiers.json"), en: () => import("./en/tiers.json") },
} as const;
export type LaterRoom = keyof typeof LATER;
const entered = new Set<LaterRoom>();
/** The address may ask for a room before there are any words. */
let begun = () => {};
const ready = new Promise<void>((resolve) => {
  begun = resolve;
});

const STORED = "patron.language";

async function texts(language: Language) {
  const loaded = language === "zh-CN" ? await import("./zh-CN/index") : await import("./en/index");
  return loaded.default;
}

async function add(room: LaterRoom, language: Language): Promise<void> {
  const words = { [room]: (await LATER[room][language]()).default };
  i18next.addResourceBundle(language, "translation", words, true);
}

/** The code of a room together with its words. */
export async function withWords<Code>(room: LaterRoom, code: Promise<Code>): Promise<Code> {
  entered.add(room);
  await ready;
  const language = i18next.language === "zh-CN" ? "zh-CN" : "en";
  const [loaded] = await Promise.all([code, add(room, language)]);
  return loaded;
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
  begun();
}

function settle(language: Language): void {
  document.documentElement.lang = language;
}

export async function changeLanguage(language: Language): Promise<void> {
  if (!i18next.hasResourceBundle(language, "translation")) {
    i18next.addResourceBundle(language, "translation", await texts(language));
  }
  await Promise.all([...entered].map((room) => add(room, language)));
  localStorage.setItem(STORED, language);
  settle(language);
  await i18next.changeLanguage(language);
}
