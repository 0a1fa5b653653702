// The pictures in docs/images: the example firm, in both languages.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, type Page, test } from "@playwright/test";
import { type Patron, startPatron } from "./patron";
import { settled, signInFirst } from "./person";
import { words } from "./words";

const IMAGES = join(dirname(fileURLToPath(import.meta.url)), "../../docs/images");
const CUSTOMERS = "5000";
const VALUE_TABS = [
  "overview",
  "bucket",
  "pareto",
  "matrix",
  "loyalty",
  "cohorts",
  "validation",
  "exposure",
  "runs",
  "settings",
];

let patron: Patron;
test.beforeAll(async () => {
  patron = await startPatron();
});
test.afterAll(async () => {
  await patron?.stop();
});

test("the main screens", async ({ page, locale }) => {
  test.setTimeout(600_000);
  const { t, language } = words(locale);
  const ending = language === "en" ? "en" : "zh";
  const picture = async (name: string, target: Page = page) => {
    await settled(target);
    // Nothing under the pointer, no caret.
    await target.mouse.move(0, 0);
    await target.screenshot({
      path: join(IMAGES, `${name}-${ending}.png`),
      caret: "hide",
      animations: "disabled",
    });
  };

  await signInFirst(page, patron, t);
  await picture("start");
  await page.getByLabel(t("start.data.example.customers")).fill(CUSTOMERS);
  await page.getByRole("button", { name: t("start.data.example.action") }).click();
  await expect(page.getByRole("heading", { name: t("start.look.title") })).toBeVisible({
    timeout: 500_000,
  });

  for (const tab of VALUE_TABS) {
    await page.goto(`${patron.url}/value/${tab}`);
    await picture(`value-${tab}`);
  }
  await page.goto(`${patron.url}/customers`);
  await picture("customers");
  await page.getByRole("table").getByRole("link").first().click();
  await expect(page.getByRole("heading", { name: t("customers.why.class") })).toBeVisible();
  await picture("customer");
  const customer = page.url();
  for (const tab of ["record", "consents", "tiers"]) {
    await page.goto(`${customer}?tab=${tab}`);
    await picture(`customer-${tab}`);
  }
  await page.goto(`${patron.url}/tiers/programmes`);
  await picture("tiers");
  await page.getByRole("table").getByRole("link").first().click();
  await page.getByRole("button", { name: t("tiers.version.begin", { number: 1 }) }).click();
  await expect(page.getByRole("button", { name: t("tiers.edit.save") })).toBeVisible();
  await picture("tiers-draft");
  await page.getByRole("tab", { name: t("tiers.tab.simulation") }).click();
  await page.getByRole("button", { name: t("tiers.simulation.start") }).click();
  await expect(page.getByText(t("tiers.simulation.lose_clv"), { exact: true })).toBeVisible();
  await picture("tiers-simulation");
  for (const tab of ["users", "roles", "places", "contact", "audit"]) {
    await page.goto(`${patron.url}/settings/${tab}`);
    await picture(`settings-${tab}`);
  }

  await page.goto(`${patron.url}/account`);
  await picture("account");

  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(`${patron.url}/value/overview`);
  await picture("phone");
});
