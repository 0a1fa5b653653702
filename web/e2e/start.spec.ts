// The first start with an example firm, then every main screen: reachable, accessible, in words.
import { expect, test } from "@playwright/test";
import { type Patron, startPatron } from "./patron";
import { isAccessible, isInWords, signIn, signInFirst } from "./person";
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
  test(`every main screen is in words and accessible in the ${theme} theme`, async ({
    page,
    locale,
  }) => {
    const { t } = words(locale);
    await page.emulateMedia({ colorScheme: theme });
    await signIn(page, patron, t);
    const { items } = await (
      await page.request.get(`${patron.url}/api/v1/tiers/programmes`)
    ).json();
    const programme = `/tiers/programmes/${items[0].id}`;
    const screens = [
      ...VALUE_TABS.map((tab) => `/value/${tab}`),
      "/customers",
      "/imports",
      "/exports",
      "/tiers/programmes",
      "/tiers/grants",
      ...["levels", "simulation", "members", "notices"].map((tab) => `${programme}/${tab}`),
    ];
    for (const path of [
      ...screens,
      "/imports/new",
      "/activity",
      "/account",
      "/start",
      "/nowhere",
    ]) {
      await page.goto(`${patron.url}${path}`);
      await isAccessible(page, `${path} ${theme}`);
      await isInWords(page, path);
    }
  });
}
