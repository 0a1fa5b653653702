// The customer's record: found while the phone rings, seen whole, corrected, filled, asked whether one may
// contact; and what administrators decide of it.
import { expect, type Page, test } from "@playwright/test";
import { makeExampleFirm } from "./firm";
import { type Patron, startPatron } from "./patron";
import { anyValue, choose, isAccessible, isInWords, saves, settled, signIn } from "./person";
import { words } from "./words";

const TABS = [
  "overview",
  "record",
  "contacts",
  "subscriptions",
  "identities",
  "consents",
  "transactions",
  "timeline",
];
const MANY = 500;

type Found = { id: string; name: string; phone: string; brand: string; contacts: object[] };

let patron: Patron;
test.beforeAll(async () => {
  test.setTimeout(240_000);
  patron = await startPatron();
  await makeExampleFirm(patron, MANY);
});
test.afterAll(async () => {
  await patron?.stop();
});

/** Some customer of the example firm, another one for each number. */
async function someone(page: Page, kind: "person" | "organisation", nth = 0): Promise<Found> {
  const read = async (path: string) =>
    (await page.request.get(`${patron.url}/api/v1${path}`)).json();
  const { items } = await read(`/value/profiles?kind=${kind}&limit=50`);
  const { customer } = items[nth];
  return read(`/customers/${customer.id}`);
}

async function open(page: Page, customer: Found, tab: string): Promise<void> {
  await page.goto(`${patron.url}/customers/${customer.id}?tab=${tab}`);
  await settled(page);
}

test("a phone rings: the caller is found by the end of the number, and seen whole", async ({
  page,
  locale,
}) => {
  const { t } = words(locale);
  await signIn(page, patron, t);
  const caller = await someone(page, "organisation");
  expect(caller.contacts.length).toBeGreaterThan(0);

  await page.keyboard.press("Control+k");
  const palette = page.getByRole("combobox", { name: t("app.search.placeholder") });
  await palette.fill(caller.phone.slice(-7));
  const hit = page.getByRole("option").filter({ hasText: caller.name });
  await expect(hit).toContainText(caller.brand);
  await palette.press("Enter");

  // One screen says who it is, what they are worth, and who decides there.
  await expect(page.getByRole("heading", { level: 1, name: caller.name })).toBeVisible();
  await expect(
    page.getByRole("button", {
      name: anyValue(t("app.explain.open", { name: t("terms.figure.value"), value: "{{value}}" })),
    }),
  ).toBeVisible();
  await expect(page.getByText(caller.phone)).toBeVisible();
  await expect(page.getByRole("heading", { name: t("customers.why.care") })).toBeVisible();
  await expect(page.getByRole("heading", { name: t("customers.contacts") })).toBeVisible();

  // By the whole number it is known who it is, and by what.
  await page.keyboard.press("Control+k");
  await palette.fill(caller.phone);
  await expect(page.getByRole("option").first()).toContainText(
    t("app.search.known_by", { kind: t("terms.identity.phone") }),
  );
  await expect(page.getByRole("option").filter({ hasText: caller.name })).toHaveCount(1);
  await page.keyboard.press("Escape");

  // Everything else is a tab away, and each tab has its address.
  for (const tab of TABS) {
    await page.getByRole("tab", { name: t(`customers.tab.${tab}`), exact: true }).click();
    await expect(page).toHaveURL(
      tab === "overview" ? /customers\/[^?]+$/ : new RegExp(`tab=${tab}$`),
    );
    await settled(page);
    await isInWords(page, tab);
  }
});

for (const theme of ["light", "dark"] as const) {
  test(`the record and the settings are accessible in the ${theme} theme`, async ({
    page,
    locale,
  }) => {
    test.setTimeout(300_000);
    const { t } = words(locale);
    await page.emulateMedia({ colorScheme: theme });
    await signIn(page, patron, t);
    const organisation = await someone(page, "organisation", 1);
    for (const tab of TABS) {
      await open(page, organisation, tab);
      await isAccessible(page, `${tab} ${theme}`);
    }
    for (const tab of [
      "users",
      "roles",
      "places",
      "fields",
      "contact",
      "panels",
      "webhooks",
      "audit",
    ]) {
      await page.goto(`${patron.url}/settings/${tab}`);
      await isAccessible(page, `settings ${tab} ${theme}`);
      await isInWords(page, `settings ${tab}`);
    }
    // A dialog of each kind of field.
    await open(page, organisation, "record");
    await page.getByRole("button", { name: t("record.life.add") }).click();
    await isAccessible(page, `a day ${theme}`);
    await page.keyboard.press("Escape");
    await expect(page.getByRole("dialog")).toBeHidden();
    await page.getByRole("button", { name: t("record.preferences.edit") }).click();
    await isAccessible(page, `preferences ${theme}`);
  });
}

test("a record is corrected: an error stands at its field, then it is saved", async ({
  page,
  locale,
}) => {
  const { t } = words(locale);
  await signIn(page, patron, t);
  const customer = await someone(page, "person", 2);
  await open(page, customer, "record");
  await page.getByRole("button", { name: t("record.facts.edit") }).click();
  const dialog = page.getByRole("dialog");
  const name = dialog.getByLabel(t("record.field.name"), { exact: true });
  const tooLong = "长".repeat(201);
  await name.fill(tooLong);
  await dialog.getByRole("button", { name: t("record.save"), exact: true }).click();
  await expect(dialog.getByText(t("problem.code.text_too_long"))).toBeVisible();
  await expect(name).toHaveValue(tooLong);
  await isAccessible(page, "an error at its field");

  const right = `${customer.name}甲`;
  await name.fill(right);
  await saves(page, t);
  await expect(page.getByRole("heading", { level: 1, name: right })).toBeVisible();
  await expect(page.getByText(t("record.saved"), { exact: true })).toBeVisible();

  // What happened is told in words.
  await open(page, customer, "timeline");
  await expect(page.getByText(t("events.kind.customer_changed")).first()).toBeVisible();
  await expect(page.getByText(right).last()).toBeVisible();
  await isInWords(page, "timeline");
});

test("somebody else was first: what they changed is told, and nothing typed is lost", async ({
  page,
  locale,
}) => {
  const { t } = words(locale);
  await signIn(page, patron, t);
  const customer = await someone(page, "person", 3);
  await open(page, customer, "record");
  await page.getByRole("button", { name: t("record.facts.edit") }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel(t("record.field.segment"), { exact: true }).fill("mine");

  const at = `${patron.url}/api/v1/customers/${customer.id}`;
  const { version } = await (await page.request.get(at)).json();
  const theirs = await page.request.patch(at, {
    data: { region: "theirs", segment: "also theirs" },
    headers: { "if-match": `"${version}"` },
  });
  expect(theirs.ok()).toBe(true);

  await dialog.getByRole("button", { name: t("record.save"), exact: true }).click();
  await expect(dialog.getByText(t("app.edit.meanwhile"))).toBeVisible();
  await expect(
    dialog.getByText(
      t("app.edit.crossed", { field: t("record.field.segment"), value: "also theirs" }),
    ),
  ).toBeVisible();
  await expect(dialog.getByLabel(t("record.field.segment"), { exact: true })).toHaveValue("mine");
  await expect(dialog.getByLabel(t("record.field.region"), { exact: true })).toHaveValue("theirs");
  await isAccessible(page, "somebody else was first");
  await saves(page, t);
  const after = await (await page.request.get(at)).json();
  expect([after.region, after.segment]).toEqual(["theirs", "mine"]);
});

test("a contact with influence and a birthday by the moon are written down", async ({
  page,
  locale,
}) => {
  const { t, language } = words(locale);
  await signIn(page, patron, t);
  const organisation = await someone(page, "organisation", 2);
  await open(page, organisation, "contacts");
  await page.getByRole("button", { name: t("record.contacts.add") }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel(t("record.contacts.name"), { exact: true }).fill("欧阳娜娜");
  await choose(page, t("record.contacts.role"), t("customers.role.decision_maker"));
  await choose(page, t("record.contacts.influence"), t("record.contacts.influences.5"));
  await saves(page, t);
  const row = page.getByRole("row").filter({ hasText: "欧阳娜娜" });
  await expect(row).toContainText(t("customers.role.decision_maker"));
  await expect(row).toContainText(t("record.contacts.of_five", { influence: 5 }));

  // Someone who leaves stays, with a last day; not before the first.
  await row.getByRole("button").click();
  const day = (label: string) => dialog.getByLabel(label, { exact: true });
  await day(t("record.contacts.since")).fill("2024-05-01");
  await page.keyboard.press("Enter");
  await day(t("record.contacts.until")).fill("2023-05-01");
  await page.keyboard.press("Enter");
  await dialog.getByRole("button", { name: t("record.save"), exact: true }).click();
  await expect(dialog.getByText(t("problem.code.until_before_since"))).toBeVisible();
  await day(t("record.contacts.until")).fill("2026-05-01");
  await page.keyboard.press("Enter");
  await saves(page, t);

  const person = await someone(page, "person", 4);
  await open(page, person, "record");
  await page.getByRole("button", { name: t("record.life.add") }).click();
  await choose(page, t("record.life.month"), language === "en" ? "February" : "二月");
  await dialog.getByLabel(t("record.life.day"), { exact: true }).fill("30");
  await page.keyboard.press("Enter");
  await dialog.getByRole("button", { name: t("record.save"), exact: true }).click();
  await expect(dialog.getByText(t("problem.code.date_does_not_exist"))).toBeVisible();
  // By the moon there is such a day, in most years.
  await dialog.getByText(t("record.life.calendars.lunar"), { exact: true }).click();
  await expect(dialog.getByText(t("problem.code.date_does_not_exist"))).toBeHidden();
  await saves(page, t);
  const days = page.getByRole("region", { name: t("record.life.title") });
  await expect(days).toContainText(t("record.life.kinds.birthday"));
  await expect(days).toContainText(language === "en" ? "day 30 of lunar month 2" : "农历二月三十");
  await expect(
    days.getByText(anyValue(t("record.life.next", { day: "{{day}}" }))).first(),
  ).toBeVisible();
});

test("consent is given and withdrawn, and one asks whether one may", async ({ page, locale }) => {
  const { t } = words(locale);
  await signIn(page, patron, t);
  const customer = await someone(page, "person", 5);
  await open(page, customer, "consents");
  const may = page.getByRole("region", { name: t("record.may.title") });
  // Mail disturbs nobody at night, so that the answer is the same at every hour.
  const mail = may.getByRole("row").filter({ hasText: t("terms.channel.email") });
  await expect(mail).toContainText(t("record.may.no"));
  await expect(mail).toContainText(t("record.may.reason.no_consent"));

  const dialog = page.getByRole("dialog");
  const say = async (button: string) => {
    await page.getByRole("button", { name: button, exact: true }).click();
    await dialog.getByRole("button", { name: button, exact: true }).click();
    await expect(dialog.getByText(t("record.consents.choose_purpose"))).toBeVisible();
    await dialog.getByRole("checkbox", { name: t("terms.purpose.care"), exact: true }).check();
    await dialog.getByRole("checkbox", { name: t("terms.channel.email"), exact: true }).check();
    await dialog.getByLabel(t("record.consents.source"), { exact: true }).fill("95588");
    await dialog.getByRole("button", { name: button, exact: true }).click();
    await expect(dialog).toBeHidden();
  };
  await say(t("record.consents.give"));
  await expect(mail).toContainText(t("record.may.yes"));
  await expect(mail).toContainText(t("record.may.reason.consent_given"));
  await expect(mail).toContainText("95588");

  await say(t("record.consents.withdraw"));
  await expect(mail).toContainText(t("record.may.no"));
  await expect(mail).toContainText(t("record.may.reason.consent_withdrawn"));
  const said = page.getByRole("region", { name: t("record.consents.title") });
  await expect(said.getByRole("row")).toHaveCount(3);
  await isAccessible(page, "consents");
  await isInWords(page, "consents");
});

test("an identity is added once, ended, and stays in the history", async ({ page, locale }) => {
  const { t } = words(locale);
  await signIn(page, patron, t);
  const customer = await someone(page, "person", 6);
  await open(page, customer, "identities");
  const dialog = page.getByRole("dialog");
  await page.getByRole("button", { name: t("record.identities.add") }).click();
  const value = dialog.getByLabel(t("record.identities.value"), { exact: true });
  await value.fill("139");
  await dialog.getByRole("button", { name: t("record.save"), exact: true }).click();
  await expect(dialog.getByText(t("problem.code.phone_malformed"))).toBeVisible();
  // What another customer is known by is refused.
  const other = await someone(page, "person", 7);
  await value.fill(other.phone);
  await dialog.getByRole("button", { name: t("record.save"), exact: true }).click();
  await expect(dialog.getByText(t("problem.code.identity_taken"))).toBeVisible();
  await value.fill("138 0000 0000");
  await saves(page, t);
  const row = page.getByRole("row").filter({ hasText: "+8613800000000" });
  await expect(row).toContainText(t("record.identities.active"));

  await row.getByRole("button").click();
  await page
    .getByRole("tooltip")
    .getByRole("button", { name: t("record.identities.end"), exact: true })
    .click();
  await expect(row).toContainText(t("record.identities.because.ended"));
});

test("an administrator defines a field, and it is filled in where it belongs", async ({
  page,
  locale,
}) => {
  const { t, language } = words(locale);
  await signIn(page, patron, t);
  await page.goto(`${patron.url}/settings/fields`);
  await settled(page);
  await page.getByRole("button", { name: t("settings.fields.add") }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel(t("settings.fields.zh"), { exact: true }).fill("拜访次数");
  await dialog.getByLabel(t("settings.fields.en"), { exact: true }).fill("Visits");
  const name = dialog.getByLabel(t("settings.fields.name"), { exact: true });
  await name.fill("Visits!");
  await expect(dialog.getByText(t("problem.code.field_name_malformed"))).toBeVisible();
  await name.fill("visits");
  await choose(page, t("settings.fields.takes"), t("settings.fields.kinds.number"));
  await dialog.getByLabel(t("settings.fields.max"), { exact: true }).fill("12");
  await saves(page, t);
  await expect(page.getByRole("row").filter({ hasText: "visits" })).toBeVisible();

  const headed = language === "en" ? "Visits" : "拜访次数";
  const customer = await someone(page, "person", 8);
  await open(page, customer, "record");
  await page.getByRole("button", { name: t("record.custom.edit") }).click();
  await dialog.getByLabel(headed, { exact: true }).fill("13");
  await dialog.getByRole("button", { name: t("record.save"), exact: true }).click();
  await expect(dialog.getByText(t("problem.code.value_out_of_bounds"))).toBeVisible();
  await dialog.getByLabel(headed, { exact: true }).fill("4");
  await saves(page, t);
  await expect(page.getByRole("region", { name: t("record.custom.title") })).toContainText("4");
});

test("the secret of a webhook is shown once, and its deliveries can be looked at", async ({
  page,
  locale,
}) => {
  const { t, language } = words(locale);
  await signIn(page, patron, t);
  await page.goto(`${patron.url}/settings/webhooks`);
  await settled(page);
  await page.getByRole("button", { name: t("settings.webhooks.add") }).click();
  const dialog = page.getByRole("dialog");
  const url = dialog.getByLabel(t("settings.webhooks.url"), { exact: true });
  await url.fill("http://example.com/hook");
  await dialog.getByRole("button", { name: t("record.save"), exact: true }).click();
  await expect(dialog.getByText(t("problem.code.url_insecure"))).toBeVisible();
  // Nobody listens there.
  const here = `http://127.0.0.1:9/${language}`;
  await url.fill(here);
  await dialog.getByRole("button", { name: t("record.save"), exact: true }).click();
  const secret = page.getByRole("dialog", { name: t("settings.webhooks.secret_title") });
  await expect(secret.getByText(/^whsec_/)).toBeVisible();
  await isAccessible(page, "a secret");
  await secret.getByRole("button", { name: t("app.secret.kept") }).click();
  await expect(page.getByText(/^whsec_/)).toHaveCount(0);

  const row = page.getByRole("row").filter({ hasText: here });
  await row.getByRole("link", { name: t("settings.webhooks.deliveries") }).click();
  const customer = await someone(page, "person", 9);
  await page.request.post(`${patron.url}/api/v1/customers/${customer.id}/notes`, {
    data: { text: "for the webhook" },
  });
  const delivery = page.getByRole("row").filter({ hasText: t("events.kind.note_written") });
  await expect(async () => {
    await page.getByRole("button", { name: t("record.timeline.refresh") }).click();
    await expect(delivery.first()).toContainText(t("settings.deliveries.errors.unreachable"), {
      timeout: 2_000,
    });
  }).toPass();
  await isAccessible(page, "deliveries");
  await isInWords(page, "deliveries");

  await row.getByRole("button", { name: t("record.remove"), exact: true }).click();
  await page
    .getByRole("tooltip")
    .getByRole("button", { name: t("record.remove"), exact: true })
    .click();
  await expect(row).toHaveCount(0);
});

test("the audit tells what one person did, and its place in the chain", async ({
  page,
  locale,
}) => {
  const { t } = words(locale);
  await signIn(page, patron, t);
  await page.goto(`${patron.url}/settings/audit`);
  await settled(page);
  const kind = t("events.kind.user_signed_in");
  await page.getByLabel(t("settings.audit.what"), { exact: true }).fill(kind);
  await page.getByTitle(kind, { exact: true }).last().click();
  await expect(page).toHaveURL(/kind=user\.signed_in/);
  await settled(page);
  const rows = page.getByRole("table").getByRole("row");
  await expect(rows.nth(1)).toContainText(kind);
  await expect(async () => {
    await page.getByRole("button", { name: t("record.timeline.refresh") }).click();
    await expect(rows.nth(1)).toContainText(/\d+$/, { timeout: 2_000 });
  }).toPass();
  await page.goto(`${patron.url}/settings/audit?actor=system`);
  await settled(page);
  await expect(rows.nth(1)).toContainText(t("events.by_system"));
  await isInWords(page, "audit");
});

test("what a colleague changes appears on an open page by itself", async ({ page, locale }) => {
  const { t, language } = words(locale);
  await signIn(page, patron, t);
  const customer = await someone(page, "person", 7);
  const listening = page.waitForRequest((request) => request.url().endsWith("/api/v1/events"));
  await open(page, customer, "record");
  await listening;
  const text = `A colleague wrote this (${language})`;
  await page.request.post(`${patron.url}/api/v1/customers/${customer.id}/notes`, {
    data: { text },
  });
  await expect(page.getByText(text)).toBeVisible({ timeout: 10_000 });
});

test("a customer is made by hand, and their record is opened", async ({ page, locale }) => {
  const { t, language } = words(locale);
  await signIn(page, patron, t);
  await page.goto(`${patron.url}/customers`);
  await settled(page);
  await page.getByRole("button", { name: t("customers.new") }).click();
  const dialog = page.getByRole("dialog");
  const name = `诸葛${language === "en" ? "英" : "华"}`;
  const number = dialog.getByLabel(t("record.field.external_id"), { exact: true });
  await dialog.getByLabel(t("record.field.name"), { exact: true }).fill(name);
  await number.fill("DEMO-00000001");
  await dialog.getByRole("button", { name: t("record.save"), exact: true }).click();
  await expect(dialog.getByText(t("problem.code.external_id_taken"))).toBeVisible();
  await number.fill(`MADE-${language}`);
  await saves(page, t);
  await expect(page.getByRole("heading", { level: 1, name })).toBeVisible();
  await expect(page).toHaveURL(/tab=record/);

  // Found at once, by the first letters of its reading too.
  await page.keyboard.press("Control+k");
  await page
    .getByRole("combobox", { name: t("app.search.placeholder") })
    .fill(language === "en" ? "zgy" : "zgh");
  await expect(page.getByRole("option").filter({ hasText: name })).toBeVisible();

  // And by a tag, which says why.
  const id = new URL(page.url()).pathname.split("/").at(-1);
  const tag = `爱打高尔夫 ${language}`;
  await page.request.patch(`${patron.url}/api/v1/customers/${id}/tags`, { data: { add: [tag] } });
  await page
    .getByRole("combobox", { name: t("app.search.placeholder") })
    .fill(`高尔夫 ${language}`);
  await expect(page.getByRole("option").filter({ hasText: name })).toContainText(
    t("app.search.tagged", { tag }),
  );
});
