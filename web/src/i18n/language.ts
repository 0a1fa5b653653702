// Which languages there are, and which one a browser asks for.
export const LANGUAGES = ["zh-CN", "en"] as const;
export type Language = (typeof LANGUAGES)[number];

export function languageFrom(stored: string | null, browser: readonly string[]): Language {
  if (stored === "zh-CN" || stored === "en") return stored;
  for (const wanted of browser) {
    if (wanted.toLowerCase().startsWith("zh")) return "zh-CN";
    if (wanted.toLowerCase().startsWith("en")) return "en";
  }
  return "en";
}
