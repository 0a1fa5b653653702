// What the firm keeps of one person: a file is attached, saved and taken off again, everything is handed over, and the
// person is erased.
import { readFile } from "node:fs/promises";
import { expect, test } from "@playwright/test";
import { makeExampleFirm } from "./firm";
import { type Patron, startPatron } from "./patron";
import { isAccessible, isInWords, settled, signIn } from "./person";
import { words } from "./words";

let patron: Patron;
test.beforeAll(async () => {
  test.setTimeout(240_000);
  patron = await startPatron();
  await makeExampleFirm(patron, 100);
});
test.afterAll(async () => {
  await patron?.stop();
});

test("a file is attached, everything is handed over, and the person is erased", async ({
  page,
  locale,
}) => {
  test.setTimeout(120_000);
  const { t, language } = words(locale);
  await signIn(page, patron, t);
  const number = `LEAVES-${language}`;
  const name = "司马相如";
  const made = await page.request.post(`${patron.url}/api/v1/customers`, {
    data: { kind: "person", name, external_id: number },
  });
  const { id } = await made.json();
  await page.goto(`${patron.url}/customers/${id}?tab=record`);
  await settled(page);

  // A file that is not what it says is refused in words; one that is right comes back as it was.
  const files = page.getByRole("region", { name: t("record.attachments.title") });
  const choose = files.locator("input[type=file]");
  const text = Buffer.from("甲方：司马相如");
  await choose.setInputFiles({ name: "合同.pdf", mimeType: "application/pdf", buffer: text });
  await expect(files.getByText(t("problem.code.file_type_mismatch"))).toBeVisible();
  await choose.setInputFiles({ name: "合同.txt", mimeType: "text/plain", buffer: text });
  const link = files.getByRole("link", {
    name: t("record.attachments.download", { name: "合同.txt" }),
  });
  await expect(link).toBeVisible();
  await isAccessible(page, "attachments");
  const saved = page.waitForEvent("download");
  await link.click();
  expect(await readFile(await (await saved).path())).toEqual(text);

  // Everything in one file.
  await page.getByRole("button", { name: t("record.everything.menu") }).click();
  const everything = page.waitForEvent("download");
  await page.getByRole("link", { name: t("record.everything.take") }).click();
  const zip = await everything;
  expect(zip.suggestedFilename()).toBe(`${number}.zip`);
  expect((await readFile(await zip.path())).subarray(0, 2).toString()).toBe("PK");

  await files
    .getByRole("button", { name: t("record.attachments.remove", { name: "合同.txt" }) })
    .click();
  await page.getByRole("button", { name: t("record.remove"), exact: true }).click();
  await expect(files.getByText(t("record.attachments.none"))).toBeVisible();

  // Erased, and not by accident.
  await page.getByRole("button", { name: t("record.everything.menu") }).click();
  await page.getByRole("menuitem", { name: t("record.erase.open") }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByText(t("record.erase.goes.files"))).toBeVisible();
  await expect(dialog.getByText(t("record.erase.stays.sums"))).toBeVisible();
  await isAccessible(page, "erasing");
  const confirm = dialog.getByRole("button", { name: t("record.erase.confirm"), exact: true });
  await confirm.click();
  await expect(dialog.getByText(t("record.erase.number_wrong"))).toBeVisible();
  await dialog.getByLabel(t("record.erase.number"), { exact: true }).fill(number);
  await confirm.click();
  await expect(dialog).toBeHidden();

  await expect(page.getByText(t("customers.erased.hint"))).toBeVisible();
  await expect(page.getByRole("heading", { level: 1 })).not.toContainText(name);
  await expect(page.getByText(name)).toHaveCount(0);
  await page.getByRole("tab", { name: t("customers.tab.timeline"), exact: true }).click();
  await expect(page.getByText(t("events.kind.customer_erased"))).toBeVisible();
  await isInWords(page, "erased");
  const found = await page.request.get(`${patron.url}/api/v1/customers?q=${number}`);
  expect((await found.json()).items).toEqual([]);
});
