// Levels from nothing to a change that takes them: a programme from the ready-made draft, tried on everybody and
// published by a second person; a stricter one whose losers are read and told; a level given by hand.
import { type Browser, expect, type Page, test } from "@playwright/test";
import type { TFunction } from "i18next";
import { type Patron, startPatron } from "./patron";
import { anyValue, choose, isAccessible, isInWords, settled, signIn, signInFirst } from "./person";
import { words } from "./words";

const COLLEAGUE = "wang.fang";
const CUSTOMERS = 500;
const READY_MS = 150_000;
const DAY_MS = 86_400_000;
/** Where the example firm is: its days are the ones that count. */
const ZONE = "Asia/Shanghai";

test.describe.configure({ mode: "serial" });
let patron: Patron;
let programme = "";
test.beforeAll(async () => {
  patron = await startPatron();
});
test.afterAll(async () => {
  await patron?.stop();
});

/** The firm's day, so many days from now. */
function day(later = 0): string {
  return new Intl.DateTimeFormat("en-CA", {
    timeZone: ZONE,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
  }).format(Date.now() + later * DAY_MS);
}

const shown = (text: string, locale: string | undefined) =>
  new Intl.DateTimeFormat(words(locale).language, { dateStyle: "medium", timeZone: "UTC" }).format(
    new Date(`${text}T00:00:00Z`),
  );

async function read<T>(page: Page, path: string): Promise<T> {
  return (await page.request.get(`${patron.url}/api/v1${path}`)).json();
}

async function send(page: Page, path: string, data: object): Promise<Record<string, unknown>> {
  const headers = { origin: patron.url };
  const answer = await page.request.post(`${patron.url}/api/v1${path}`, { data, headers });
  expect(answer.ok(), `${path}: ${await answer.text()}`).toBe(true);
  return answer.json();
}

async function looksRight(page: Page, screen: string): Promise<void> {
  await isAccessible(page, screen);
  await isInWords(page, screen);
}

/** The same console at a colleague's. */
async function colleague(
  browser: Browser,
  locale: string | undefined,
  t: TFunction,
): Promise<Page> {
  const context = await browser.newContext({ locale, reducedMotion: "reduce" });
  const page = await context.newPage();
  await signIn(page, patron, t, COLLEAGUE);
  return page;
}

const level = (page: Page, name: string) => page.getByRole("group", { name, exact: true });

/** The number of the first condition of a rule. */
const amount = (page: Page, name: string, part: string) =>
  level(page, name).getByRole("group", { name: part, exact: true }).getByRole("spinbutton").first();

async function setDay(page: Page, t: TFunction, text: string): Promise<void> {
  const field = page.getByLabel(t("tiers.edit.effective_on"), { exact: true });
  await field.fill(text);
  await field.press("Enter");
  await expect(field).toHaveValue(text);
}

async function saveDraft(page: Page, t: TFunction): Promise<void> {
  const answered = page.waitForResponse((answer) => answer.request().method() === "PUT");
  await page.getByRole("button", { name: t("tiers.edit.save") }).click();
  await answered;
}

async function open(page: Page, t: TFunction, tab: string): Promise<void> {
  await page.getByRole("tab", { name: t(`tiers.tab.${tab}`) }).click();
  await settled(page);
}

async function simulate(page: Page, t: TFunction, again = false): Promise<void> {
  const name = t(again ? "tiers.simulation.again" : "tiers.simulation.start");
  await page.getByRole("button", { name }).click();
  await expect(page.getByText(t("tiers.simulation.lose_clv"), { exact: true })).toBeVisible();
  if (again) await expect(page.getByText(t("tiers.simulation.stale"))).toHaveCount(0);
}

async function publish(page: Page, t: TFunction): Promise<void> {
  await page.getByRole("button", { name: t("tiers.publish.open") }).click();
  const dialog = page.getByRole("dialog");
  await isAccessible(page, "before publishing");
  await dialog.getByRole("button", { name: t("tiers.publish.go") }).click();
  await expect(dialog).toBeHidden();
}

const refusal = (page: Page, t: TFunction, code: string) =>
  page.getByRole("alert").filter({ hasText: t(`problem.code.${code}`) });

test("an empty room teaches how to begin", async ({ page, locale, browser }) => {
  test.setTimeout(300_000);
  const { t } = words(locale);
  await signInFirst(page, patron, t);
  const rooms = page.getByRole("navigation", { name: t("app.rooms") });
  await rooms.getByRole("link", { name: t("app.room.tiers") }).click();
  await expect(page.getByRole("heading", { name: t("tiers.programme.none.title") })).toBeVisible();
  await looksRight(page, "no programme yet");
  await page.getByRole("tab", { name: t("tiers.room.grants") }).click();
  await expect(page.getByRole("heading", { name: t("tiers.grant.none_asked") })).toBeVisible();
  await looksRight(page, "nothing asked for");

  // The example firm, and a colleague who may publish too.
  await send(page, "/setup/example", { customers: CUSTOMERS, seed: 1 });
  await expect
    .poll(async () => (await read<{ has_run: boolean }>(page, "/setup")).has_run, {
      timeout: READY_MS,
    })
    .toBe(true);
  const { one_time_password: oneTimePassword } = await send(page, "/users", {
    login: COLLEAGUE,
    name: "王芳",
    role: "administrator",
    branch: null,
    teams: [],
    active: true,
  });
  const context = await browser.newContext({ locale, reducedMotion: "reduce" });
  await signInFirst(
    await context.newPage(),
    { url: patron.url, login: COLLEAGUE, oneTimePassword: String(oneTimePassword) },
    t,
  );
  await context.close();
});

test("a first programme from the ready-made draft", async ({ page, locale, browser }) => {
  test.setTimeout(300_000);
  const { t, language } = words(locale);
  const name = language === "en" ? "Club" : "会员俱乐部";
  const silver = language === "en" ? "Silver" : "银卡";
  await signIn(page, patron, t);
  await page.goto(`${patron.url}/tiers/programmes`);
  await expect(page.getByRole("heading", { name: t("tiers.programme.all") })).toBeVisible();
  await looksRight(page, "programmes");

  await page.getByRole("button", { name: t("tiers.programme.add") }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel(t("tiers.programme.zh"), { exact: true }).fill("会员俱乐部");
  await dialog.getByLabel(t("tiers.programme.en"), { exact: true }).fill("Club");
  // What is wrong is said as it is typed, and what another has at its field.
  await dialog.getByLabel(t("tiers.programme.code"), { exact: true }).fill("My Club");
  await expect(dialog.getByText(t("tiers.fault.code"))).toBeVisible();
  await looksRight(page, "a new programme");
  await dialog.getByLabel(t("tiers.programme.code"), { exact: true }).fill("metals");
  await dialog.getByRole("button", { name: t("tiers.programme.create") }).click();
  await expect(dialog.getByText(t("problem.code.code_taken"))).toBeVisible();
  await dialog.getByLabel(t("tiers.programme.code"), { exact: true }).fill("club");
  await dialog.getByRole("button", { name: t("tiers.programme.create") }).click();
  await expect(page.getByRole("heading", { level: 1, name })).toBeVisible();
  await expect(page).toHaveURL(/version=/);
  programme = /programmes\/([^/]+)/.exec(page.url())?.[1] ?? "";
  await looksRight(page, "a draft");

  // Keeping is never stricter than earning: said where it is, and nothing is saved.
  const keeps = amount(page, silver, t("tiers.edit.keep"));
  const before = await keeps.inputValue();
  await keeps.fill("999999");
  await saveDraft(page, t);
  await expect(level(page, silver).getByText(t("tiers.fault.keep"))).toBeVisible();
  await keeps.fill(before);
  await setDay(page, t, day());
  await saveDraft(page, t);
  await expect(page.getByText(t("tiers.edit.saved"))).toBeVisible();

  await open(page, t, "simulation");
  await expect(page.getByRole("heading", { name: t("tiers.simulation.none.title") })).toBeVisible();
  await looksRight(page, "not simulated yet");
  await page.getByLabel(t("tiers.sensitivity.which")).click();
  await page.getByTitle(new RegExp(`^${silver} · ${t("tiers.edit.qualify")}`)).click();
  await simulate(page, t);
  await expect(
    page.getByRole("heading", { name: anyValue(t("tiers.matrix.nobody_loses")) }),
  ).toBeVisible();
  await expect(
    page.getByRole("heading", {
      name: anyValue(t("tiers.sensitivity.finding", { level: silver })),
    }),
  ).toBeVisible();
  await looksRight(page, "a first simulation");

  // Who wrote it does not publish it.
  await publish(page, t);
  await expect(refusal(page, t, "second_person_needed")).toBeVisible();
  await looksRight(page, "a second person is needed");

  const theirs = await colleague(browser, locale, t);
  await theirs.goto(page.url());
  await settled(theirs);
  await publish(theirs, t);
  await expect(theirs).toHaveURL(/\/notices/);
  await expect(theirs.getByText(t("tiers.notices.nobody"))).toBeVisible();
  await looksRight(theirs, "no notices");
  await theirs.context().close();

  // Everybody is decided on.
  type Counts = { counts: { level: string | null; customers: number }[] };
  await expect
    .poll(
      async () => {
        const { counts } = await read<Counts>(page, `/tiers/programmes/${programme}`);
        return counts.reduce((sum, one) => sum + one.customers, 0);
      },
      { timeout: READY_MS },
    )
    .toBeGreaterThan(0);
  await page.goto(`${patron.url}/tiers/programmes/${programme}/members`);
  const held = anyValue(t("tiers.members.finding"));
  await expect(page.getByRole("heading", { name: held })).toBeVisible();
  await looksRight(page, "members");
});

test("a customer's level says why", async ({ page, locale }) => {
  const { t } = words(locale);
  await signIn(page, patron, t);
  type Profiles = { items: { customer: { id: string; name: string } }[] };
  const { items } = await read<Profiles>(page, "/value/profiles?sort=-revenue&limit=1");
  const best = items[0]?.customer ?? { id: "", name: "" };
  await page.goto(`${patron.url}/customers/${best.id}`);
  const section = page.getByRole("region", { name: t("tiers.of_customer.title") });
  await expect(section.getByRole("heading", { level: 3 }).first()).toBeVisible();
  await looksRight(page, "overview with levels");

  await page.getByRole("tab", { name: t("customers.tab.tiers"), exact: true }).click();
  const history = page.getByRole("region", { name: t("tiers.history.title") });
  await history.getByRole("button").first().click();
  await expect(history.getByText(t("tiers.history.known"))).toBeVisible();
  await looksRight(page, "levels of a customer");

  // The same answer for who asks in the room.
  await page.goto(`${patron.url}/tiers/programmes/${programme}/members?customer=${best.id}`);
  await expect(page.getByText(t("tiers.member.earned"))).toBeVisible();
  await looksRight(page, "one member");
});

test("a stricter draft is simulated, read, refused and published", async ({
  page,
  locale,
  browser,
}) => {
  test.setTimeout(300_000);
  const { t, language } = words(locale);
  const silver = language === "en" ? "Silver" : "银卡";
  await signIn(page, patron, t);
  await page.goto(`${patron.url}/tiers/programmes/${programme}/levels`);
  await page.getByRole("button", { name: t("tiers.version.begin", { number: 1 }) }).click();
  await expect(
    page.getByRole("heading", {
      name: t("tiers.version.title", { number: 2, state: t("tiers.version.state.draft") }),
    }),
  ).toBeVisible();
  await amount(page, silver, t("tiers.edit.qualify")).fill("6000");
  await amount(page, silver, t("tiers.edit.keep")).fill("6000");
  await setDay(page, t, day(1));
  await saveDraft(page, t);
  await expect(page.getByText(t("tiers.edit.saved"))).toBeVisible();

  await open(page, t, "simulation");
  await simulate(page, t);
  const losers = page.getByRole("region", { name: t("tiers.movers.title.lose") });
  await expect(losers.getByRole("link").first()).toBeVisible();
  await expect(
    losers.getByRole("columnheader", { name: t("tiers.matrix.clv_minor") }),
  ).toBeVisible();
  await page.getByText(t("tiers.matrix.clv_minor"), { exact: true }).first().click();
  await looksRight(page, "who loses");
  await publish(page, t);
  await expect(refusal(page, t, "second_person_needed")).toBeVisible();

  // The second person finds that the losers are told too late.
  const theirs = await colleague(browser, locale, t);
  await theirs.goto(page.url());
  await settled(theirs);
  await publish(theirs, t);
  await expect(refusal(theirs, t, "notice_too_short")).toContainText(shown(day(30), locale));
  await looksRight(theirs, "the notice is too short");

  // Another day makes another draft, which is to be simulated again.
  await open(page, t, "levels");
  await setDay(page, t, day(31));
  await saveDraft(page, t);
  await expect(page.getByText(t("tiers.edit.saved")).last()).toBeVisible();
  await open(page, t, "simulation");
  await expect(page.getByText(t("tiers.simulation.stale"))).toBeVisible();
  await looksRight(page, "a stale simulation");
  await simulate(page, t, true);

  await theirs.goto(page.url());
  await settled(theirs);
  await publish(theirs, t);
  await expect(theirs).toHaveURL(/\/notices/);
  await expect(theirs.getByRole("cell", { name: shown(day(1), locale) }).first()).toBeVisible();
  await looksRight(theirs, "notices");
  await open(theirs, t, "levels");
  await expect(
    theirs.getByRole("cell", { name: t("tiers.version.state.scheduled"), exact: true }),
  ).toBeVisible();
  await looksRight(theirs, "a version that waits for its day");
  await theirs.context().close();
});

test("a draft that a colleague saved first is not overwritten unseen", async ({
  page,
  locale,
  browser,
}) => {
  const { t, language } = words(locale);
  const silver = language === "en" ? "Silver" : "银卡";
  await signIn(page, patron, t);
  await page.goto(`${patron.url}/tiers/programmes/${programme}/levels`);
  await page.getByRole("button", { name: t("tiers.version.begin", { number: 1 }) }).click();
  await expect(page).toHaveURL(/version=/);
  await expect(page.getByRole("button", { name: t("tiers.edit.save") })).toBeVisible();
  const theirs = await colleague(browser, locale, t);
  await theirs.goto(page.url());
  await amount(theirs, silver, t("tiers.edit.qualify")).fill("7000");
  await saveDraft(theirs, t);
  await expect(theirs.getByText(t("tiers.edit.saved"))).toBeVisible();
  await theirs.context().close();

  await amount(page, silver, t("tiers.edit.qualify")).fill("8000");
  await saveDraft(page, t);
  const told = page
    .getByRole("alert")
    .filter({ hasText: t("tiers.edit.conflict", { who: "王芳" }) });
  await expect(told).toContainText(t("tiers.edit.part.levels"));
  await looksRight(page, "a colleague was first");
  await told.getByRole("button", { name: t("tiers.edit.take_theirs") }).click();
  await expect(amount(page, silver, t("tiers.edit.qualify"))).toHaveValue("7000");
});

test("a level by hand takes a second person and ends by itself", async ({
  page,
  locale,
  browser,
}) => {
  const { t, language } = words(locale);
  const club = language === "en" ? "Club" : "会员俱乐部";
  const diamond = language === "en" ? "Diamond" : "钻石卡";
  await signIn(page, patron, t);
  type Profiles = { items: { customer: { id: string; name: string } }[] };
  const { items } = await read<Profiles>(page, "/value/profiles?sort=value&limit=1");
  const customer = items[0]?.customer ?? { id: "", name: "" };
  await page.goto(`${patron.url}/customers/${customer.id}?tab=tiers`);
  await page.getByRole("button", { name: t("tiers.grant.ask") }).click();
  const dialog = page.getByRole("dialog");
  await choose(page, t("tiers.grant.programme"), club);
  await choose(page, t("tiers.grant.level"), diamond);
  await dialog.getByLabel(t("tiers.grant.reason"), { exact: true }).fill("投诉补偿 / complaint");
  await looksRight(page, "asking for a level");
  await dialog.getByRole("button", { name: t("tiers.grant.send"), exact: true }).click();
  await expect(dialog).toBeHidden();
  const grants = page.getByRole("region", { name: t("tiers.grant.title") });
  await expect(grants.getByText(t("tiers.grant.state.requested"))).toBeVisible();

  // Who asked for it does not agree to it.
  await grants.getByRole("button", { name: t("tiers.grant.act.approve") }).click();
  await expect(page.getByText(t("tiers.grant.own_request"))).toBeVisible();

  const theirs = await colleague(browser, locale, t);
  await theirs.goto(`${patron.url}/tiers/grants`);
  await expect(theirs.getByRole("link", { name: customer.name })).toBeVisible();
  await looksRight(theirs, "what is asked for");
  await theirs.getByRole("button", { name: t("tiers.grant.act.approve") }).click();
  await expect(theirs.getByText(t("tiers.grant.done.approve"), { exact: true })).toBeVisible();
  await expect(theirs.getByRole("heading", { name: t("tiers.grant.none_asked") })).toBeVisible();

  // It counts at once, with its reason, where the first person has the page open.
  const standing = page.getByRole("region", { name: t("tiers.of_customer.title"), exact: true });
  await expect(standing.getByText(t("tiers.by_hand"), { exact: true })).toBeVisible();
  await looksRight(page, "a level by hand");

  await theirs.goto(`${patron.url}/tiers/grants?state=approved`);
  await theirs.getByRole("button", { name: t("tiers.grant.act.revoke") }).click();
  await theirs
    .getByRole("tooltip")
    .getByRole("button", { name: t("tiers.grant.act.revoke") })
    .click();
  await expect(
    theirs.getByText(t("tiers.grant.done.revoke"), { exact: true }).first(),
  ).toBeVisible();
  await expect(standing.getByText(t("tiers.by_hand"), { exact: true })).toHaveCount(0);
  await theirs.context().close();
});

test("a phone shows the room of levels without sideways scrolling", async ({ page, locale }) => {
  const { t } = words(locale);
  await signIn(page, patron, t);
  await page.setViewportSize({ width: 390, height: 844 });
  for (const path of [
    "/tiers/programmes",
    "/tiers/grants?state=all",
    ...["levels", "simulation", "members", "notices"].map(
      (tab) => `/tiers/programmes/${programme}/${tab}`,
    ),
  ]) {
    await page.goto(`${patron.url}${path}`);
    await settled(page);
    const beyond = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect(beyond, path).toBeLessThanOrEqual(0);
  }
});
