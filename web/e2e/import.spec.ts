// A firm brings its own log: two bad rows are refused with line and reason, the rest is imported,
// valued, and the most valuable customer explains itself.
import { expect, type Page, test } from "@playwright/test";
import type { TFunction } from "i18next";
import { BAD_AMOUNT, BAD_TIME, BEST, QUIET, transactionLog } from "./log";
import { type Patron, startPatron } from "./patron";
import { anyValue, isAccessible, isInWords, settled, signIn, signInFirst } from "./person";
import { words } from "./words";
import { workbook } from "./workbook";

test.describe.configure({ mode: "serial" });
let patron: Patron;
test.beforeAll(async () => {
  patron = await startPatron();
});
test.afterAll(async () => {
  await patron?.stop();
});

/** A customer's page says once that nothing is computed yet, and where to do so; nothing of it is an error. */
async function isCalmBeforeTheFirstRun(page: Page, t: TFunction): Promise<void> {
  const { items } = await (await page.request.get(`${patron.url}/api/v1/customers?limit=1`)).json();
  const nothingYet = page.getByText(t("customers.no_run.title"));
  for (const tab of ["overview", "record", "contacts", "transactions", "timeline"]) {
    await page.goto(`${patron.url}/customers/${items[0].id}?tab=${tab}`);
    await settled(page);
    await expect(page.locator(".ant-alert-error"), tab).toHaveCount(0);
    await expect(nothingYet, tab).toHaveCount(tab === "overview" ? 1 : 0);
    if (tab === "overview") await isAccessible(page, "customer before the first run");
  }
  await page.goto(`${patron.url}/customers/${items[0].id}`);
  await page.getByRole("button", { name: t("customers.no_run.action") }).click();
  await expect(page).toHaveURL(/\/value\/runs$/);
  await page.close();
}

test("a firm imports its log, runs the value engine and reads why", async ({ page, locale }) => {
  const { t } = words(locale);
  const log = transactionLog();
  await signInFirst(page, patron, t);

  // The empty system teaches the first step.
  await expect(page.getByRole("heading", { name: t("start.title") })).toBeVisible();
  await isAccessible(page, "first start");
  await page.getByRole("button", { name: t("start.data.import.action") }).click();

  await expect(page.getByRole("heading", { name: t("imports.new.title") })).toBeVisible();
  await isAccessible(page, "choosing a file");
  await page.locator('input[type="file"]').setInputFiles({
    name: "transactions.csv",
    mimeType: "text/csv",
    buffer: Buffer.from(log.csv),
  });

  await expect(page.getByText(t("imports.mapping.title"))).toBeVisible();
  await isAccessible(page, "mapping");
  await page.getByRole("button", { name: t("imports.mapping.check") }).click();

  await expect(page.getByText(t("imports.check.title"))).toBeVisible();
  const rejects = page.getByRole("table").last();
  const bad = (value: string) => rejects.getByRole("row").filter({ hasText: value });
  await expect(bad(BAD_AMOUNT.value)).toContainText(String(BAD_AMOUNT.line));
  await expect(bad(BAD_AMOUNT.value)).toContainText(t("imports.reason.amount_malformed"));
  await expect(bad(BAD_TIME.value)).toContainText(String(BAD_TIME.line));
  await expect(bad(BAD_TIME.value)).toContainText(t("imports.reason.date_malformed"));
  await isAccessible(page, "result of the check");

  const download = page.waitForEvent("download");
  await page.getByRole("link", { name: t("imports.report.download") }).click();
  await expect((await download).failure()).resolves.toBeNull();

  // Where one stands survives a reload.
  await page.reload();
  await expect(page.getByText(t("imports.check.title"))).toBeVisible();
  await page
    .getByRole("button", { name: anyValue(t("imports.check.start", { rows: "{{rows}}" })) })
    .click();
  await expect(
    page.getByText(anyValue(t("imports.done.title", { rows: "{{rows}}" }))),
  ).toBeVisible();
  await isAccessible(page, "after the import");

  await isCalmBeforeTheFirstRun(await page.context().newPage(), t);

  await page.getByRole("button", { name: t("imports.done.run") }).click();
  await expect(page.getByRole("cell", { name: t("terms.state.published") }).first()).toBeVisible({
    timeout: 120_000,
  });
  await isAccessible(page, "runs");

  // The most valuable customer stands first.
  await page.getByRole("link", { name: t("app.room.customers"), exact: true }).click();
  await expect(page.getByRole("heading", { level: 1, name: t("customers.title") })).toBeVisible();
  await isAccessible(page, "customers");
  const first = page.getByRole("table").getByRole("link").first();
  await expect(first).toHaveText(BEST);
  await first.click();

  await expect(page.getByRole("heading", { name: BEST })).toBeVisible();
  await expect(page.getByRole("heading", { name: t("customers.why.class") })).toBeVisible();
  await expect(
    page.getByText(
      anyValue(
        t("customers.reason.contribution_high", {
          basis: "{{basis}}",
          contribution: "{{contribution}}",
          threshold: "{{threshold}}",
        }),
      ),
    ),
  ).toBeVisible();
  await isAccessible(page, "customer");
  await isInWords(page, "customer");

  // Each number explains itself.
  await page
    .getByRole("button", {
      name: anyValue(t("app.explain.open", { name: t("terms.figure.value"), value: "{{value}}" })),
    })
    .click();
  await expect(page.getByText(t("terms.definition.value"))).toBeVisible();
  await expect(page.getByText(t("app.explain.as_of")).first()).toBeVisible();
  await isAccessible(page, "an explained number");
  await isInWords(page, "an explained number");
});

test("a workbook with a mistake is corrected and imported again", async ({ page, locale }) => {
  const { t } = words(locale);
  await signIn(page, patron, t);
  const mistake = "many";
  const lines = Array.from({ length: 200 }, (_, n) => [`X-${n}`, "2026-10-01", "12.50", `X${n}`]);
  const upload = async (rows: string[][]) => {
    await page.goto(`${patron.url}/imports/new`);
    await page.locator('input[type="file"]').setInputFiles({
      name: "orders.xlsx",
      mimeType: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
      buffer: workbook([
        { name: "Read me", rows: [["Orders of October"], ["see the next sheet"]] },
        { name: "Orders", rows: [["客户编号", "交易时间", "金额", "流水号"], ...rows] },
      ]),
    });
    await expect(page.getByText(t("imports.mapping.title"))).toBeVisible();
    await page.getByLabel(t("imports.mapping.sheet")).click();
    await page.getByTitle("Orders", { exact: true }).click();
    await expect(page.getByText("XLSX · Orders")).toBeVisible();
    await isAccessible(page, "mapping of a workbook");
    await page.getByRole("button", { name: t("imports.mapping.check") }).click();
    await expect(page.getByText(t("imports.check.title"))).toBeVisible();
  };
  const begin = async () => {
    await page
      .getByRole("button", { name: anyValue(t("imports.check.start", { rows: "{{rows}}" })) })
      .click();
    await expect(
      page.getByText(anyValue(t("imports.done.title", { rows: "{{rows}}" }))),
    ).toBeVisible();
  };

  await upload(
    lines.map((line, n) => (n === 6 ? [line[0] ?? "", line[1] ?? "", mistake, "X6"] : line)),
  );
  const refused = page.getByRole("row").filter({ hasText: mistake });
  await expect(refused).toContainText("8");
  await expect(refused).toContainText(t("imports.reason.amount_malformed"));
  await isInWords(page, "check of a workbook");
  const download = page.waitForEvent("download");
  await page.getByRole("link", { name: t("imports.report.download") }).click();
  expect((await download).suggestedFilename()).toMatch(/\.xlsx$/);
  await begin();

  // Corrected, and brought in whole: what is there already is not counted twice.
  await upload(lines);
  await expect(refused).toHaveCount(0);
  await begin();
  for (const customer of ["X-6", "X-7"]) {
    const found = await page.request.get(`${patron.url}/api/v1/customers?q=${customer}`);
    const [first] = (await found.json()).items as { id: string }[];
    const answer = await page.request.get(
      `${patron.url}/api/v1/customers/${first?.id}/transactions`,
    );
    expect((await answer.json()).items).toHaveLength(1);
  }
});

test("a customer who went quiet says why there is a risk", async ({ page, locale }) => {
  const { t } = words(locale);
  await signIn(page, patron, t);
  await page.goto(`${patron.url}/customers?q=${QUIET}`);
  await page.getByRole("table").getByRole("link", { name: QUIET }).click();
  await expect(page.getByRole("heading", { name: t("customers.why.risk") })).toBeVisible();
  await expect(
    page.getByText(
      anyValue(
        t("customers.reason.silent_longer_than_usual", {
          days_since: "{{days_since}}",
          usual_gap_days: "{{usual_gap_days}}",
        }),
      ),
    ),
  ).toBeVisible();
});

test("the server goes away in the middle and comes back", async ({ page, locale }) => {
  const { t } = words(locale);
  await signIn(page, patron, t);
  await page.goto(`${patron.url}/customers`);
  await settled(page);
  await patron.crash();
  await expect(page.getByText(t("app.server_gone"))).toBeVisible({ timeout: 60_000 });
  await patron.restart();
  await expect(page.getByText(t("app.server_gone"))).toBeHidden({ timeout: 60_000 });
  await expect(page.getByRole("table").getByRole("link", { name: BEST })).toBeVisible();
});
