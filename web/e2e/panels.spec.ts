// What another system of the firm says of a customer stands on the customer's page; one that is gone holds
// nothing up.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "@playwright/test";
import { makeExampleFirm } from "./firm";
import { type Patron, startPatron } from "./patron";
import { choose, isAccessible, isInWords, saves, settled, signIn } from "./person";
import { words } from "./words";

let patron: Patron;
let billing: Server;
/** Who asked last, as they showed it. */
let asked: string | undefined;
test.beforeAll(async () => {
  test.setTimeout(240_000);
  patron = await startPatron();
  await makeExampleFirm(patron, 200);
  billing = createServer((request, answer) => {
    asked = request.headers.authorization;
    answer.setHeader("content-type", "application/json");
    answer.end(
      JSON.stringify({
        plan: "畅享 199",
        due: "2026-12-05",
        open: 128.5,
        page: "https://bill.example.com",
      }),
    );
  });
  await new Promise<void>((resolve) => billing.listen(0, "127.0.0.1", resolve));
});
test.afterAll(async () => {
  billing?.close();
  await patron?.stop();
});

test("other systems say what they know, and what is gone says so", async ({ page, locale }) => {
  const { t, language } = words(locale);
  await signIn(page, patron, t);
  const api = `${patron.url}/api/v1`;
  const port = (billing.address() as AddressInfo).port;
  const panel = async (zh: string, en: string, at: number) => {
    const field = (name: string, kind: string, chinese: string, english: string) => ({
      zh: chinese,
      en: english,
      pointer: `/${name}`,
      kind,
    });
    const answer = await page.request.post(`${api}/panels`, {
      data: {
        settings: {
          zh,
          en,
          url: `http://127.0.0.1:${at}/{external_id}`,
          allow_http: true,
          allow_private: true,
          fields: [
            field("plan", "text", "套餐", "Plan"),
            field("due", "date", "到期", "Due"),
            field("open", "money", "欠费", "Open"),
            field("page", "link", "账单", "Bill"),
            field("gone", "number", "积分", "Points"),
          ],
        },
      },
    });
    expect(answer.ok(), await answer.text()).toBe(true);
  };
  await panel("计费系统", "Billing", port);
  // Nothing listens there.
  await panel("工单系统", "Tickets", 1);

  const { items } = await (await page.request.get(`${api}/customers?limit=1`)).json();
  await page.goto(`${patron.url}/customers/${items[0].id}`);
  const says = page.getByRole("region", { name: language === "zh-CN" ? "计费系统" : "Billing" });
  await expect(says).toContainText("畅享 199");
  await expect(says).toContainText("128.50");
  await expect(says.getByRole("link", { name: t("customers.panel.open") })).toHaveAttribute(
    "href",
    /^https:\/\/bill\.example\.com/,
  );
  await expect(says).toContainText(t("problem.code.panel_field_missing"));
  const silent = page.getByRole("region", { name: language === "zh-CN" ? "工单系统" : "Tickets" });
  await expect(silent).toContainText(t("customers.panel.failed"));
  await expect(silent).toContainText(t("problem.code.panel_unreachable"));
  await settled(page);
  await isAccessible(page, "panels");
  await isInWords(page, "panels");
});

test("an administrator sets a panel up, tries it, changes and removes it", async ({
  page,
  locale,
}) => {
  const { t, language } = words(locale);
  await signIn(page, patron, t);
  const api = `${patron.url}/api/v1`;
  // The other journey's.
  for (const { id, version } of (await (await page.request.get(`${api}/panels`)).json()).items) {
    await page.request.delete(`${api}/panels/${id}`, { headers: { "if-match": `"${version}"` } });
  }
  const { items } = await (await page.request.get(`${api}/customers?limit=1`)).json();
  const port = (billing.address() as AddressInfo).port;

  await page.goto(`${patron.url}/settings/panels`);
  await expect(page.getByText(t("settings.panels.none.title"))).toBeVisible();
  await isAccessible(page, "no panels");
  await isInWords(page, "no panels");
  await page.getByRole("button", { name: t("settings.panels.add") }).click();
  const dialog = page.getByRole("dialog");
  const field = (name: string) => dialog.getByLabel(t(`settings.panels.${name}`), { exact: true });
  await field("zh").fill("会员系统");
  await field("en").fill("Loyalty");
  await field("url").fill(`http://127.0.0.1:${port}/{external_id}`);
  await choose(page, t("settings.panels.auth"), t("settings.panels.auths.bearer"));
  await field("secret").fill("s3cret-of-loyalty");
  await isAccessible(page, "a panel");

  // Tried before it is saved: what the server refuses stands here, and values are chosen from the answer.
  await dialog
    .getByLabel(t("settings.panels.try.customer"), { exact: true })
    .fill(items[0].external_id);
  await page.getByTitle(`${items[0].name} · ${items[0].external_id}`).click();
  const now = dialog.getByRole("button", { name: t("settings.panels.try.now"), exact: true });
  await now.click();
  await expect(dialog.getByText(t("problem.code.url_private"))).toBeVisible();
  await field("allow_private").check();
  await now.click();
  await expect(dialog.getByText(`http://127.0.0.1:${port}/${items[0].external_id}`)).toBeVisible();
  expect(asked).toBe("Bearer s3cret-of-loyalty");
  const take = (at: string) =>
    dialog.getByRole("button", { name: `${t("settings.panels.try.take")} ${at}` });
  await take("/open").click();
  await take("/plan").click();
  const part = (number: number, of: string) =>
    dialog.getByLabel(
      t("settings.panels.field_part", { number, part: t(`settings.panels.${of}`) }),
      { exact: true },
    );
  await expect(part(1, "pointer")).toHaveValue("/open");
  await part(1, "zh").fill("积分");
  await part(1, "en").fill("Points");
  await part(2, "zh").fill("等级");
  await part(2, "en").fill("Rank");
  await dialog.getByRole("button", { name: t("settings.panels.field_up", { number: 2 }) }).click();
  await expect(part(1, "pointer")).toHaveValue("/plan");
  await isAccessible(page, "a panel that was tried");
  await saves(page, t);

  const row = page
    .getByRole("row")
    .filter({ hasText: language === "zh-CN" ? "会员系统" : "Loyalty" });
  await expect(row).toContainText(t("settings.panels.on"));
  await page.goto(`${patron.url}/customers/${items[0].id}`);
  const says = page.getByRole("region", { name: language === "zh-CN" ? "会员系统" : "Loyalty" });
  await expect(says).toContainText("畅享 199");
  await expect(says).toContainText("128.5");

  // The secret is never shown again, and stays when something else changes.
  await page.goto(`${patron.url}/settings/panels`);
  await isAccessible(page, "panels");
  await row
    .getByRole("button", {
      name: t("record.change_of", { what: language === "zh-CN" ? "会员系统" : "Loyalty" }),
    })
    .click();
  await expect(field("secret")).toHaveValue("");
  await field("cache_s").fill("0");
  await saves(page, t);
  await expect(row).toContainText(t("settings.panels.seconds", { number: 0 }));
  asked = undefined;
  await page.goto(`${patron.url}/customers/${items[0].id}`);
  await expect(says).toContainText("畅享 199");
  expect(asked).toBe("Bearer s3cret-of-loyalty");

  await page.goto(`${patron.url}/settings/panels`);
  await row.getByRole("button", { name: t("record.remove"), exact: true }).click();
  await page
    .getByRole("tooltip")
    .getByRole("button", { name: t("record.remove"), exact: true })
    .click();
  await expect(page.getByText(t("settings.panels.none.title"))).toBeVisible();
});
