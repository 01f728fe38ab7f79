// How long the calendar takes to answer a person when a month holds 2,000 messages.
//
// The browser gets the lists that it asks for from here, page by page with cursors as the API gives
// them; everything else is the product. What is told is what Chromium itself measures (Event Timing):
// from the key or click to the next frame, in steps of 8 ms.

import { endpoints, launch, signedIn, tell } from "./measuring.mjs";

const { web, api } = endpoints;
const COUNT = 2_000;
const PAGE = 100;
const WANTED_MS = 100;
const DAY = 86_400_000;
const STATUSES = ["scheduled", "scheduled", "delivered", "failed", "pending_review", "needs_review", "draft"];
const CHANNELS = ["facebook", "instagram", "linkedin", "whatsapp", "email", "sms"];

function messages() {
  const now = new Date();
  const start = Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1);
  return Array.from({ length: COUNT }, (_, at) => {
    const scheduled_at = new Date(start + Math.floor((at / COUNT) * 30 * DAY)).toISOString();
    return {
      id: `00000000-0000-7000-8000-${String(at).padStart(12, "0")}`,
      status: STATUSES[at % STATUSES.length],
      revision: 1,
      content: `Member ${at} earned a certification. Congratulations from everyone in the community!`,
      subject: null,
      channels: CHANNELS.slice(at % 5, (at % 5) + 2),
      author: "author",
      author_name: `Author ${at % 17}`,
      scheduled_at,
      scheduled_at_local: null,
      due_at: scheduled_at,
      time_zone: "Europe/Madrid",
      created_at: new Date(start - 30 * DAY).toISOString(),
      media: [],
      variants: {},
      late_policy: { after_minutes: 60, action: "send" },
      certification_id: null,
      reason: null,
    };
  }).reverse();
}

function answer(url, all) {
  const query = new URL(url).searchParams;
  const from = Date.parse(query.get("from") ?? "1970-01-01");
  const to = Date.parse(query.get("to") ?? "9000-01-01");
  const wanted = all.filter(({ due_at }) => Date.parse(due_at) >= from && Date.parse(due_at) <= to);
  const start = Number(query.get("cursor") ?? 0);
  const next = start + PAGE;
  return { items: wanted.slice(start, next), next_cursor: next < wanted.length ? String(next) : null };
}

async function measured(page, name, act) {
  await page.evaluate(() => (globalThis.seen = []));
  await act();
  await page.waitForTimeout(400);
  const found = await page.evaluate(() => globalThis.seen);
  tell(`calendar: ${name}`, Math.max(0, ...found), "ms", WANTED_MS);
}

async function prepare(page) {
  await page.route(`${api}/api/v1/messages?**`, (route) => {
    if (route.request().method() !== "GET") return route.continue();
    const headers = { "Access-Control-Allow-Origin": "*" };
    return route.fulfill({ json: answer(route.request().url(), all), headers });
  });
  await page.addInitScript(() => {
    globalThis.seen = [];
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) if (entry.interactionId) globalThis.seen.push(entry.duration);
    }).observe({ type: "event", durationThreshold: 16, buffered: true });
  });
}

const all = messages();
const browser = await launch();
const page = await signedIn(browser, { prepare });
const on = all[COUNT / 2].due_at.slice(0, 10);
const began = Date.now();
await page.goto(`${web}calendar?on=${on}`);
await page.locator("[data-entry]").first().waitFor();
const first = Date.now() - began;
await page.waitForFunction((count) => {
  const shown = [...document.querySelectorAll(".chip b")].reduce((sum, one) => sum + Number(one.textContent), 0);
  return shown === count;
}, COUNT);
const drawn = await page.locator("[data-entry]").count();
tell(`calendar: first of ${COUNT} messages shown`, first / 1000, "s");
tell(`calendar: all ${COUNT} read`, (Date.now() - began) / 1000, "s", null, `${drawn} of them drawn in the month`);

const keys = async (names) => {
  for (const name of names) {
    await page.keyboard.press(name);
    await page.waitForTimeout(120);
  }
};
const radio = (name) => page.locator("label").filter({ hasText: new RegExp(`^${name}$`) }).click();
await measured(page, "choose a status", () => page.getByRole("button", { name: /^Failed/ }).click());
await measured(page, "take it back", () => page.getByRole("button", { name: /^Failed/ }).click());
await measured(page, "type four letters", async () => {
  await page.getByRole("searchbox").focus();
  await keys(["m", "e", "m", "b"]);
});
await measured(page, "clear them", () => keys(["Backspace", "Backspace", "Backspace", "Backspace"]));
await measured(page, "go through the days, eight keys", async () => {
  await page.locator(`[data-cell="${on}"]`).focus();
  await keys(["ArrowRight", "ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp", "ArrowUp", "ArrowRight", "ArrowDown"]);
});
await measured(page, "pick an entry up and aim, six keys", async () => {
  await page.locator("[data-movable]").first().focus();
  await keys(["m", "ArrowRight", "ArrowDown", "Shift+ArrowDown", "ArrowLeft", "Escape"]);
});
await measured(page, "the week", () => radio("Week"));
await measured(page, "go through its hours, four keys", async () => {
  await page.locator("[data-cell][tabindex='0']").focus();
  await keys(["ArrowRight", "ArrowDown", "ArrowDown", "ArrowLeft"]);
});
await measured(page, "the list", () => radio("List"));
await measured(page, "the month again", () => radio("Month"));
await measured(page, "the next month", () => page.getByRole("button", { name: "Later" }).click());
await browser.close();
