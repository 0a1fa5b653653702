// Two records of one customer: found, said to be two and taken back, compared, merged, and made two again.
import { expect, type Page, test } from "@playwright/test";
import { makeExampleFirm } from "./firm";
import { type Patron, startPatron } from "./patron";
import { isAccessible, isInWords, settled, signIn } from "./person";
import { words } from "./words";

const MANY = 300;

let patron: Patron;
test.beforeAll(async () => {
  test.setTimeout(240_000);
  patron = await startPatron();
  await makeExampleFirm(patron, MANY);
});
test.afterAll(async () => {
  await patron?.stop();
});

type Made = { id: string; name: string; external_id: string };

/** Somebody who came in twice, once for each file of the firm. */
async function person(page: Page, facts: object, phone: string): Promise<Made> {
  const post = async (path: string, data: object) => {
    const answer = await page.request.post(`${patron.url}/api/v1${path}`, { data });
    expect(answer.ok(), await answer.text()).toBe(true);
    return answer.json();
  };
  const made: Made = await post("/customers", { kind: "person", ...facts });
  await post(`/customers/${made.id}/identities`, { kind: "phone", value: phone });
  await post(`/customers/${made.id}/life-events`, {
    kind: "birthday",
    calendar: "solar",
    year: 1988,
    month: 5,
    day: 17,
  });
  return made;
}

test("merge and unmerge: two records become one customer, and two again", async ({
  page,
  locale,
}) => {
  test.setTimeout(300_000);
  const { t } = words(locale);
  await signIn(page, patron, t);
  const name = locale?.startsWith("zh") ? "欧阳若兰" : "Ottilie Quaresma";
  const first = await person(page, { name, region: "北京", external_id: "M-1" }, "13912340001");
  const second = await person(
    page,
    { name, region: "上海", brand: "动感地带", external_id: "M-2" },
    "13812340002",
  );
  const called = (of: Made) => t("merging.named", { name: of.name, number: of.external_id });
  const names = { one: name, other: name };
  const region = (of: string) => page.getByRole("radio", { name: new RegExp(of) });

  // The way there is from the list of customers; everyone is looked through.
  await page.goto(`${patron.url}/customers`);
  await page.getByRole("link", { name: t("merging.title") }).click();
  await settled(page);
  await isAccessible(page, "no duplicates yet");
  await page.getByRole("button", { name: t("merging.search.now") }).click();
  const pair = page.getByRole("listitem").filter({ hasText: first.external_id });
  await expect(pair.first()).toContainText(second.external_id);
  await expect(pair.first()).toContainText(t("merging.reason.birthday_same"));
  await isAccessible(page, "duplicates");
  await isInWords(page, "duplicates");

  // Nothing is known of both: they are likely to be one, and not certain.
  const only = (what: string) =>
    page
      .getByRole("radiogroup", { name: t("merging.certainty") })
      .getByText(t(`merging.${what}`), { exact: true });
  await only("certain").click();
  await expect(page).toHaveURL(/certainty=certain/);
  await expect(pair).toHaveCount(0);
  await only("likely").click();
  await expect(pair.first()).toContainText(second.external_id);
  await only("any").click();
  await expect(page).not.toHaveURL(/certainty/);

  // Said to be two, and taken back: at once, or later.
  const dismiss = page.getByRole("button", { name: t("merging.dismiss_of", names) });
  await dismiss.click();
  await expect(page.getByText(t("merging.dismissed", names))).toBeVisible();
  await expect(dismiss).toBeHidden();
  await page.getByRole("button", { name: t("merging.take_back"), exact: true }).click();
  await expect(dismiss).toBeVisible();
  await dismiss.click();
  await expect(dismiss).toBeHidden();
  await page.getByRole("tab", { name: t("merging.tab.dismissed") }).click();
  await page.getByRole("button", { name: t("merging.reopen_of", names) }).click();
  await expect(page.getByText(t("merging.none.dismissed"))).toBeVisible();
  await page.getByRole("tab", { name: t("merging.tab.open") }).click();

  // On a customer's page the same is asked about one.
  await page.goto(`${patron.url}/customers/${first.id}`);
  await page.getByRole("button", { name: t("merging.one.search") }).click();
  await expect(page).toHaveURL(new RegExp(`duplicates\\?customer=${first.id}`));
  await page.getByRole("button", { name: t("merging.compare_of", names) }).click();
  await expect(page.getByRole("heading", { name: t("merging.compare_title") })).toBeVisible();
  await isAccessible(page, "side by side");
  await isInWords(page, "side by side");

  // Who remains and what is right is chosen; the choice of a field holds whoever remains.
  await region("上海").check();
  const remains = page.getByRole("radio", { name: called(second) });
  await remains.click();
  await expect(remains).toBeChecked();
  await expect(region("上海")).toBeChecked();
  await expect(page).toHaveURL(/keep=/);
  await region("北京").check();
  await expect(page.getByText(t("merging.moves.identities"))).toBeVisible();
  await expect(page.getByText(t("merging.later.value_run"))).toBeVisible();
  await page.getByRole("button", { name: `${t("merging.merge")} …` }).click();
  await page.getByRole("button", { name: t("merging.merge"), exact: true }).click();

  // The survivor has both, and the way back is offered.
  await expect(page).toHaveURL(new RegExp(`customers/${second.id}\\?merge=`));
  const into = t("merging.into", { merged: called(first), survivor: called(second) });
  await expect(page.getByText(into)).toBeVisible();
  await expect(page.getByText("北京", { exact: true })).toBeVisible();
  await isAccessible(page, "the survivor");
  await isInWords(page, "the survivor");
  const made = page.url();

  // An old address leads to the one who stands for both, and says so.
  await page.goto(`${patron.url}/customers/${first.id}?tab=identities`);
  await expect(page.getByText(t("merging.instead.title"))).toBeVisible();
  await expect(page).toHaveURL(new RegExp(`customers/${second.id}\\?tab=identities`));
  await expect(page.getByText("139", { exact: false }).first()).toBeVisible();

  // A later merge is in the way of undoing this one, and is named.
  const third = await person(page, { name, region: "北京", external_id: "M-3" }, "13712340003");
  await page.goto(`${patron.url}/customers/merge?one=${second.id}&other=${third.id}`);
  await page.getByRole("button", { name: `${t("merging.merge")} …` }).click();
  await page.getByRole("button", { name: t("merging.merge"), exact: true }).click();
  await expect(page).toHaveURL(/\?merge=/);
  await page.goto(made);
  const undo = async () => {
    await page.getByRole("button", { name: `${t("merging.undo")} …` }).click();
    await page.getByRole("button", { name: t("merging.undo"), exact: true }).click();
  };
  await undo();
  const refused = page.getByRole("alert").filter({ hasText: t("problem.code.merge_not_last") });
  await expect(refused).toContainText(called(second));
  await isAccessible(page, "a merge in the way");
  await refused.getByRole("link", { name: t("merging.to_merges") }).click();
  const merges = page.getByRole("list", { name: t("merging.tab.merges") });
  await expect(merges.getByText(into)).toBeVisible();
  await isAccessible(page, "merges");
  await isInWords(page, "merges");

  // The latest first, then the one before: two customers again, each as it was.
  for (const _ of [third, first]) {
    const open = await page.getByRole("button", { name: `${t("merging.undo")} …` }).count();
    await page
      .getByRole("button", { name: `${t("merging.undo")} …` })
      .first()
      .click();
    await page.getByRole("button", { name: t("merging.undo"), exact: true }).click();
    await expect(page.getByRole("button", { name: `${t("merging.undo")} …` })).toHaveCount(
      open - 1,
    );
  }
  await expect(merges.getByText(into)).toBeVisible();
  await page.goto(`${patron.url}/customers/${first.id}`);
  await expect(page.getByText(first.external_id).first()).toBeVisible();
  await expect(page).toHaveURL(new RegExp(`customers/${first.id}$`));
  await expect(page.getByText("北京", { exact: true })).toBeVisible();
  await page.goto(`${patron.url}/customers/${second.id}`);
  await expect(page.getByText("上海", { exact: true })).toBeVisible();
});
