// The console's own words, so that a journey finds things by what a person reads, in either language.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import i18next, { type TFunction } from "i18next";

export type Language = "zh-CN" | "en";

const I18N = join(dirname(fileURLToPath(import.meta.url)), "../src/i18n");

function texts(language: Language): object {
  const folder = join(I18N, language);
  const files = readdirSync(folder).filter((name) => name.endsWith(".json"));
  return Object.fromEntries(
    files.map((name) => [
      name.replace(".json", ""),
      JSON.parse(readFileSync(join(folder, name), "utf8")),
    ]),
  );
}

export function words(locale: string | undefined): { language: Language; t: TFunction } {
  const language: Language = locale?.startsWith("zh") ? "zh-CN" : "en";
  const instance = i18next.createInstance();
  void instance.init({
    lng: language,
    fallbackLng: false,
    initAsync: false,
    interpolation: { escapeValue: false },
    resources: { [language]: { translation: texts(language) } },
  });
  return { language, t: instance.t };
}
