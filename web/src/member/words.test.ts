import { describe, expect, it } from "vitest";
import en from "../i18n/en/member.json";
import zh from "../i18n/zh-CN/member.json";
import { speechIn } from "./words";

const places = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map((hit) => hit[1]).sort();

describe("the words of a customer's page", () => {
  it("are the same in both languages, with the same places", () => {
    expect(Object.keys(zh).sort()).toEqual(Object.keys(en).sort());
    for (const [word, text] of Object.entries(en)) {
      const chinese = zh[word as keyof typeof zh];
      expect(places(chinese), word).toEqual(places(text));
      expect(chinese, word).toMatch(/\p{Script=Han}|^\{\{/u);
    }
  });

  it("are filled in", () => {
    expect(speechIn("en").say("to_next", { level: "Gold" })).toBe("To Gold");
    expect(speechIn("zh-CN").name({ zh: "金卡", en: "Gold" })).toBe("金卡");
  });
});
