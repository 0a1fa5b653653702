// What another system of the firm says of a customer stands on the customer's page; one that is gone holds
// nothing up.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "@playwright/test";
import { makeExampleFirm } from "./firm";
import { type Patron, startPatron } from "./patron";
import { isAccessible, isInWords, settled, signIn } from "./person";
import { words } from "./words";

let patron: Patron;
let billing: Server;
test.beforeAll(async () => {
  test.setTimeout(240_000);
  patron = await startPatron();
  await makeExampleFirm(patron, 200);
  billing = createServer((_, answer) => {
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
