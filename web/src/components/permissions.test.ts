import i18next from "i18next";
import { describe, expect, it } from "vitest";
import { PERMISSIONS } from "../api/types";
import en from "../i18n/en";
import zh from "../i18n/zh-CN";
import { grouped, permissionText } from "./permissions";

describe.each([
  ["en", en],
  ["zh-CN", zh],
] as const)("permissions in %s", (language, texts) => {
  it("all have words, and stand under a heading", async () => {
    const words = i18next.createInstance();
    await words.init({ lng: language, resources: { [language]: { translation: texts } } });
    expect(PERMISSIONS.filter((one) => permissionText(one, words.t) === one)).toEqual([]);
    const headings: Record<string, string> = texts.access.permission_group;
    expect(grouped(PERMISSIONS).filter(([group]) => !headings[group])).toEqual([]);
  });
});

it("permissions are grouped by what they are about, none left out", () => {
  expect(grouped(["access.read", "customers.read", "users.manage", "customers.write"])).toEqual([
    ["access", ["access.read", "users.manage"]],
    ["customers", ["customers.read", "customers.write"]],
  ]);
});
