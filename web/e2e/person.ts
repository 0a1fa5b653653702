// What a person does on many screens.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { expect, type Page } from "@playwright/test";
import type { TFunction } from "i18next";
import type { Patron } from "./patron";

export const OWN_PASSWORD = "a-password-of-my-own";

const axeSource = readFileSync(
  createRequire(import.meta.url).resolve("axe-core/axe.min.js"),
  "utf8",
);

type Violation = { id: string; impact: string | null; help: string; nodes: { html: string }[] };

/** Nothing serious or critical stands in the way of people who use assistive technology. */
export async function isAccessible(page: Page, screen: string): Promise<void> {
  await settled(page);
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(axeSource);
  const violations = await page.evaluate(async () => {
    const axe = (
      window as unknown as { axe: { run: (o: object) => Promise<{ violations: Violation[] }> } }
    ).axe;
    return (await axe.run({ resultTypes: ["violations"] })).violations;
  });
  const grave = violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(
      ({ id, help, nodes }) =>
        `${id}: ${help}\n  ${nodes
          .slice(0, 3)
          .map((n) => n.html)
          .join("\n  ")}`,
    );
  expect(grave, `axe on ${screen}`).toEqual([]);
}

/** The screen has what it was waiting for. */
export async function settled(page: Page): Promise<void> {
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await expect(page.locator(".ant-skeleton, .ant-spin-spinning")).toHaveCount(0);
  // In the middle of a fade a text has neither its own colour nor its place.
  await page.waitForFunction(() =>
    document
      .getAnimations()
      .every(
        (one) =>
          one.playState !== "running" || one.effect?.getComputedTiming().iterations === Infinity,
      ),
  );
}

/** People read words: no name of the program's own stands on the screen, and no place left unfilled. */
export async function isInWords(page: Page, screen: string): Promise<void> {
  await settled(page);
  const text = await page.locator("body").innerText();
  const strange = text.match(/\b[a-z]{3,}_[a-z_]{2,}\b|\{\{\w+\}\}|\b(?:NaN|undefined|null)\b/g);
  expect(strange, `words on ${screen}`).toBeNull();
}

/** Signs in with the one-time password and sets an own one. */
export async function signInFirst(
  page: Page,
  patron: Pick<Patron, "url" | "login" | "oneTimePassword">,
  t: TFunction,
): Promise<void> {
  await page.goto(`${patron.url}/`);
  await page.getByLabel(t("app.sign_in.login")).fill(patron.login);
  await page.getByLabel(t("app.sign_in.password")).fill(patron.oneTimePassword);
  await page.getByRole("button", { name: t("app.sign_in.enter"), exact: true }).click();

  await expect(page.getByRole("heading", { name: t("app.set_password.title") })).toBeVisible();
  await page.getByLabel(t("app.set_password.one_time")).fill(patron.oneTimePassword);
  await page.getByLabel(t("app.set_password.new"), { exact: true }).fill(OWN_PASSWORD);
  await page.getByLabel(t("app.set_password.again")).fill(OWN_PASSWORD);
  await page.getByRole("button", { name: t("app.set_password.save") }).click();
  await expect(page.getByRole("navigation", { name: t("app.rooms") })).toBeVisible();
}

/** Signs in with the password set before. */
export async function signIn(
  page: Page,
  patron: Patron,
  t: TFunction,
  login = patron.login,
): Promise<void> {
  await page.goto(`${patron.url}/#login=${login}&password=${OWN_PASSWORD}`);
  await page.getByRole("button", { name: t("app.sign_in.enter"), exact: true }).click();
  await expect(page.getByRole("navigation", { name: t("app.rooms") })).toBeVisible();
}

/** Chooses in the dialog that is open. */
export async function choose(page: Page, label: string, option: string): Promise<void> {
  await page.getByRole("dialog").getByLabel(label, { exact: true }).click();
  await page.getByTitle(option, { exact: true }).last().click();
}

/** Saves the dialog that is open, and it is gone. */
export async function saves(page: Page, t: TFunction): Promise<void> {
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: t("record.save"), exact: true }).click();
  await expect(dialog).toBeHidden();
}

/** A text with values filled in, as a pattern that lets any value stand there. */
export function anyValue(text: string): RegExp {
  const escaped = text.replace(/[.*+?^$()|[\]\\{}]/g, "\\$&");
  return new RegExp(escaped.replace(/\\\{\\\{\w+\\\}\\\}/g, ".+"));
}
