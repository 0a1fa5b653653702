// Everyday use: by keyboard, by address, in another language, on a phone; a list taken away as a file,
// and the firm's own rules.
import { readFile } from "node:fs/promises";
import { expect, type Page, test } from "@playwright/test";
import { makeExampleFirm } from "./firm";
import { type Patron, startPatron } from "./patron";
import { isAccessible, isInWords, settled, signIn } from "./person";
import { words } from "./words";

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
  "comparison",
  "settings",
];
const CUSTOMER_TABS = [
  "overview",
  "record",
  "contacts",
  "subscriptions",
  "identities",
  "consents",
  "tiers",
  "transactions",
  "timeline",
];
const SETTINGS_TABS = [
  "users",
  "roles",
  "places",
  "fields",
  "contact",
  "panels",
  "webhooks",
  "audit",
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
  const { items } = await (
    await page.request.get(`${patron.url}/api/v1/value/profiles?kind=organisation&limit=1`)
  ).json();
  const customer = `/customers/${items[0].customer.id}`;
  for (const path of [
    "/customers",
    "/imports",
    "/exports",
    "/account",
    ...VALUE_TABS.map((tab) => `/value/${tab}`),
    ...CUSTOMER_TABS.map((tab) => `${customer}?tab=${tab}`),
    ...SETTINGS_TABS.map((tab) => `/settings/${tab}`),
  ]) {
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

test("the list of customers is exported as it is shown", async ({ page, locale }) => {
  const { t } = words(locale);
  await signIn(page, patron, t);
  await page.goto(`${patron.url}/customers?class=E-I,E-II&cols=class,value,p_alive`);
  await settled(page);
  const counted = await fetchCount(page, "class=E-I,E-II");
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: t("customers.export.open"), exact: true }).click();
  await page.getByRole("menuitem", { name: t("customers.export.shown") }).click();
  const file = await readFile(await (await download).path(), "utf8");
  const [head, ...lines] = file.replace("\ufeff", "").trimEnd().split("\r\n");
  expect(head).toBe(
    [
      t("customers.export.number"),
      t("customers.export.name"),
      t("customers.column.class"),
      `${t("terms.figure.value")} (CNY)`,
      t("terms.figure.p_alive"),
    ].join(","),
  );
  expect(lines).toHaveLength(counted);
  expect(new Set(lines.map((line) => line.split(",")[2]))).toEqual(
    new Set([t("terms.class.E-I"), t("terms.class.E-II")]),
  );
  const values = lines.map((line) => Number(line.split(",")[3]));
  expect(values).toEqual([...values].sort((one, other) => other - one));
});

async function fetchCount(page: Page, filter: string): Promise<number> {
  const answer = await page.request.get(`${patron.url}/api/v1/value/profiles/count?${filter}`);
  return (await answer.json()).rows;
}

test("the firm says what to do for a class, and people find it there", async ({ page, locale }) => {
  const { t } = words(locale);
  const own = `${t("terms.class.E-I")}: 400-800`;
  await signIn(page, patron, t);
  await page.goto(`${patron.url}/value/settings`);
  const field = page.getByRole("textbox", { name: t("terms.class_meaning.E-I") });
  await expect(field).toHaveAttribute("placeholder", t("terms.care.E-I"));
  await field.fill(own);

  // What does not add up is said before anything is sent.
  const weight = page.getByLabel(t("value.settings.weight.ticket"));
  await weight.fill("0.4");
  await page.getByRole("button", { name: t("value.settings.save") }).click();
  await expect(page.getByText(t("value.settings.weights_sum", { sum: "1.2" }))).toBeVisible();
  await weight.fill("0.2");
  await page.getByRole("button", { name: t("value.settings.save") }).click();
  await expect(page.getByText(t("value.settings.saved"), { exact: true })).toBeVisible();

  await page.goto(`${patron.url}/value/matrix`);
  await expect(page.getByText(own)).toBeVisible();
  await expect(page.getByText(t("terms.care.E-II"))).toBeVisible();
  await page.goto(`${patron.url}/customers?class=E-I`);
  await page.getByRole("table").getByRole("link").first().click();
  await expect(page.getByRole("heading", { name: t("customers.why.care") })).toBeVisible();
  await expect(page.getByText(own)).toBeVisible();
});

test("a list is narrowed while a search is still being typed, and kept as a view", async ({
  page,
  locale,
}) => {
  const { t } = words(locale);
  await signIn(page, patron, t);
  await page.goto(`${patron.url}/customers?class=E-I&min_last_purchase=2020-01-31`);
  await settled(page);
  await expect(page.getByText(t("app.generated"))).toBeVisible();
  const chip = `${t("customers.column.class")}: ${t("terms.class.E-I")}`;
  const drop = page.getByRole("button", { name: t("customers.drop_filter", { what: chip }) });
  await expect(drop).toBeVisible();
  // Within the pause in which the search waits for more letters.
  await page.getByLabel(t("customers.search")).fill("0");
  await drop.click();
  await expect(page).toHaveURL(/q=0/);
  await expect(drop).toHaveCount(0);
  await expect(page).not.toHaveURL(/class=/);
  await expect(page).toHaveURL(/q=0/);
  await expect(page).toHaveURL(/min_last_purchase=2020-01-31/);

  await page.getByRole("button", { name: t("customers.views.open") }).click();
  await page.getByRole("button", { name: t("customers.views.save") }).click();
  const dialog = page.getByRole("dialog", { name: t("customers.views.title") });
  await expect(dialog).toBeVisible();
  await dialog.getByLabel(t("customers.views.name")).fill("0-0");
  await dialog.getByRole("button", { name: t("customers.views.keep") }).click();
  await expect(dialog).toBeHidden();
  await page.goto(`${patron.url}/customers`);
  await page.getByRole("button", { name: t("customers.views.open") }).click();
  await isAccessible(page, "saved views");
  await page.getByRole("link", { name: "0-0", exact: true }).click();
  await expect(page).toHaveURL(/min_last_purchase=2020-01-31/);
  await expect(page).toHaveURL(/q=0/);
});

test("a page of the list that is no more begins anew", async ({ page, locale }) => {
  const { t } = words(locale);
  await signIn(page, patron, t);
  await page.goto(`${patron.url}/customers?cursor=nonsense`);
  await expect(page.getByText(t("problem.code.cursor_malformed"))).toBeVisible();
  await expect(page).not.toHaveURL(/cursor=/);
  await expect(page.getByRole("table").getByRole("link").first()).toBeVisible();
});

test("customers under contract are valued by their renewals", async ({ page, locale }) => {
  const { t } = words(locale);
  await signIn(page, patron, t);
  await page.goto(`${patron.url}/value/settings`);
  await expect(page.getByLabel(t("value.settings.renewal"))).toHaveCount(0);
  await page.getByLabel(t("value.settings.model"), { exact: true }).click();
  await page.getByTitle(t("terms.model.sbg")).click();
  await expect(page.getByLabel(t("value.settings.renewal"))).toBeVisible();
  await page.getByRole("button", { name: t("value.settings.save") }).click();
  await expect(page.getByText(t("value.settings.saved"), { exact: true })).toBeVisible();

  // A run takes the settings' model unless it is told otherwise.
  await page.goto(`${patron.url}/value/runs?start=1`);
  await settled(page);
  await page
    .getByRole("dialog")
    .getByRole("button", { name: t("value.run.go") })
    .click();
  await expect(page.getByRole("dialog")).toBeHidden();
  await expect(page.getByRole("cell", { name: t("terms.state.published") })).toHaveCount(2, {
    timeout: 120_000,
  });
  await page.goto(`${patron.url}/value/validation`);
  await expect(page.getByRole("heading", { name: t("value.validation.sbg.title") })).toBeVisible();
  await isInWords(page, "validation of renewals");
  await isAccessible(page, "validation of renewals");
  await page.goto(`${patron.url}/value/overview`);
  await expect(page.getByText(t("terms.model_about.sbg"))).toBeVisible();
  await isInWords(page, "overview of renewals");

  await page.goto(`${patron.url}/customers`);
  await page.getByRole("table").getByRole("link").first().click();
  await expect(page.getByRole("heading", { name: t("customers.why.risk") })).toBeVisible();
  await isInWords(page, "customer under contract");

  // The run before is shown as it was, without ways into a list that shows the newer one.
  const runs = await (await page.request.get(`${patron.url}/api/v1/value/runs`)).json();
  await page.goto(`${patron.url}/value/matrix?run=${runs.items[1].id}`);
  await expect(page.getByText(t("value.run.older"))).toBeVisible();
  await expect(page.getByRole("link", { name: new RegExp(t("terms.class.E-I")) })).toHaveCount(0);
  await isAccessible(page, "older run");
  await page.getByRole("link", { name: t("value.run.to_newest") }).click();
  await expect(
    page.getByRole("link", { name: new RegExp(`^${t("terms.class.E-I")}\\s`) }),
  ).toBeVisible();
});
