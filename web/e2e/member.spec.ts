// A customer's own page on a phone: staff make a link, the customer opens it, reads level and benefits, takes a code and
// gives it up; whoever opens the link a second time is refused kindly.
import { type Browser, expect, type Page, test } from "@playwright/test";
import { makeExampleFirm } from "./firm";
import { type Patron, startPatron } from "./patron";
import { choose, isAccessible, isInWords, OWN_PASSWORD, settled, signIn } from "./person";
import { words } from "./words";

const PHONE = { width: 390, height: 844 };
const READY_MS = 90_000;
const ZONE = "Asia/Shanghai";

let patron: Patron;
test.beforeAll(async () => {
  test.setTimeout(300_000);
  patron = await startPatron();
  await makeExampleFirm(patron, 100);
  await makeProgramme();
});
test.afterAll(async () => {
  await patron?.stop();
});

type Json = { id: string; items: Json[]; revision: number; state: string } & Record<
  string,
  unknown
>;

async function caller(login: string, password: string) {
  let cookie = "";
  const call = async (method: string, path: string, body?: object, headers = {}) => {
    const answer = await fetch(`${patron.url}/api/v1${path}`, {
      method,
      headers: { "content-type": "application/json", cookie, ...headers },
      body: body ? JSON.stringify(body) : undefined,
    });
    cookie = answer.headers.get("set-cookie")?.split(";")[0] ?? cookie;
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json().catch(() => null)) as Json;
  };
  await call("POST", "/session", { login, password });
  return call;
}

/** Silver for nearly everybody, gold for nobody yet; silver gives lounge visits and a longer window for complaints. */
async function makeProgramme(): Promise<void> {
  const admin = await caller(patron.login, OWN_PASSWORD);
  const benefit = { unit_cost_minor: 1, settlement_minor: 1, active: true };
  await admin("POST", "/tiers/benefits", {
    ...benefit,
    code: "lounge",
    zh: "贵宾厅",
    en: "Lounge visit",
    terms: { kind: "partner_service", service: "lounge" },
  });
  await admin("POST", "/tiers/benefits", {
    ...benefit,
    code: "window",
    zh: "投诉期延长",
    en: "Longer to complain",
    terms: { kind: "complaint_window", days: 60 },
  });
  const programme = await admin("POST", "/tiers/programmes", {
    code: "club",
    zh: "会员俱乐部",
    en: "Club",
  });
  const today = new Intl.DateTimeFormat("sv-SE", { timeZone: ZONE }).format(new Date());
  const spend = (at_least: number) => ({ all: [{ measure: "spend", at_least }] });
  const draft = await admin("POST", `/tiers/programmes/${programme.id}/versions`, {
    schema: 2,
    levels: [
      {
        code: "silver",
        zh: "银卡",
        en: "Silver",
        colour: "#c0c0c0",
        qualify: spend(1),
        benefits: [
          { benefit: "lounge", quantity: 4, per: "year", companions_max: 2 },
          { benefit: "window", per: "year" },
        ],
      },
      { code: "gold", zh: "金卡", en: "Gold", colour: "#d4af37", qualify: spend(10 ** 12) },
    ],
    period: { kind: "rolling_months", months: 24 },
    downgrade: { kind: "at_once" },
    landing: "earned",
    notice_days: 0,
    effective_on: today,
  });
  const over = async (what: string, is: () => Promise<boolean>) => {
    const until = Date.now() + READY_MS;
    while (!(await is())) {
      if (Date.now() > until) throw new Error(`${what} took too long`);
      await new Promise((wait) => setTimeout(wait, 500));
    }
  };
  const job = await admin("POST", `/tiers/versions/${draft.id}/simulation`, {});
  await over("the simulation", async () => {
    const { state } = await admin("GET", `/jobs/${job.id}`);
    if (state === "failed") throw new Error("the simulation failed");
    return state === "succeeded";
  });
  // Somebody else publishes.
  const added = (await admin("POST", "/users", {
    login: "second",
    name: "李娜",
    role: "administrator",
    branch_id: null,
    active: true,
  })) as Json & { one_time_password: string };
  const second = await caller("second", added.one_time_password);
  await second("POST", "/session/password", {
    current_password: added.one_time_password,
    new_password: OWN_PASSWORD,
  });
  await second("POST", `/tiers/versions/${draft.id}/publish`, undefined, {
    "if-match": `"${draft.revision}"`,
  });
  await over("the level", async () => {
    const best = await bestCustomer(admin);
    const { items } = await admin("GET", `/customers/${best}/tiers`);
    return items[0]?.level === "silver";
  });
}

async function bestCustomer(call: Awaited<ReturnType<typeof caller>>): Promise<string> {
  const { items } = await call("GET", "/value/profiles?sort=-value&limit=1");
  return (items[0] as unknown as { customer: { id: string } }).customer.id;
}

async function phone(browser: Browser, locale: string | undefined): Promise<Page> {
  const context = await browser.newContext({
    locale,
    viewport: PHONE,
    isMobile: true,
    hasTouch: true,
    reducedMotion: "reduce",
  });
  return await context.newPage();
}

/** Nothing stands beyond the edge of the screen. */
async function fits(page: Page): Promise<void> {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  expect(wide).toBeLessThanOrEqual(PHONE.width);
}

test("a customer opens its page by a link, takes a code and gives it up", async ({
  page,
  browser,
  locale,
}) => {
  const { t, language } = words(locale);
  const zh = language === "zh-CN";
  const call = await caller(patron.login, OWN_PASSWORD);
  const id = await bestCustomer(call);

  // What the customer is to read about complaining.
  await signIn(page, patron, t);
  await page.goto(`${patron.url}/settings/contact`);
  await page.getByRole("button", { name: t("tiers.member_page.edit") }).click();
  const telephone = zh ? "投诉热线 400-800-1234" : "Call 400-800-1234";
  await page
    .getByRole("dialog")
    .getByLabel(t(`tiers.member_page.complaint_${zh ? "zh" : "en"}`))
    .fill(telephone);
  await page
    .getByRole("dialog")
    .getByRole("button", { name: t("record.save"), exact: true })
    .click();
  await expect(page.getByText(telephone)).toBeVisible();

  // Staff make the link.
  await page.goto(`${patron.url}/customers/${id}`);
  await settled(page);
  await page.getByRole("button", { name: t("tiers.member_link.open") }).click();
  const dialog = page.getByRole("dialog");
  await choose(page, t("tiers.member_link.minutes"), t("tiers.member_link.for.15"));
  await dialog.getByRole("button", { name: t("tiers.member_link.make"), exact: true }).click();
  await expect(dialog.getByText(t("tiers.member_link.once"))).toBeVisible();
  await isAccessible(page, "the link");
  const link = (await dialog.locator("code").textContent()) ?? "";
  expect(link).toMatch(/\/member#[\w-]{43}$/);
  await dialog.getByRole("button", { name: t("tiers.member_link.done"), exact: true }).click();

  // A preview that looks at it uses nothing up.
  await (await fetch(link)).text();
  const own = await phone(browser, locale);
  const asked: string[] = [];
  own.on("request", (request) => asked.push(new URL(request.url()).pathname));
  await own.goto(link);
  await expect(own.getByRole("heading", { name: t("member.link_title") })).toBeVisible();
  await isAccessible(own, "the link on the phone");
  await own.getByRole("button", { name: t("member.link_open") }).click();

  // Level and what is missing, in words and as a bar.
  const silver = zh ? "银卡" : "Silver";
  const gold = zh ? "金卡" : "Gold";
  await expect(own.getByRole("heading", { name: silver, exact: true })).toBeVisible();
  await expect(own).toHaveURL(/\/member$/);
  await expect(
    own.getByRole("heading", { name: t("member.to_next", { level: gold }) }),
  ).toBeVisible();
  const bar = own.getByRole("progressbar", { name: t("member.measure_spend") });
  await expect(bar).toBeVisible();
  expect(await bar.getAttribute("aria-valuetext")).toMatch(/¥/);
  await expect(own.getByText(t("member.keep_met", { level: silver }))).toBeVisible();
  await expect(own.getByText(t("member.complaint_window", { days: 60 }))).toBeVisible();
  await expect(own.getByText(telephone)).toBeVisible();
  const left = (count: number) => own.getByText(t("member.left", { left: count, total: 4 }));
  await expect(left(4)).toBeVisible();
  await isAccessible(own, "the page");
  await isInWords(own, "the page");
  await fits(own);
  // Nothing of the console was loaded, and nothing of its API is open.
  const console_ = /^\/api\/v1\/(?!member\/)|\/assets\/(?:index|App|Shell)-/;
  expect(asked.filter((path) => console_.test(path))).toEqual([]);
  for (const path of ["/session", "/customers?limit=1", `/customers/${id}`]) {
    expect((await own.request.get(`${patron.url}/api/v1${path}`)).status()).toBe(401);
  }

  // A code, with somebody who comes along; it outlives a reload, and is given up.
  const lounge = zh ? "贵宾厅" : "Lounge visit";
  await own.getByLabel(t("member.companions")).selectOption("1");
  await own.getByRole("button", { name: t("member.take", { benefit: lounge }) }).click();
  await expect(
    own.getByRole("status").getByText(t("member.code_given", { benefit: lounge })),
  ).toBeVisible();
  const qr = own.getByRole("img", { name: t("member.qr_of", { benefit: lounge }) });
  await expect(qr).toBeVisible();
  const code = own.locator("figcaption");
  await expect(code).toHaveText(/^(?:[A-Z2-9]{4} ?){3}$/);
  const told = await code.textContent();
  await expect(left(3)).toBeVisible();
  await isAccessible(own, "a code");
  await fits(own);
  await own.screenshot({ path: `test-results/member-${language}.png`, fullPage: true });
  await own.reload();
  await expect(code).toHaveText(told ?? "");
  await own.emulateMedia({ colorScheme: "dark" });
  await isAccessible(own, "the page in the dark");
  await own.screenshot({ path: `test-results/member-dark-${language}.png`, fullPage: true });
  await own.getByRole("button", { name: t("member.give_up", { benefit: lounge }) }).click();
  await expect(qr).toHaveCount(0);
  await expect(left(4)).toBeVisible();
  await expect(own.getByText(t("member.use_cancelled"), { exact: true }).first()).toBeVisible();

  // The other language, at once.
  await own.getByRole("button", { name: zh ? "English" : "中文" }).click();
  await expect(
    own.getByRole("heading", { name: zh ? "Silver" : "银卡", exact: true }),
  ).toBeVisible();
  await own.getByRole("button", { name: zh ? "中文" : "English" }).click();

  // Whoever has the link now is too late, and is told what to do.
  const other = await phone(browser, locale);
  await other.goto(link);
  await other.getByRole("button", { name: t("member.link_open") }).click();
  await expect(other.getByRole("heading", { name: t("member.link_over_title") })).toBeVisible();
  await expect(other.getByText(t("member.link_over_hint"))).toBeVisible();
  await isAccessible(other, "a link that is over");
  await other.context().close();

  // Closed is closed.
  await own.getByRole("button", { name: t("member.leave") }).click();
  await expect(own.getByRole("heading", { name: t("member.signed_out_title") })).toBeVisible();
  await own.goto(`${patron.url}/member`);
  await expect(own.getByRole("heading", { name: t("member.session_over_title") })).toBeVisible();
  await own.context().close();

  // The timeline says what happened.
  await page.goto(`${patron.url}/customers/${id}?tab=timeline`);
  await expect(page.getByText(t("events.kind.member_link_opened")).first()).toBeVisible();
  await isInWords(page, "the timeline");
});
