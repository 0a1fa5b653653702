// Everyday use: by keyboard, by address, in another language, on a phone.
import { expect, test } from "@playwright/test";
import { makeExampleFirm } from "./firm";
import { type Patron, startPatron } from "./patron";
import { settled, signIn } from "./person";
import { words } from "./words";

const VALUE_TABS = [
  "overview",
  "bucket",
  "pareto",
  "matrix",
  "loyalty",
  "cohorts",
  "validation",
  "runs",
  "comparison",
  "settings",
];

let patron: Patron;
test.beforeAll(async () => {
  test.setTimeout(240_000);
  patron = await startPatron();
  await makeExampleFirm(patron, 500);
});
test.afterAll(async () => {
  await patron?.stop();
});

test("the keyboard reaches everything", async ({ page, locale }) => {
  const { t } = words(locale);
  await signIn(page, patron, t);
  await page.goto(`${patron.url}/customers`);
  const links = page.getByRole("table").getByRole("link");
  await expect(links.nth(1)).toBeVisible();

  // / goes to the search, arrows walk the rows, Enter opens.
  await page.keyboard.press("/");
  await expect(page.getByLabel(t("customers.search"))).toBeFocused();
  await page.keyboard.press("ArrowDown");
  await expect(links.first()).toBeFocused();
  await page.keyboard.press("ArrowDown");
  await expect(links.nth(1)).toBeFocused();
  const name = (await links.nth(1).textContent()) ?? "";
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1, name })).toBeVisible();

  // Back finds the row again.
  await page.goBack();
  await expect(links.nth(1)).toBeFocused();

  // Ctrl-K goes anywhere, also when Enter comes right after the last letter.
  await page.keyboard.press("Control+k");
  const palette = page.getByRole("combobox", { name: t("app.search.placeholder") });
  await palette.fill(t("value.tab.cohorts"));
  await palette.press("Enter");
  await expect(page).toHaveURL(/\/value\/cohorts/);

  await page.keyboard.press("Control+k");
  await palette.fill(name);
  await palette.press("Enter");
  await expect(page.getByRole("heading", { level: 1, name })).toBeVisible();
});

test("a view stands in its address", async ({ page, locale }) => {
  const { t } = words(locale);
  await signIn(page, patron, t);
  await page.goto(`${patron.url}/value/matrix`);
  await settled(page);
  await page.getByRole("link", { name: new RegExp(`^${t("terms.class.E-I")}\\s`) }).click();
  await expect(page).toHaveURL(/class=E-I/);
  const links = page.getByRole("table").getByRole("link");
  await expect(links.first()).toBeVisible();

  const sorted = page.waitForResponse((answer) => answer.url().includes("sort=-value_at_risk"));
  await page.getByRole("columnheader", { name: t("terms.short.value_at_risk") }).click();
  await sorted;
  await settled(page);
  const address = page.url();
  const shown = await links.allTextContents();
  expect(shown.length).toBeGreaterThan(0);

  await page.goto("about:blank");
  await page.goto(address);
  await expect(links).toHaveText(shown);
});

test("language can be changed at any time", async ({ page, locale }) => {
  const { t, language } = words(locale);
  const other = words(language === "en" ? "zh-CN" : "en");
  const found = () => page.getByRole("heading", { name: other.t("value.overview.found") });
  await signIn(page, patron, t);
  await page.goto(`${patron.url}/value/overview`);
  await settled(page);
  await page.getByRole("button", { name: t("app.language") }).click();
  await page.getByRole("menuitem", { name: language === "en" ? "简体中文" : "English" }).click();
  await expect(found()).toBeVisible();
  await expect(page.locator("html")).toHaveAttribute("lang", other.language);
  await page.reload();
  await expect(found()).toBeVisible();
});

test("a phone shows every main screen without sideways scrolling", async ({ page, locale }) => {
  const { t } = words(locale);
  await signIn(page, patron, t);
  await page.setViewportSize({ width: 390, height: 844 });
  for (const path of ["/customers", "/imports", ...VALUE_TABS.map((tab) => `/value/${tab}`)]) {
    await page.goto(`${patron.url}${path}`);
    await settled(page);
    // Names what stands out, so that a failure says where to look.
    const beyond = await page.evaluate(() => {
      const width = document.documentElement.clientWidth;
      if (document.documentElement.scrollWidth <= width) return [];
      return [...document.querySelectorAll("body *")]
        .filter((part) => part.getBoundingClientRect().right > width + 1)
        .map((part) => part.outerHTML.slice(0, 160))
        .slice(0, 5);
    });
    expect(beyond, path).toEqual([]);
  }
});
