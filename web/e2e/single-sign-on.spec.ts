// An administrator sets up the firm's identity provider, and people sign in with the account they have there.
import { expect, type Page, test } from "@playwright/test";
import type { TFunction } from "i18next";
import { type Patron, startPatron } from "./patron";
import { isAccessible, isInWords, signIn, signInFirst } from "./person";
import { type Provider, startProvider } from "./provider";
import { words } from "./words";

const CLIENT = "patron";
const SECRET = "a secret of the client";

let patron: Patron;
let provider: Provider;
test.beforeAll(async () => {
  patron = await startPatron();
  provider = await startProvider(`${patron.url}/api/v1/session/callback`, CLIENT, SECRET, {
    "subject-1": { preferred_username: "wu.wei", name: "吴薇" },
    "subject-2": { preferred_username: "li.na", name: "李娜" },
  });
});
test.afterAll(async () => {
  provider?.stop();
  await patron?.stop();
});

async function signOut(page: Page, t: TFunction): Promise<void> {
  await page.getByRole("button", { name: t("app.user.menu") }).click();
  await page.getByRole("menuitem", { name: t("app.user.leave") }).click();
  await expect(page.getByRole("heading", { name: t("app.sign_in.title") })).toBeVisible();
}

/** From the door by the provider's own form; a provider forgets whoever brings no cookies. */
async function signInThere(page: Page, t: TFunction, name: string, login: string): Promise<void> {
  await page.context().clearCookies();
  await page.goto(`${patron.url}/`);
  await page.getByRole("button", { name: t("app.sign_in.with", { name }) }).click();
  await page.getByLabel("User").fill(login);
  await page.getByLabel("Password").fill("anything");
  await page.getByRole("button", { name: "Continue" }).click();
}

test("people sign in with the account they have at the firm", async ({ page, locale }) => {
  const { t, language } = words(locale);
  const name = language === "zh-CN" ? "公司账号" : "Company account";
  await signInFirst(page, patron, t);
  await page.goto(`${patron.url}/settings/sign_on`);
  await expect(page.getByText(t("settings.sign_on.none.title"))).toBeVisible();
  await expect(page.getByText(`${patron.url}/api/v1/session/callback`)).toBeVisible();
  await isAccessible(page, "no provider");
  await isInWords(page, "no provider");

  await page.getByRole("button", { name: t("settings.sign_on.add") }).click();
  const dialog = page.getByRole("dialog", { name: t("settings.sign_on.add") });
  await dialog.getByLabel(t("settings.sign_on.zh")).fill("公司账号");
  await dialog.getByLabel(t("settings.sign_on.en")).fill("Company account");
  await dialog.getByLabel(t("settings.sign_on.issuer")).fill(provider.issuer);
  await dialog.getByLabel(t("settings.sign_on.client_id")).fill(CLIENT);
  await dialog.getByLabel(t("settings.sign_on.secret")).fill(SECRET);
  await dialog.getByLabel(t("settings.sign_on.makes_users")).check();
  await expect(dialog.getByLabel(t("settings.sign_on.new_role"))).toBeVisible();
  await dialog.getByRole("button", { name: t("record.save"), exact: true }).click();
  // It is on this machine, which has to be meant.
  await expect(dialog.getByText(t("problem.code.url_private"))).toBeVisible();
  await isAccessible(page, "the provider's form");
  await dialog.getByLabel(t("settings.sign_on.allow_private")).check();
  await dialog.getByRole("button", { name: t("record.save"), exact: true }).click();
  await expect(dialog).toBeHidden();

  await page.getByRole("button", { name: t("settings.sign_on.test") }).click();
  await expect(page.getByText(t("settings.sign_on.test_good", { name }))).toBeVisible();
  await expect(page.getByText("RS256")).toBeVisible();
  await isAccessible(page, "the provider");
  await isInWords(page, "the provider");

  // Somebody new gets an account, and sees the link in it.
  await signOut(page, t);
  await signInThere(page, t, name, "wu.wei");
  await expect(page.getByRole("navigation", { name: t("app.rooms") })).toBeVisible();
  await page.goto(`${patron.url}/account`);
  await expect(page.getByRole("region", { name: t("access.links.mine") })).toContainText(name);
  await isAccessible(page, "the account");

  // From now on nobody else needs a password.
  await page.context().clearCookies();
  await signIn(page, patron, t);
  await page.goto(`${patron.url}/settings/sign_on`);
  await page.getByLabel(t("settings.sign_on.only")).check();
  await expect(page.getByText(t("settings.saved"))).toBeVisible();
  await signOut(page, t);
  await expect(page.getByLabel(t("app.sign_in.login"))).toBeHidden();
  await isAccessible(page, "the door");

  // Whom the provider does not know is told so at the door; who is new gets an account.
  await signInThere(page, t, name, "nobody");
  await expect(page.getByText(t("problem.code.sign_in_declined"))).toBeVisible();
  await isInWords(page, "the door");
  await signInThere(page, t, name, "li.na");
  await expect(page.getByRole("navigation", { name: t("app.rooms") })).toBeVisible();
  await page.getByRole("button", { name: t("app.user.menu") }).click();
  await expect(page.getByText("李娜")).toBeVisible();
});
