// What is taken away: lists as files, and what key people would take along.
import { readFile } from "node:fs/promises";
import { expect, type Locator, type Page, test } from "@playwright/test";
import type { TFunction } from "i18next";
import { makeExampleFirm } from "./firm";
import { type Patron, startPatron } from "./patron";
import { isAccessible, isInWords, settled, signIn } from "./person";
import { words } from "./words";

let patron: Patron;
test.beforeAll(async () => {
  test.setTimeout(240_000);
  patron = await startPatron();
  await makeExampleFirm(patron, 500);
});
test.afterAll(async () => {
  await patron?.stop();
});

const FILTER = "class=E-I,E-II&kind=person";

async function fileOf(page: Page, link: Locator): Promise<{ name: string; bytes: Buffer }> {
  const download = page.waitForEvent("download");
  await link.click();
  const file = await download;
  return { name: file.suggestedFilename(), bytes: await readFile(await file.path()) };
}

/** The list that is shown, as a file in this format. */
async function exported(page: Page, t: TFunction, format: string) {
  await page.getByRole("button", { name: t("customers.export.open"), exact: true }).click();
  await page.getByRole("menuitem", { name: t("customers.export.whole") }).click();
  const dialog = page.getByRole("dialog", { name: t("exports.title_of.value") });
  await dialog.getByLabel(t(`exports.formats.${format}`)).check();
  await expect(dialog).toContainText(`${t("terms.class.E-I")}`);
  await dialog.getByRole("button", { name: t("exports.start"), exact: true }).click();
  const link = dialog.getByRole("link", { name: t("exports.download") });
  await expect(link).toBeVisible();
  const file = await fileOf(page, link);
  await dialog
    .getByRole("button", { name: t("exports.close") })
    .last()
    .click();
  await expect(dialog).toBeHidden();
  return file;
}

test("a filtered list is exported in every format, and found again among the exports", async ({
  page,
  locale,
}) => {
  const { t } = words(locale);
  await signIn(page, patron, t);
  await page.goto(`${patron.url}/exports`);
  await expect(page.getByRole("heading", { name: t("exports.none.title") })).toBeVisible();
  await isAccessible(page, "no exports yet");

  await page.goto(`${patron.url}/customers?${FILTER}`);
  await settled(page);
  const list = await page.request.get(`${patron.url}/api/v1/value/profiles?${FILTER}&limit=200`);
  const { items } = await list.json();
  expect(items.length).toBeGreaterThan(0);

  const csv = await exported(page, t, "csv");
  expect(csv.name).toMatch(/^value-.+\.csv$/);
  const [head = "", ...lines] = csv.bytes
    .toString("utf8")
    .replace("\ufeff", "")
    .trimEnd()
    .split(/\r?\n/);
  const at = (column: string) => head.split(",").indexOf(column);
  const cells = (column: string) => lines.map((line) => line.split(",")[at(column)]);
  expect(cells("external_id")).toEqual(
    items.map((item: { customer: { external_id: string } }) => item.customer.external_id),
  );
  expect(new Set(cells("class"))).toEqual(
    new Set(items.map((item: { class: string }) => item.class)),
  );
  expect(new Set(cells("kind"))).toEqual(new Set(["person"]));

  const xlsx = await exported(page, t, "xlsx");
  expect(xlsx.bytes.subarray(0, 2).toString()).toBe("PK");
  const parquet = await exported(page, t, "parquet");
  expect(parquet.bytes.subarray(0, 4).toString()).toBe("PAR1");

  // In words, with what the list was filtered by; the file is still there.
  await page.goto(`${patron.url}/exports`);
  await settled(page);
  const rows = page.getByRole("row").filter({ hasText: t("exports.kind.value") });
  await expect(rows).toHaveCount(3);
  for (const part of [
    t("terms.class.E-II"),
    t("terms.kind.person"),
    t("exports.format_name.parquet"),
    t("terms.state.succeeded"),
  ]) {
    await expect(rows.first()).toContainText(part);
  }
  await isAccessible(page, "exports");
  await isInWords(page, "exports");
  const again = await fileOf(page, rows.first().getByRole("link"));
  expect(again.bytes.equals(parquet.bytes)).toBe(true);

  // Background work leads there.
  await page.goto(`${patron.url}/activity`);
  const job = page.getByRole("row").filter({ hasText: t("terms.job.export") });
  await job
    .first()
    .getByRole("link", { name: t("app.activity.open_subject") })
    .click();
  await expect(page).toHaveURL(/\/exports$/);
});

test("who would take what along is listed, and told on the organisation's page", async ({
  page,
  locale,
}) => {
  const { t } = words(locale);
  await signIn(page, patron, t);
  await page.goto(`${patron.url}/value/exposure`);
  await settled(page);
  const rows = page.getByRole("table").getByRole("row");
  const asked = await page.request.get(`${patron.url}/api/v1/value/exposure?limit=50`);
  const { items } = await asked.json();
  await expect(rows).toHaveCount(items.length + 1);
  await expect(rows.nth(1)).toContainText(items[0].name);
  await isInWords(page, "key people");

  // As a file, the most first.
  const file = await fileOf(page, page.getByRole("button", { name: t("value.exposure.csv") }));
  const [head, first] = file.bytes.toString("utf8").replace("\ufeff", "").split("\r\n");
  expect(head).toContain(`${t("terms.figure.clv_36m")} (CNY)`);
  expect(first).toContain(String(items[0].clv_36m.minor / 100));

  // Who decides alone; the choice stands in the address.
  await page.getByRole("combobox", { name: t("value.exposure.influence") }).click();
  await page.getByTitle(t("value.exposure.at_least", { influence: 5 })).click();
  await expect(page).toHaveURL(/influence=5/);
  await settled(page);
  await expect(page.getByText(t("customers.influence", { influence: 4 }))).toHaveCount(0);
  await page.goBack();
  await settled(page);

  // Sorted by something else; that stands in the address, too.
  await page.getByRole("combobox", { name: t("value.exposure.sort") }).click();
  await page.getByTitle(t("value.exposure.by.customers"), { exact: true }).click();
  await expect(page).toHaveURL(/sort=customers/);
  const sorted = await page.request.get(
    `${patron.url}/api/v1/value/exposure?sort=customers&limit=1`,
  );
  const [most] = (await sorted.json()).items;
  await expect(rows.nth(1)).toContainText(most.name);
  await isInWords(page, "key people by customers");
  await page.goBack();
  await settled(page);

  // The same person on the page of the organisation, with those who bring most of it.
  const [tie] = items[0].ties;
  await rows.nth(1).getByRole("link", { name: tie.organisation }).click();
  await expect(page.getByRole("heading", { level: 1, name: tie.organisation })).toBeVisible();
  const section = page.getByRole("region", { name: t("record.exposure.title") });
  const person = section.getByRole("row").filter({ hasText: items[0].name });
  await expect(person.first()).toContainText(String(items[0].customers));
  await person.first().getByRole("button").first().click();
  await expect(
    section.getByRole("columnheader", { name: t("record.exposure.dependent") }),
  ).toBeVisible();
  await isAccessible(page, "an organisation's key people");
  await isInWords(page, "an organisation's key people");
});
