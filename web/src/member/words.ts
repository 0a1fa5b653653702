// The page's words, both languages at once: they are few.
import { createContext, useContext } from "react";
import en from "../i18n/en/member.json";
import { type Format, formatFor } from "../i18n/formatFor";
import type { Language } from "../i18n/language";
import zh from "../i18n/zh-CN/member.json";

export type Word = keyof typeof en;
type Values = Record<string, string | number>;
type Named = { zh: string; en: string };

const WORDS: Record<Language, Record<Word, string>> = { "zh-CN": zh, en };

export type Speech = {
  language: Language;
  format: Format;
  say: (word: Word, values?: Values) => string;
  /** What something is called in the language in use. */
  name: (of: Named) => string;
};

export function speechIn(language: Language): Speech {
  return {
    language,
    format: formatFor(language),
    say: (word, values = {}) =>
      WORDS[language][word].replace(/\{\{(\w+)\}\}/g, (_, place: string) =>
        String(values[place] ?? ""),
      ),
    name: (of) => (language === "zh-CN" ? of.zh : of.en),
  };
}

export const SpeechContext = createContext<Speech>(speechIn("en"));
export const useSpeech = () => useContext(SpeechContext);
