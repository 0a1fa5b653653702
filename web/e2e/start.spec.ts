// The first start with an example firm, then every main screen: reachable, accessible, in words.
import { expect, test } from "@playwright/test";
import { type Patron, startPatron } from "./patron";
import { isAccessible, settled, signIn, signInFirst } from "./person";
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

test.describe.configure({ mode: "serial" });
let patron: Patron;
test.beforeAll(async () => {
  patron = await startPatron();
});
test.afterAll(async () => {
  await patron?.stop();
});

test("the walk-through leads from nothing to the value of an example firm", async ({
  page,
  locale,
}) => {
  const { t } = words(locale);
  await page.goto(`${patron.url}/`);
  await isAccessible(page, "sign-in");
  await signInFirst(page, patron, t);

  await page.getByLabel(t("start.data.example.customers")).fill("1000");
  await page.getByRole("button", { name: t("start.data.example.action") }).click();
  // The example firm brings its first value run with it.
  await expect(page.getByRole("heading", { name: t("start.look.title") })).toBeVisible({
    timeout: 150_000,
  });
  await isAccessible(page, "third step");
  await page.getByRole("button", { name: t("start.look.overview") }).click();
  await expect(page.getByRole("heading", { name: t("value.overview.found") })).toBeVisible();
});

for (const theme of ["light", "dark"] as const) {
  test(`every main screen is accessible in the ${theme} theme`, async ({ page, locale }) => {
    const { t } = words(locale);
    await page.emulateMedia({ colorScheme: theme });
    await signIn(page, patron, t);
    const screens = [...VALUE_TABS.map((tab) => `/value/${tab}`), "/customers", "/imports"];
    for (const path of [...screens, "/imports/new", "/activity", "/start", "/nowhere"]) {
      await page.goto(`${patron.url}${path}`);
      await isAccessible(page, `${path} ${theme}`);
    }
  });
}

test("the keyboard reaches everything", async ({ page, locale }) => {
  const { t } = words(locale);
  await signIn(page, patron, t);
  await page.goto(`${patron.url}/customers`);
  await settled(page);

  // / goes to the search, arrows walk the rows, Enter opens.
  await page.keyboard.press("/");
  await expect(page.getByLabel(t("customers.search"))).toBeFocused();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  const second = page.getByRole("table").getByRole("link").nth(1);
  await expect(second).toBeFocused();
  const name = (await second.textContent()) ?? "";
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1, name })).toBeVisible();

  // Back finds the row again.
  await page.goBack();
  await expect(page.getByRole("table").getByRole("link", { name }).first()).toBeFocused();

  // Ctrl-K goes anywhere.
  await page.keyboard.press("Control+k");
  await page
    .getByRole("combobox", { name: t("app.search.placeholder") })
    .fill(t("value.tab.cohorts"));
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/value\/cohorts/);
});

test("a view stands in its address", async ({ page, locale }) => {
  const { t } = words(locale);
  await signIn(page, patron, t);
  await page.goto(`${patron.url}/value/matrix`);
  await settled(page);
  await page.getByRole("link", { name: new RegExp(`^${t("terms.class.E-I")}\\s`) }).click();
  await expect(page).toHaveURL(/class=E-I/);
  await settled(page);
  await page.getByRole("columnheader", { name: t("terms.short.value_at_risk") }).click();
  await expect(page).toHaveURL(/sort=-value_at_risk/);
  await settled(page);
  const shown = await page.getByRole("table").getByRole("link").allTextContents();
  expect(shown.length).toBeGreaterThan(0);
  await page.reload();
  await settled(page);
  await expect(page.getByRole("table").getByRole("link")).toHaveText(shown);
});

test("language and theme can be changed at any time", async ({ page, locale }) => {
  const { t, language } = words(locale);
  const other = words(language === "en" ? "zh-CN" : "en");
  await signIn(page, patron, t);
  await page.goto(`${patron.url}/value/overview`);
  await settled(page);
  await page.getByRole("button", { name: t("app.language") }).click();
  await page.getByRole("menuitem", { name: language === "en" ? "简体中文" : "English" }).click();
  await expect(page.getByRole("heading", { name: other.t("value.overview.found") })).toBeVisible();
  await expect(page.locator("html")).toHaveAttribute("lang", other.language);
  await page.reload();
  await expect(page.getByRole("heading", { name: other.t("value.overview.found") })).toBeVisible();
});

test("a phone shows every main screen without sideways scrolling", async ({ page, locale }) => {
  const { t } = words(locale);
  await signIn(page, patron, t);
  await page.setViewportSize({ width: 390, height: 844 });
  for (const path of ["/customers", "/imports", ...VALUE_TABS.map((tab) => `/value/${tab}`)]) {
    await page.goto(`${patron.url}${path}`);
    await settled(page);
    const beyond = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect(beyond, path).toBeLessThanOrEqual(0);
  }
});
