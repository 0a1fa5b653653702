// Who may do what: an administrator makes branches, a role and a user, and the user finds no more than the own
// branch; sessions end, keys are made and revoked.
import { type Browser, expect, type Page, test } from "@playwright/test";
import type { TFunction } from "i18next";
import { makeExampleFirm } from "./firm";
import { type Patron, startPatron } from "./patron";
import {
  anyValue,
  choose,
  isAccessible,
  isInWords,
  saves,
  settled,
  signIn,
  signInFirst,
} from "./person";
import { words } from "./words";

const USER = "li.na";

test.describe.configure({ mode: "serial" });
let patron: Patron;
test.beforeAll(async () => {
  test.setTimeout(240_000);
  patron = await startPatron();
  await makeExampleFirm(patron, 300);
});
test.afterAll(async () => {
  await patron?.stop();
});

type Found = { id: string; name: string; phone: string };

/** The organisation that comes so late in the order of value. */
async function organisation(page: Page, nth: number): Promise<Found> {
  const read = async (path: string) =>
    (await page.request.get(`${patron.url}/api/v1${path}`)).json();
  const { items } = await read("/value/profiles?kind=organisation&sort=-value&limit=5");
  return read(`/customers/${items[nth].customer.id}`);
}

/** Puts a customer into a branch, by its whole way from the top. */
async function assign(page: Page, t: TFunction, customer: Found, branch: string): Promise<void> {
  await page.goto(`${patron.url}/customers/${customer.id}?tab=record`);
  await page.getByRole("button", { name: t("record.facts.edit") }).click();
  await choose(page, t("record.field.branch"), branch);
  await saves(page, t);
  await expect(page.getByRole("region", { name: t("record.facts.title") })).toContainText(
    branch.split(" / ").at(-1) ?? "",
  );
}

/** The same console in another browser, where nobody is signed in. */
async function elsewhere(browser: Browser, locale: string | undefined): Promise<Page> {
  const context = await browser.newContext({ locale, reducedMotion: "reduce" });
  return context.newPage();
}

test("a branch user cannot find another branch's VIP", async ({ page, browser, locale }) => {
  test.setTimeout(300_000);
  const { t } = words(locale);
  await signIn(page, patron, t);

  // The tree of branches: an error stands at its field, and what was typed is kept.
  await page.goto(`${patron.url}/settings/places`);
  await expect(page.getByRole("heading", { name: t("access.branches.none.title") })).toBeVisible();
  await isAccessible(page, "no branches yet");
  const dialog = page.getByRole("dialog");
  const fill = async (label: string, text: string) =>
    dialog.getByLabel(t(label), { exact: true }).fill(text);
  await page.getByRole("button", { name: t("access.branches.add"), exact: true }).click();
  await fill("access.branches.name", "总公司");
  await fill("access.branches.code", "HQ");
  await saves(page, t);
  for (const [name, code] of [
    ["东区", "EAST"],
    ["西区", "WEST"],
  ] as const) {
    await page
      .getByRole("button", { name: t("access.branches.add_below_of", { name: "总公司" }) })
      .click();
    await fill("access.branches.name", name);
    await fill("access.branches.code", "HQ");
    await dialog.getByRole("button", { name: t("record.save"), exact: true }).click();
    await expect(dialog.getByText(t("problem.code.branch_code_taken"))).toBeVisible();
    await expect(dialog.getByLabel(t("access.branches.name"), { exact: true })).toHaveValue(name);
    await fill("access.branches.code", code);
    await saves(page, t);
  }
  await expect(page.getByRole("row").filter({ hasText: "西区" })).toBeVisible();
  await page.getByRole("button", { name: t("access.teams.add") }).click();
  await fill("access.teams.name", "VIP");
  await saves(page, t);
  await isAccessible(page, "branches and teams");
  await isInWords(page, "branches and teams");

  // A role that reaches a branch.
  await page.goto(`${patron.url}/settings/roles`);
  await page.getByRole("button", { name: t("access.roles.add") }).click();
  await fill("access.roles.name", "客户经理");
  await dialog.getByLabel(t("access.scope.branch"), { exact: true }).check();
  const grant = (name: string) =>
    dialog.getByRole("checkbox", { name: t(`access.permission.${name}`), exact: true });
  await grant("audit_read").check();
  await expect(
    dialog.getByText(t("access.roles.in_vain", { permissions: t("access.permission.audit_read") })),
  ).toBeVisible();
  await grant("audit_read").uncheck();
  await grant("value_read").check();
  await grant("customers_personal").check();
  await isAccessible(page, "a role");
  await isInWords(page, "a role");
  await saves(page, t);
  await expect(page.getByRole("row").filter({ hasText: "客户经理" })).toContainText(
    t("access.scope.branch"),
  );

  // A user who has it, in the east. The password is shown once.
  await page.goto(`${patron.url}/settings/users`);
  await page.getByRole("button", { name: t("access.users.add") }).click();
  await fill("access.users.login", USER);
  await fill("access.users.name", "李娜");
  await choose(page, t("access.users.role"), "客户经理");
  await expect(dialog.getByText(t("access.users.without_branch"))).toBeVisible();
  await choose(page, t("access.users.branch"), "总公司 / 东区");
  await expect(dialog.getByText(t("access.users.without_branch"))).toHaveCount(0);
  await isAccessible(page, "a user");
  await dialog.getByRole("button", { name: t("access.users.add") }).click();
  const secret = page.getByRole("dialog", { name: t("access.users.password_title") });
  const oneTimePassword = (await secret.locator("code").textContent()) ?? "";
  expect(oneTimePassword).toMatch(/^\w{5}(-\w{5}){3}$/);
  await isAccessible(page, "a one-time password");
  await secret.getByRole("button", { name: t("app.secret.kept") }).click();
  await expect(secret).toBeHidden();
  await expect(page.getByRole("row").filter({ hasText: USER })).toContainText("总公司 / 东区");

  // The most valuable organisation goes to the west, the next one to the east.
  const [vip, own] = [await organisation(page, 0), await organisation(page, 1)];
  await assign(page, t, vip, "总公司 / 西区");
  await assign(page, t, own, "总公司 / 东区");

  const hers = await elsewhere(browser, locale);
  await signInFirst(hers, { url: patron.url, login: USER, oneTimePassword }, t);
  await expect(hers).toHaveURL(/\/customers$/);
  await expect(hers.getByRole("link", { name: own.name })).toBeVisible();
  await expect(hers.getByRole("table").getByRole("link")).toHaveCount(1);
  await expect(hers.getByText(vip.name)).toHaveCount(0);
  const rooms = hers.getByRole("navigation", { name: t("app.rooms") });
  await expect(rooms.getByRole("menuitem")).toHaveText([
    t("app.room.customers"),
    t("app.room.exports"),
  ]);
  await isAccessible(hers, "customers of a branch");
  await isInWords(hers, "customers of a branch");

  // Not by name, by the end of the number, by the whole number, or by the address of the page.
  const palette = hers.getByRole("combobox", { name: t("app.search.placeholder") });
  await hers.keyboard.press("Control+k");
  await palette.fill(own.phone.slice(-7));
  await expect(hers.getByRole("option").filter({ hasText: own.name })).toBeVisible();
  for (const wanted of [vip.name, vip.phone.slice(-7), vip.phone]) {
    await palette.fill(wanted);
    await expect(hers.getByText(t("app.search.none"))).toBeVisible();
    await settled(hers);
    await expect(hers.getByRole("option")).toHaveCount(0);
  }
  await hers.keyboard.press("Escape");
  await hers.goto(`${patron.url}/customers/${vip.id}`);
  await expect(hers.getByText(t("customers.gone.title"))).toBeVisible();
  await hers.goto(`${patron.url}/customers?q=${encodeURIComponent(vip.name)}`);
  await expect(hers.getByText(t("customers.nothing_found"))).toBeVisible();
  await expect(hers.getByText(vip.name)).toHaveCount(0);

  // What she takes away as a file is her own branch too.
  await hers.goto(`${patron.url}/customers`);
  await hers.getByRole("button", { name: t("customers.export.open"), exact: true }).click();
  await hers.getByRole("menuitem", { name: t("customers.export.whole") }).click();
  await hers
    .getByRole("dialog")
    .getByRole("button", { name: t("exports.start") })
    .click();
  await expect(
    hers.getByText(anyValue(t("exports.ready", { rows: "1", size: "{{size}}" }))),
  ).toBeVisible();
  await hers.context().close();
});

test("a session is ended, and who is switched off is signed out", async ({
  page,
  browser,
  locale,
}) => {
  const { t } = words(locale);
  await signIn(page, patron, t);
  const hers = await elsewhere(browser, locale);
  await signIn(hers, patron, t, USER);

  await page.goto(`${patron.url}/settings/users`);
  const search = page.getByRole("searchbox", { name: t("access.users.search") });
  await search.fill("nobody at all");
  await expect(page.getByText(t("access.users.nobody"))).toBeVisible();
  await search.fill("李");
  await expect(page).toHaveURL(/q=/);
  await page.getByRole("link", { name: "李娜" }).click();
  await expect(page).toHaveURL(/user=/);
  await settled(page);
  await isAccessible(page, "one user");
  await isInWords(page, "one user");
  // The newest first: that is the one just opened.
  const sessions = page.getByRole("button", {
    name: anyValue(t("access.sessions.end_of", { time: "{{time}}" })),
  });
  const open = await sessions.count();
  await sessions.first().click();
  await page
    .getByRole("tooltip")
    .getByRole("button", { name: t("access.sessions.end"), exact: true })
    .click();
  await expect(sessions).toHaveCount(open - 1);
  await hers.goto(`${patron.url}/customers`);
  await expect(hers.getByRole("heading", { name: t("app.sign_in.title") })).toBeVisible();

  await signIn(hers, patron, t, USER);
  await page.getByRole("button", { name: t("access.users.stop"), exact: true }).click();
  await page
    .getByRole("tooltip")
    .getByRole("button", { name: t("access.users.stop"), exact: true })
    .click();
  await expect(page.getByText(t("access.users.off"), { exact: true })).toBeVisible();
  await hers.reload();
  await expect(hers.getByRole("heading", { name: t("app.sign_in.title") })).toBeVisible();
  await page.getByRole("button", { name: t("access.users.again") }).click();
  await expect(page.getByText(t("access.users.on"), { exact: true })).toBeVisible();
  await hers.context().close();
});

test("an API key is shown once, used, and revoked", async ({ page, playwright, locale }) => {
  const { t } = words(locale);
  await signIn(page, patron, t);
  await page.goto(`${patron.url}/account`);
  await page.getByRole("button", { name: t("access.keys.add") }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel(t("access.keys.name"), { exact: true }).fill("warehouse");
  await dialog.getByRole("button", { name: t("access.keys.make") }).click();
  await expect(dialog.getByText(t("access.roles.choose"))).toBeVisible();
  await dialog.getByRole("checkbox", { name: t("access.permission.customers_read") }).check();
  await isAccessible(page, "an API key");
  await dialog.getByRole("button", { name: t("access.keys.make") }).click();
  const shown = page.getByRole("dialog", { name: t("access.keys.secret_title") });
  const key = (await shown.locator("code").textContent()) ?? "";
  expect(key).toMatch(/^patron_/);
  await shown.getByRole("button", { name: t("app.secret.kept") }).click();

  const row = page.getByRole("row").filter({ hasText: "warehouse" });
  await expect(row).toContainText(t("access.keys.never"));
  const program = await playwright.request.newContext({
    extraHTTPHeaders: { authorization: `Bearer ${key}` },
  });
  const status = async (path: string) =>
    (await program.get(`${patron.url}/api/v1${path}`)).status();
  expect(await status("/customers?limit=1")).toBe(200);
  expect(await status("/users")).toBe(403);
  await page.reload();
  await expect(row).not.toContainText(t("access.keys.never"));
  await row
    .getByRole("button", { name: t("access.keys.revoke_of", { name: "warehouse" }) })
    .click();
  await page
    .getByRole("tooltip")
    .getByRole("button", { name: t("access.keys.revoke"), exact: true })
    .click();
  await expect(row).toHaveCount(0);
  expect(await status("/customers?limit=1")).toBe(401);
  await program.dispose();
});
