// One's own account: the second factor is set up, used and switched off; another password ends other sessions.
import { expect, type Page, test } from "@playwright/test";
import type { TFunction } from "i18next";
import { type Patron, startPatron } from "./patron";
import { isAccessible, isInWords, OWN_PASSWORD, settled, signIn, signInFirst } from "./person";
import { code } from "./second-factor";
import { words } from "./words";

const RECOVERY_CODES = 10;

test.describe.configure({ mode: "serial" });
let patron: Patron;
test.beforeAll(async () => {
  patron = await startPatron();
});
test.afterAll(async () => {
  await patron?.stop();
});

async function signOut(page: Page, t: TFunction): Promise<void> {
  await page.getByRole("button", { name: t("app.user.menu") }).click();
  await page.getByRole("menuitem", { name: t("app.user.leave") }).click();
  await expect(page.getByRole("heading", { name: t("app.sign_in.title") })).toBeVisible();
}

/** Login and password are right; a code is asked for. */
async function isAskedForCode(page: Page, t: TFunction) {
  // Another fragment alone is no new page.
  await page.goto("about:blank");
  await page.goto(`${patron.url}/#login=${patron.login}&password=${OWN_PASSWORD}`);
  const enter = page.getByRole("button", { name: t("app.sign_in.enter"), exact: true });
  await enter.click();
  const typed = page.getByLabel(t("app.sign_in.code"));
  await expect(typed).toBeFocused();
  return { typed, enter };
}

test("the second factor is set up with an app, asked for at sign-in, and switched off", async ({
  page,
  locale,
}) => {
  const { t } = words(locale);
  await signInFirst(page, patron, t);
  await page.getByRole("button", { name: t("app.user.menu") }).click();
  await page.getByRole("menuitem", { name: t("access.account.open") }).click();
  await expect(page.getByText(t("access.factor.off"), { exact: true })).toBeVisible();

  await page.getByRole("button", { name: t("access.factor.set_up") }).click();
  const dialog = page.getByRole("dialog", { name: t("access.factor.set_up_title") });
  const password = dialog.getByLabel(t("app.set_password.current"));
  await expect(password).toBeFocused();
  await password.fill("not-my-password");
  await password.press("Enter");
  await expect(dialog.getByText(t("problem.code.credentials_wrong"))).toBeVisible();
  await password.fill(OWN_PASSWORD);
  await dialog.getByRole("button", { name: t("access.factor.next") }).click();

  await expect(dialog.getByRole("img", { name: t("access.factor.qr") })).toBeVisible();
  const secret = ((await dialog.locator("code").textContent()) ?? "").replace(/\s/g, "");
  expect(secret).toMatch(/^[A-Z2-7]{32}$/);
  await isAccessible(page, "the second factor");
  await isInWords(page, "the second factor");
  const typedCode = dialog.getByLabel(t("access.factor.code"), { exact: true });
  await typedCode.fill("000000");
  await typedCode.press("Enter");
  await expect(dialog.getByText(t("problem.code.second_factor_wrong"))).toBeVisible();
  await typedCode.fill(code(secret));
  await dialog.getByRole("button", { name: t("access.factor.confirm") }).click();

  const shown = page.getByRole("dialog", { name: t("access.factor.codes_title") });
  const codes = shown.getByRole("listitem");
  await expect(codes).toHaveCount(RECOVERY_CODES);
  const recovery = await codes.allTextContents();
  await isAccessible(page, "recovery codes");
  const download = page.waitForEvent("download");
  await shown.getByRole("button", { name: t("app.secret.as_file") }).click();
  expect((await download).suggestedFilename()).toMatch(/\.txt$/);
  await shown.getByRole("button", { name: t("app.secret.kept") }).click();
  await expect(page.getByText(t("access.factor.on"), { exact: true })).toBeVisible();
  await signOut(page, t);

  // By a code of the app; the step of the one that set it up is used up.
  const asked = await isAskedForCode(page, t);
  await isAccessible(page, "signing in with a code");
  await isInWords(page, "signing in with a code");
  await asked.typed.fill("000000");
  await asked.enter.click();
  await expect(page.getByText(t("problem.code.second_factor_wrong"))).toBeVisible();
  await asked.typed.fill(code(secret, 1));
  await asked.enter.click();
  await expect(page.getByRole("navigation", { name: t("app.rooms") })).toBeVisible();
  await signOut(page, t);

  // By a recovery code, once.
  const again = await isAskedForCode(page, t);
  await again.typed.fill(recovery[0] ?? "");
  await again.enter.click();
  await expect(page.getByRole("navigation", { name: t("app.rooms") })).toBeVisible();
  await page.goto(`${patron.url}/account`);
  await expect(
    page.getByText(t("access.factor.codes_left", { number: RECOVERY_CODES - 1 })),
  ).toBeVisible();

  await page.getByRole("button", { name: t("access.factor.remove") }).click();
  const removing = page.getByRole("dialog", { name: t("access.factor.remove_title") });
  await removing.getByLabel(t("app.set_password.current")).fill(OWN_PASSWORD);
  await removing.getByRole("button", { name: t("access.factor.remove") }).click();
  await expect(removing).toBeHidden();
  await expect(page.getByText(t("access.factor.off"), { exact: true })).toBeVisible();
  await signOut(page, t);
  await signIn(page, patron, t);
});

test("another password ends every other session", async ({ page, browser, locale }) => {
  const { t } = words(locale);
  await signIn(page, patron, t);
  const context = await browser.newContext({ locale, reducedMotion: "reduce" });
  const other = await context.newPage();
  await signIn(other, patron, t);

  await page.goto(`${patron.url}/account`);
  await settled(page);
  const end = page.getByRole("button", { name: t("access.sessions.end"), exact: false });
  await expect(end.first()).toBeVisible();
  const fill = async (label: string, text: string) =>
    page.getByLabel(t(label), { exact: true }).fill(text);
  await fill("app.set_password.current", "not-my-password");
  await fill("app.set_password.new", `${OWN_PASSWORD}-2`);
  await fill("app.set_password.again", `${OWN_PASSWORD}-2`);
  const save = page.getByRole("button", { name: t("access.account.change_password") });
  await save.click();
  await expect(page.getByText(t("problem.code.credentials_wrong"))).toBeVisible();
  await fill("app.set_password.current", OWN_PASSWORD);
  await save.click();
  await expect(page.getByText(t("access.account.password_changed"))).toBeVisible();
  await expect(page.getByRole("button", { name: t("access.sessions.end_others") })).toHaveCount(0);
  await other.reload();
  await expect(other.getByRole("heading", { name: t("app.sign_in.title") })).toBeVisible();
  await context.close();
});
