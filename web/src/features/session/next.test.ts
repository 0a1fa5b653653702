import { expect, it } from "vitest";
import { insideOnly } from "./next";

it("goes back to where one was", () => {
  expect(insideOnly("/customers?class=E-I")).toBe("/customers?class=E-I");
});

it("never leads out of the console, whatever a link says", () => {
  for (const bad of [
    null,
    "",
    "https://evil.example",
    "//evil.example",
    "/\\evil.example",
    "/sign-in",
  ]) {
    expect(insideOnly(bad)).toBe("/");
  }
});
