// What a person does with the web app, in a real browser against the running product.
//
// Called with one JSON argument; writes one line of JSON per scenario: its name, what went wrong
// (null: nothing) and how long it took. Each has a window of its own; whatever the browser complains
// about is collected for all of them.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const told = JSON.parse(process.argv[2]);
const frontend = createRequire(new URL("../../frontend/package.json", import.meta.url));
const { chromium } = frontend("playwright-core");
const AXE = readFileSync(frontend.resolve("axe-core/axe.min.js"), "utf8");
let endpoints, WEB, API;
const PATIENCE = 20_000;
const PICTURE = fileURLToPath(new URL("../../frontend/public/icon-512.png", import.meta.url));
const complaints = [];
const tokens = new Map();
let browser;

/** Which product what follows is played with. */
function turnTo(product) {
  endpoints = product;
  WEB = product.web;
  API = product.api;
  tokens.clear();
}

async function open({ theme = "light", width = 1280, height = 900, locale = "en-GB", expects = [] } = {}) {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: theme,
    locale,
    timezoneId: "Europe/Madrid",
    reducedMotion: "reduce",
  });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  page.on("console", (message) => {
    const where = message.location().url;
    if (message.type() !== "error" || !where.startsWith(endpoints.sandbox) && !where.startsWith(API)) return;
    if (expects.some((text) => message.text().includes(text))) return;
    complaints.push(`${message.text()} (${where})`);
  });
  page.on("pageerror", (error) => complaints.push(String(error.stack ?? error)));
  return page;
}

async function signIn(page, user = "member", path = "") {
  await page.goto(WEB + path);
  await page.getByRole("button", { name: /^(Sign in|Iniciar sesión)$/ }).click();
  await fillIn(page, user);
}

async function fillIn(page, user) {
  await page.locator("input[name=username]").fill(user);
  await page.locator("input[name=password]").fill(`Sandbox-${user}-1!`);
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => url.href.startsWith(WEB) && !url.searchParams.has("code"));
}

async function token(user) {
  if (!tokens.has(user)) {
    const headers = { "Content-Type": "application/json" };
    const body = JSON.stringify({ user });
    const answer = await fetch(`${endpoints.sandbox}/dev/token`, { method: "POST", headers, body });
    tokens.set(user, (await answer.json()).token);
  }
  return tokens.get(user);
}

async function call(user, method, path, body) {
  const headers = {
    Authorization: await token(user),
    "Content-Type": "application/json",
    "Idempotency-Key": crypto.randomUUID(),
  };
  const answer = await fetch(API + path, { method, headers, body: body && JSON.stringify(body) });
  const value = await answer.json();
  if (!answer.ok) throw new Error(`${method} ${path}: ${JSON.stringify(value)}`);
  return value;
}

async function arm(channel, kind, times = 1) {
  const headers = { "Content-Type": "application/json" };
  const body = JSON.stringify({ channel, kind, times });
  const answer = await fetch(`${endpoints.sandbox}/faults`, { method: "POST", headers, body });
  if (!answer.ok) throw new Error(await answer.text());
}

function same(found, wanted, what) {
  if (JSON.stringify(found) !== JSON.stringify(wanted)) {
    throw new Error(`${what}: ${JSON.stringify(found)} instead of ${JSON.stringify(wanted)}`);
  }
}

/** What axe finds wrong with the page as it is. */
async function violations(page) {
  await page.evaluate(AXE);
  const found = await page.evaluate(async () => {
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    const result = await globalThis.axe.run(document, { runOnly: { type: "tag", values: tags } });
    return result.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html.slice(0, 120)).join(" | ")}`);
  });
  return found;
}

async function accessible(page, what) {
  same(await violations(page), [], `${what} has faults of accessibility`);
  const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  if (over > 0) throw new Error(`${what} is ${over} px wider than its window`);
}

const unique = (words) => `${words} ${crypto.randomUUID().slice(0, 8)}`;
const lanes = (page, status) => page.locator(`.lane[data-status=${status}]`);

async function write(page, text, channels) {
  for (const name of channels) await page.getByRole("checkbox", { name }).check();
  await page.getByLabel("Message", { exact: true }).fill(text);
}

async function choose(page, words, name = "Certification") {
  await page.getByRole("combobox", { name }).fill(words);
  await take(page);
}

/** Take the first choice once there is one: the list may still be on its way. */
async function take(page) {
  await page.getByRole("option").first().waitFor();
  await page.keyboard.press("Enter");
}

const HOUR = 3_600_000;
const dayAfter = (day, count) => new Date(Date.parse(day) + 24 * HOUR * count).toISOString().slice(0, 10);

/** Change a message as somebody else would, by the API alone. */
async function edit(user, message, changes) {
  const headers = {
    Authorization: await token(user),
    "Content-Type": "application/json",
    "If-Match": `"${message.revision}"`,
  };
  const init = { method: "PATCH", headers, body: JSON.stringify(changes) };
  const answer = await fetch(`${API}/api/v1/messages/${message.id}`, init);
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}

/** A message that is planned for a Tuesday, and the calendar that shows it. */
async function planned(expects = []) {
  const soon = new Date(Date.now() + 24 * HOUR);
  const day = dayAfter(soon.toISOString().slice(0, 10), (9 - soon.getUTCDay()) % 7);
  const body = { content: unique("Planned"), channels: ["sms"], scheduled_at: `${day}T12:00:00Z` };
  const message = await call("manager", "POST", "/api/v1/messages", body);
  const page = await open({ expects });
  await signIn(page, "manager", `calendar?on=${day}&text=${encodeURIComponent(message.content)}`);
  const entry = page.locator(`[data-entry="${message.id}"]`);
  await entry.waitFor();
  return { page, entry, message, day };
}

/** An achievement that a member handed in. */
function announced() {
  const member_name = unique("Ana Lovelace");
  const body = { member_name, certification_type: "cloud-practitioner", certified_on: "2026-11-02", consent: true };
  return call("member", "POST", "/api/v1/certifications", { ...body, channels: ["facebook", "linkedin"] });
}

const scenarios = {
  async signing_in_returns_to_the_page_one_came_for() {
    const page = await open();
    await signIn(page, "manager", "channels?from=a-link");
    await page.getByRole("heading", { name: "Channels", level: 1 }).waitFor();
    same(new URL(page.url()).search, "?from=a-link", "The address");
  },

  async a_renewed_session_keeps_the_managers_role() {
    const page = await open();
    await signIn(page, "manager");
    await page.getByRole("link", { name: "Queue" }).waitFor();
    const before = await stored(page);
    await page.evaluate(() => {
      const key = Object.keys(sessionStorage).find((name) => name.startsWith("oidc.user"));
      sessionStorage[key] = JSON.stringify({ ...JSON.parse(sessionStorage[key]), expires_at: 1 });
    });
    await page.reload();
    await page.getByRole("link", { name: "Queue" }).waitFor();
    const after = await stored(page);
    if (after.id_token === before.id_token) throw new Error("The token was not renewed.");
    const claims = JSON.parse(Buffer.from(after.id_token.split(".")[1], "base64url").toString());
    same(claims["cognito:groups"], ["community_manager"], "The groups of the renewed token");
  },

  async a_second_tab_is_signed_in_and_signed_out_with_the_first() {
    const page = await open();
    await signIn(page, "member");
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    const second = await page.context().newPage();
    await second.goto(WEB);
    await second.getByRole("heading", { name: "Overview" }).waitFor();
    await page.locator(".side summary").click();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("button", { name: "Sign in" }).waitFor();
    await second.getByRole("button", { name: "Sign in" }).waitFor();
  },

  async changes_are_told_over_a_socket() {
    const page = await open();
    await signIn(page, "member");
    await page.locator(".side .live[data-mode=live]").waitFor();
    const text = unique("Told at once");
    await call("member", "POST", "/api/v1/messages", { content: text, channels: ["linkedin"], draft: true });
    await page.getByRole("link", { name: text }).waitFor();
  },

  async a_member_sees_no_doors_for_managers() {
    const page = await open();
    await signIn(page, "member");
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    await page.locator(".side").getByText("Mia Torres").first().waitFor();
    same(await page.getByRole("link", { name: "Queue" }).count(), 0, "Links to the queue");
  },

  async a_submitted_achievement_is_seen_arriving_on_six_channels() {
    const page = await open();
    await signIn(page, "member", "submit");
    await choose(page, "saa");
    await page.getByLabel("Whose achievement").fill(unique("Zoë Ångström"));
    await page.getByLabel("Certified on").fill("2026-11-02");
    const text = { name: "notes.png", mimeType: "image/png", buffer: Buffer.from("not a picture") };
    await page.setInputFiles("input[type=file]", text);
    await page.getByText("PNG, JPEG and WebP can.").waitFor();
    const asked = page.waitForEvent("filechooser");
    await page.getByRole("button", { name: "Choose another" }).click();
    await (await asked).setFiles(PICTURE);
    await page.getByRole("radio", { name: "4:5" }).check();
    await page.getByRole("button", { name: "Use it" }).click();
    await page.getByText("The picture is ready.").waitFor();
    await page.locator(".post").nth(5).waitFor();
    await page.getByRole("button", { name: "Announce it" }).click();
    await page.getByText("Without their consent it can't be announced.").waitFor();
    await page.getByLabel("The person agrees").check();
    await page.getByRole("button", { name: "Announce it" }).click();
    await page.waitForURL(/\/messages\//);
    await page.getByText(/It is (on its way|published)/).waitFor();
    await lanes(page, "delivered").nth(5).waitFor();
    await page.getByText("Every channel has it.").waitFor();
    await page.getByRole("heading", { name: "Spread the word" }).waitFor();
    const wall = await page.getByRole("link", { name: "See it on the wall" }).count();
    same(wall, 3, "Links to posts on feeds");
  },

  async a_message_is_scheduled_moved_and_cancelled() {
    const page = await open();
    const text = unique("Our winter meetup");
    await signIn(page, "member", "compose?at=2027-03-28T02:30");
    await write(page, text, ["LinkedIn"]);
    await page.getByText("Clocks skip this time").waitFor();
    await page.getByLabel("Date and time").fill("2027-10-31T02:30");
    await page.getByText("Clocks show this time twice").waitFor();
    await page.getByLabel("Date and time").fill("2027-03-01T18:30");
    await page.getByRole("button", { name: "Schedule it" }).click();
    await page.getByText("It is scheduled").waitFor();
    await page.locator(".stop[data-state=planned]").getByText("Scheduled").first().waitFor();
    await page.getByRole("link", { name: "Edit" }).click();
    await page.getByLabel("Date and time").fill("2027-03-02T18:30");
    await page.getByRole("button", { name: "Save the change" }).click();
    await page.getByText(/2 Mar 2027, 18:30/).waitFor();
    await page.getByRole("button", { name: "Cancel it" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Cancel it" }).click();
    await lanes(page, "cancelled").waitFor();
  },

  async a_channel_that_failed_is_tried_again_alone() {
    const page = await open();
    await arm("facebook", "reject_content");
    await signIn(page, "member", "compose");
    await write(page, unique("A word of thanks"), ["Facebook Page", "LinkedIn"]);
    await page.getByRole("button", { name: "Publish now" }).click();
    await lanes(page, "failed").getByText("What helps:").waitFor();
    await lanes(page, "delivered").waitFor();
    await page.getByRole("button", { name: "Try Facebook Page again" }).click();
    await lanes(page, "delivered").nth(1).waitFor();
  },

  async a_tailored_text_too_long_is_marked_where_it_is() {
    const page = await open({ expects: ["400"] });
    await signIn(page, "member", "compose");
    await write(page, unique("For everyone"), ["Facebook Page", "LinkedIn"]);
    await page.getByRole("tab", { name: /LinkedIn/ }).click();
    await page.getByRole("button", { name: "Tailor it for LinkedIn" }).click();
    await page.getByLabel("Message on LinkedIn").fill("x".repeat(3001));
    await page.locator(".field .meter[data-over]").waitFor();
    await page.locator(".field .faults").filter({ hasText: "3000" }).waitFor();
    await page.keyboard.press("Control+Enter");
    await page.locator("textarea:focus[aria-invalid=true]").waitFor();
    await page.getByLabel("Message on LinkedIn").fill("Short again");
    await page.locator(".field .faults").waitFor({ state: "detached" });
  },

  async a_text_is_counted_in_segments_while_it_is_typed() {
    const page = await open();
    await signIn(page, "member", "compose");
    await write(page, "a".repeat(160), ["SMS"]);
    await page.locator(".counters").getByText("GSM-7 · 1 segment").waitFor();
    await page.getByLabel("Message", { exact: true }).fill("a".repeat(160) + "ж");
    await page.locator(".counters").getByText("UCS-2 · 3 segments").waitFor();
  },

  async a_double_click_and_a_lost_answer_publish_once() {
    const page = await open({ expects: ["ERR_FAILED"] });
    const text = unique("Said once");
    await signIn(page, "member2", "compose");
    await write(page, text, ["LinkedIn"]);
    let asked = 0;
    await page.route(`${API}/api/v1/messages`, async (route) => {
      if (route.request().method() !== "POST") return route.continue();
      asked += 1;
      if (asked > 1) return route.continue();
      await route.fetch(); // it arrives, and its answer is lost
      await route.abort();
    });
    await page.getByRole("button", { name: "Publish now" }).dblclick();
    await page.getByText("The API does not answer").waitFor();
    await page.getByRole("button", { name: "Publish now" }).click();
    await page.waitForURL(/\/messages\//);
    const { items } = await call("member2", "GET", "/api/v1/messages?limit=50");
    same(items.filter((item) => item.content === text).length, 1, "Messages with this text");
  },

  async an_expired_session_loses_no_word() {
    const page = await open({ expects: ["401", "400"] });
    const text = unique("Written long ago");
    await signIn(page, "member", "compose");
    await write(page, text, ["LinkedIn"]);
    await page.route(`${API}/**`, (route) =>
      route.fulfill({ status: 401, contentType: "application/problem+json", headers: { "Access-Control-Allow-Origin": "*" }, body: '{"code":"unauthenticated","title":"Sign in first","status":401,"detail":"","type":"x"}' }),
    );
    await page.route("**/oauth2/token", (route) => route.abort());
    await page.evaluate(() => {
      const key = Object.keys(sessionStorage).find((name) => name.startsWith("oidc.user"));
      sessionStorage[key] = JSON.stringify({ ...JSON.parse(sessionStorage[key]), expires_at: 1 });
    });
    await page.waitForTimeout(600); // what is typed is kept after a calm moment
    await page.reload();
    await page.getByRole("heading", { name: "Please sign in again" }).waitFor();
    await accessible(page, "The question to sign in again");
    await page.unroute(`${API}/**`);
    await page.getByRole("dialog").getByRole("button", { name: "Sign in" }).click();
    await page.locator("input[name=username]").waitFor();
    await page.unroute("**/oauth2/token");
    await fillIn(page, "member");
    await page.getByLabel("Message", { exact: true }).waitFor();
    same(await page.getByLabel("Message", { exact: true }).inputValue(), text, "The text");
  },

  async without_a_connection_it_says_so() {
    const page = await open({ expects: ["ERR_INTERNET_DISCONNECTED"] });
    await signIn(page, "member");
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    await page.context().setOffline(true);
    await page.getByText("You are offline.").waitFor();
    await page.context().setOffline(false);
    await page.getByText("You are offline.").waitFor({ state: "detached" });
  },

  async a_page_that_was_not_opened_before_comes_by_itself_when_there_is_a_connection() {
    const page = await open({ expects: ["ERR_INTERNET_DISCONNECTED"] });
    const text = unique("Written before the train went into the tunnel");
    await signIn(page, "member", "compose");
    await write(page, text, ["LinkedIn"]);
    await page.context().setOffline(true);
    await page.locator(".nav").getByRole("link", { name: "Calendar" }).click();
    await page.getByRole("alert").getByRole("heading", { name: "You are offline" }).waitFor();
    await accessible(page, "A page that could not be fetched");
    await page.context().setOffline(false);
    await page.locator(".month").waitFor();
    await page.locator(".nav").getByRole("link", { name: "Write" }).click();
    same(await page.getByLabel("Message", { exact: true }).inputValue(), text, "The text");
  },

  async an_app_that_could_not_start_starts_by_itself() {
    const page = await open({ expects: ["503"] });
    await page.route("**/config.json", (route) => route.fulfill({ status: 503, json: {} }));
    await page.goto(WEB);
    await page.getByText("The product does not answer").waitFor();
    await accessible(page, "The app without the product");
    await page.unroute("**/config.json");
    await page.evaluate(() => window.dispatchEvent(new Event("online")));
    await page.getByRole("button", { name: "Sign in" }).waitFor();
  },

  async an_open_tab_finds_the_pages_of_a_newer_release_and_goes_round_once_only() {
    const page = await open({ expects: ["404"] });
    await signIn(page, "member");
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    const gone = { status: 404, contentType: "text/plain", body: "gone" };
    let documents = 0;
    page.on("request", (request) => (documents += request.isNavigationRequest() ? 1 : 0));
    // The file of the old release is gone; a document that is loaded anew knows another.
    await page.route("**/assets/CalendarPage-*.js", (route) => (documents ? route.continue() : route.fulfill(gone)));
    await page.route("**/assets/ChannelsPage-*.js", (route) => route.fulfill(gone));
    await page.locator(".nav").getByRole("link", { name: "Calendar" }).click();
    await page.locator(".month").waitFor();
    same(documents, 1, "Documents for a page of a newer release");
    await page.locator(".nav").getByRole("link", { name: "Channels" }).click();
    await page.getByText("This page could not be shown").waitFor();
    same(documents, 2, "Documents for a page that stays missing");
  },

  async what_is_wrong_is_said_as_one_corrects_it_and_goes_when_one_does() {
    const page = await open({ locale: "es-ES", expects: ["400"] });
    await signIn(page, "member", "submit");
    same(await page.getByLabel("Escrito en").inputValue(), "es", "The language of the announcement");
    await choose(page, "saa", "Certificación");
    await page.getByLabel("Fecha de certificación").fill("2999-01-01");
    await page.getByText("Ese día aún no ha llegado.").waitFor();
    await page.getByLabel("Fecha de certificación").fill("2026-11-02");
    await page.getByText("Ese día aún no ha llegado.").waitFor({ state: "detached" });

    const name = page.getByLabel("De quién es el logro");
    await name.fill("x".repeat(101));
    await page.getByText("Acorta el nombre: 100 caracteres como máximo.").waitFor();
    same((await name.inputValue()).length, 101, "Letters of the name");
    await name.fill(unique("Zoë Ångström"));
    await page.getByLabel("Un mensaje personal").fill("Seis meses de tardes y de café. ".repeat(8));
    await page.locator(".cuts [data-channel=sms]").getByText("no tiene espacio para tu mensaje").waitFor();
    await page.locator(".cuts [data-channel=whatsapp]").getByText(/los primeros 1[0-9]{2} caracteres/).waitFor();
    same(await page.locator(".cuts [data-channel=email]").count(), 0, "A cut of the e-mail");

    await page.getByRole("radio", { name: "A una hora" }).check({ force: true });
    await page.getByLabel("Fecha y hora").fill("2026-01-01T10:00");
    await page.locator(".check input").check();
    await page.getByRole("button", { name: "Programarlo" }).click();
    await page.getByText("Esa hora ya ha pasado.").waitFor();
    await page.getByRole("alert").getByText("Aún no se ha enviado").waitFor();
    await page.locator("[type=datetime-local]:focus[aria-invalid=true]").waitFor();
    await page.getByLabel("Fecha y hora").fill("2999-01-01T10:00");
    await page.getByText("Esa hora ya ha pasado.").waitFor({ state: "detached" });
    same(await page.getByText("Aún no se ha enviado").count(), 0, "Notes that something is wrong");
  },

  async an_open_question_is_answered_in_its_place() {
    const page = await open();
    const made = await call("member", "POST", "/api/v1/messages", {
      content: unique("Is it there?"), channels: ["linkedin"], draft: true,
    });
    const message = `${API}/api/v1/messages/${made.id}`;
    const delivery = {
      channel: "linkedin", status: "needs_review", attempts: 1, external_id: null, url: null, error: null,
      next_attempt_at: null, delivered_at: null, recipients: null,
    };
    const shown = { ...made, status: "needs_review", deliveries: [delivery] };
    const headers = { "Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "*", ETag: '"1"' };
    let answer = null;
    await page.route(message, (route) => route.fulfill({ json: shown, headers }));
    await page.route(`${message}/deliveries/linkedin/resolve`, (route) => {
      if (route.request().method() === "OPTIONS") return route.continue();
      answer = route.request().postDataJSON();
      shown.status = "delivered";
      delivery.status = "delivered";
      return route.fulfill({ json: shown, headers });
    });
    await signIn(page, "member", `messages/${made.id}`);
    await page.getByText("Is the post on LinkedIn?").waitFor();
    await accessible(page, "The open question");
    await page.getByRole("button", { name: "Yes, it is there" }).click();
    await lanes(page, "delivered").waitFor();
    same(answer, { answer: "it_is_there", recipient: null }, "What was sent");
  },

  async what_people_write_never_becomes_markup() {
    const page = await open();
    const text = unique(`<img src=x onerror="document.title='taken'"><script>document.title='taken'</script>`);
    const made = await call("member", "POST", "/api/v1/messages", {
      content: text, channels: ["linkedin"], draft: true,
    });
    await signIn(page, "member", `messages/${made.id}`);
    await page.locator(".prose").getByText(text).waitFor();
    same(await page.locator("main img, main script").count(), 0, "Elements made of a text");
    if ((await page.title()) === "taken") throw new Error("A text has run.");
  },

  async spanish_is_spoken_everywhere_and_remembered() {
    const page = await open({ locale: "es-ES" });
    await signIn(page, "member2");
    await page.getByRole("heading", { name: "Resumen" }).waitFor();
    same(await page.locator("html").getAttribute("lang"), "es", "The language of the page");
    await page.locator(".side summary").click();
    await page.locator(".side").getByText("English").click();
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    await page.reload();
    await page.getByRole("heading", { name: "Overview" }).waitFor();
  },

  async an_achievement_is_announced_by_keyboard_alone() {
    const page = await open();
    await signIn(page, "member2", "submit");
    await page.getByRole("heading", { name: "Announce an achievement" }).waitFor();
    const reach = async (test) => {
      for (let presses = 0; presses < 60; presses++) {
        if (await page.evaluate(test)) return;
        await page.keyboard.press("Tab");
      }
      throw new Error(`Not reached by keyboard: ${test}`);
    };
    await reach(() => document.activeElement?.getAttribute("role") === "combobox");
    await page.keyboard.type("developer");
    await take(page);
    await page.keyboard.press("Tab");
    await page.keyboard.press("Control+A");
    await page.keyboard.type(unique("Keyla Board"));
    await page.keyboard.press("Tab");
    await page.keyboard.type("02112026");
    await reach(() => document.activeElement?.closest(".check") !== null);
    await page.keyboard.press("Space");
    await reach(() => document.activeElement?.getAttribute("type") === "submit");
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/messages\//);
    await page.getByText(/It is (on its way|published)/).waitFor();
  },

  async an_address_without_a_page_says_so() {
    const page = await open({ expects: ["404"] });
    await signIn(page, "member", "nowhere");
    await page.getByText("There is nothing at this address").waitFor();
    await accessible(page, "The page that is not there");
    await page.goto(`${WEB}messages/00000000-0000-7000-8000-000000000000`);
    await page.getByRole("alert").waitFor();
    await accessible(page, "The message that is not there");
  },

  async an_api_that_fails_is_told_with_a_way_on() {
    const page = await open({ expects: ["503"] });
    await signIn(page, "member");
    const headers = { "Access-Control-Allow-Origin": "*" };
    const problem = { type: "x", title: "Our storage is not available", status: 503, detail: "Try again.", code: "store_unavailable", correlation_id: "abcdefgh" };
    await page.route(`${API}/api/v1/messages?**`, async (route) => {
      const tried = await page.evaluate(() => globalThis.tried === true);
      return tried ? route.continue() : route.fulfill({ status: 503, json: problem, headers });
    });
    await page.reload();
    await page.evaluate(() => document.addEventListener("click", () => (globalThis.tried = true), true));
    await page.getByText("The product is not available right now").waitFor();
    await accessible(page, "The error of a list");
    await page.getByRole("button", { name: "Try again" }).click();
    await page.locator(".list-row, .state").first().waitFor();
  },

  async nothing_announced_yet_is_an_invitation() {
    const page = await open();
    await page.route(`${API}/api/v1/messages?**`, (route) =>
      route.fulfill({ json: { items: [], next_cursor: null }, headers: { "Access-Control-Allow-Origin": "*" } }),
    );
    await signIn(page, "member");
    await page.getByText("Nothing has been announced yet").waitFor();
    await accessible(page, "The empty overview");
  },

  async every_page_is_accessible_in_the_light() {
    await everyPage({ theme: "light", width: 1280 });
  },

  async every_page_is_accessible_in_the_dark() {
    await everyPage({ theme: "dark", width: 1920 });
  },

  async every_page_is_accessible_on_a_phone() {
    await everyPage({ theme: "dark", width: 360, height: 780 });
  },

  async dialogs_and_menus_are_accessible() {
    for (const theme of ["light", "dark"]) {
      const page = await open({ theme });
      await signIn(page, "manager", "compose");
      await page.getByRole("button", { name: "Keyboard" }).click();
      await accessible(page, `A dialog, ${theme}`);
      await page.keyboard.press("Escape");
      await page.locator("button:focus", { hasText: "Keyboard" }).waitFor();
      await page.locator(".side summary").click();
      await accessible(page, `The menu of the profile, ${theme}`);
      await page.goto(`${WEB}submit`);
      await page.getByRole("combobox", { name: "Certification" }).click();
      await page.getByRole("option").first().waitFor();
      await accessible(page, `The open catalogue, ${theme}`);
      await page.keyboard.press("Escape");
      await page.setInputFiles("input[type=file]", PICTURE);
      await page.locator("canvas.crop").waitFor();
      await accessible(page, `The cropper, ${theme}`);
      await page.context().close();
    }
  },

  async an_entry_is_moved_by_keyboard_and_back() {
    const { page, entry, message, day } = await planned();
    await entry.focus();
    await page.keyboard.press("m");
    await page.getByRole("group", { name: /^Move / }).waitFor();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Shift+ArrowDown");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Undo" }).waitFor();
    const moved = await call("manager", "GET", `/api/v1/messages/${message.id}`);
    same(Date.parse(moved.scheduled_at) - Date.parse(message.scheduled_at), 25 * HOUR, "How far it was moved");
    await page.locator(`[data-cell="${dayAfter(day, 1)}"] [data-entry="${message.id}"]:focus`).waitFor();
    await page.getByRole("button", { name: "Undo" }).click();
    await page.locator(`[data-cell="${day}"] [data-entry="${message.id}"]`).waitFor();
  },

  async escape_leaves_an_entry_where_it_was() {
    const { page, entry, message } = await planned();
    await entry.focus();
    await page.keyboard.press("m");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Escape");
    await page.locator(`[data-entry="${message.id}"]:focus`).waitFor();
    same((await call("manager", "GET", `/api/v1/messages/${message.id}`)).revision, 1, "The revision");
  },

  async an_entry_is_dragged_to_another_day() {
    const { page, entry, message, day } = await planned();
    const target = page.locator(`[data-cell="${dayAfter(day, 1)}"]`);
    await entry.dragTo(target, { targetPosition: { x: 60, y: 12 } });
    await target.locator(`[data-entry="${message.id}"]`).waitFor();
    const moved = await call("manager", "GET", `/api/v1/messages/${message.id}`);
    same(Date.parse(moved.scheduled_at) - Date.parse(message.scheduled_at), 24 * HOUR, "How far it was moved");
  },

  async a_past_day_refuses_an_entry_and_says_why() {
    const soon = new Date(Date.now() + HOUR / 6).toISOString();
    const body = { content: unique("Soon"), channels: ["sms"], scheduled_at: soon, draft: true };
    const message = await call("manager", "POST", "/api/v1/messages", body);
    const page = await open();
    // On a Monday the first there is no past day in the month, but there are past hours in the week.
    const isFirst = new Date().getDate() === 1 && new Date().getDay() === 1;
    const view = isFirst ? "week" : "month";
    await signIn(page, "manager", `calendar?view=${view}&text=${encodeURIComponent(message.content)}`);
    const entry = page.locator(`[data-entry="${message.id}"]`);
    await entry.dragTo(page.locator("[data-cell][data-past]").first());
    await page.getByRole("status").getByText("stays where it is: that time is over").waitFor();
    same((await call("manager", "GET", `/api/v1/messages/${message.id}`)).revision, 1, "The revision");
  },

  async on_a_phone_the_week_opens_at_now_and_nothing_stands_over_a_form() {
    const page = await open({ width: 360, height: 780 });
    await signIn(page, "manager", "calendar?view=week");
    const isInSight = () => {
      const [now, around] = ["[data-look=now]", ".week-scroll"].map((one) => document.querySelector(one)?.getBoundingClientRect());
      return now && now.left >= around.left && now.right <= around.right + 1 && now.top > around.top && now.bottom < around.bottom;
    };
    await page.waitForFunction(isInSight);
    await page.locator(".nav").getByRole("link", { name: "Announce" }).click();
    await page.waitForFunction(() => document.title.startsWith("Announce an achievement"));
    same(await page.evaluate(() => document.activeElement.getAttribute("aria-label")), "Announce an achievement", "Where the focus is");
    const covered = await page.locator("form .input, form input[type=checkbox]").evaluateAll((fields) =>
      fields.filter((field) => {
        field.scrollIntoView({ block: "end" });
        const { left, top, width, height } = field.getBoundingClientRect();
        return document.elementFromPoint(left + width / 2, top + height / 2)?.closest(".form-end") !== null;
      }).length,
    );
    same(covered, 0, "Fields under the buttons");
  },

  async an_entry_that_changed_meanwhile_is_not_moved_unseen() {
    const { page, entry, message, day } = await planned(["412"]);
    await entry.focus();
    await page.keyboard.press("m");
    const changed = await edit("manager", message, { content: `${message.content}, written anew` });
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Enter");
    await page.getByText("It was changed meanwhile, and was not moved.").waitFor();
    same((await call("manager", "GET", `/api/v1/messages/${message.id}`)).revision, changed.revision, "The revision");
    await page.getByRole("button", { name: "Move here" }).click();
    await page.locator(`[data-cell="${dayAfter(day, 1)}"] [data-entry="${message.id}"]`).waitFor();
    const after = await call("manager", "GET", `/api/v1/messages/${message.id}`);
    same(after.content, changed.content, "What the other person wrote");
  },

  async an_empty_day_opens_a_new_message_for_that_time() {
    const page = await open();
    await signIn(page, "manager", "calendar?on=2027-03-10");
    await page.locator('[data-cell="2027-03-28"]').focus();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Write", level: 1 }).waitFor();
    same(new URL(page.url()).searchParams.get("at"), "2027-03-28T09:00", "The time in the address");
    await page.goto(`${WEB}calendar?on=2027-03-28&view=week`);
    await page.locator('[data-cell="2027-03-28T02"][data-skipped]').getByText("The clocks skip this hour").waitFor();
  },

  async filters_stay_in_the_address() {
    const { page, entry, message } = await planned();
    await page.getByRole("searchbox").fill(message.content);
    await page.getByRole("group", { name: "Statuses" }).getByRole("button", { name: "Scheduled 1" }).click();
    await page.waitForURL((url) => url.searchParams.get("status") === "scheduled" && url.searchParams.get("text") === message.content);
    await page.reload();
    await entry.waitFor();
    same(await page.locator("[data-entry]").count(), 1, "Entries");
    await page.getByRole("searchbox").fill("nothing like that");
    await page.getByRole("button", { name: "Show everything" }).click();
    await entry.waitFor();
  },

  async the_queue_shows_what_failed_before_what_comes() {
    await arm("linkedin", "reject_content");
    const failed = unique("Refused");
    await call("manager", "POST", "/api/v1/messages", { content: failed, channels: ["linkedin"] });
    const { message } = await planned();
    const page = await open();
    await signIn(page, "manager", "queue");
    await page.locator("[data-section=attention]").getByRole("link", { name: failed }).waitFor();
    await page.getByRole("region", { name: /^Coming up/ }).getByRole("link", { name: message.content }).waitFor();
    const order = await page.locator(".queue-section h2").allTextContents();
    same(order[0].startsWith("Waits for a person"), true, "What stands first");
  },

  async only_an_administrator_replaces_credentials_and_faults_stand_at_their_fields() {
    const seen = await open();
    await signIn(seen, "manager", "channels");
    await seen.getByRole("heading", { name: "LinkedIn" }).waitFor();
    same(await seen.getByRole("button", { name: /^Replace credentials/ }).count(), 0, "Buttons of a manager");
    const page = await open({ expects: ["400"] });
    await signIn(page, "admin", "channels");
    await page.getByRole("button", { name: "Replace credentials LinkedIn" }).click();
    const token = page.getByLabel("Access token");
    await token.fill("not-a-token");
    await page.getByRole("button", { name: "Check and connect" }).click();
    await page.locator("[data-invalid] .faults").first().waitFor();
    same(await token.getAttribute("aria-invalid"), "true", "The field's mark");
    await accessible(page, "Credentials");
    await token.fill(endpoints.accounts.linkedin.access_token);
    await page.getByRole("button", { name: "Check and connect" }).click();
    await page.getByText(/^LinkedIn is connected as/).waitFor();
    await page.locator("button:focus", { hasText: "Replace credentials LinkedIn" }).waitFor();
  },

  async an_approver_reads_a_models_words_and_posts_the_own_ones_on_one_channel() {
    turnTo(told.approving);
    const made = await announced();
    const page = await open();
    await signIn(page, "manager");
    await page.getByRole("link", { name: /^Approvals/ }).click();
    await page.locator("[data-id]").filter({ hasText: made.member_name }).click();
    await page.locator(".review-facts").getByText("AWS Certified", { exact: false }).waitFor();
    const post = (channel) => page.locator(`.post[data-channel=${channel}]`);
    const said = async (channel) => post(channel).locator(":scope > .post-text").textContent();
    for (const channel of ["facebook", "linkedin"]) {
      await post(channel).getByText("A model's words").waitFor();
      await post(channel).locator("mark").first().waitFor();
    }
    const before = { facebook: await said("facebook"), linkedin: await said("linkedin") };
    await post("facebook").getByRole("button", { name: "Post the usual words on Facebook Page" }).click();
    await post("facebook").getByText("Own words, as a person chose").waitFor();
    const shown = { facebook: await said("facebook"), linkedin: await said("linkedin") };
    same([shown.facebook === before.facebook, shown.linkedin === before.linkedin], [false, true], "Words that stayed");
    await page.getByRole("button", { name: "Send back …" }).click();
    await page.getByLabel("What has to change, or why not").fill("Nothing.");
    await page.keyboard.press("Escape");
    await page.locator("[data-send-back]:focus").waitFor();
    await page.getByRole("button", { name: "Approve", exact: true }).click();
    await page.getByText("Approved.").waitFor();
    await page.goto(`${WEB}messages/${made.message_id}`);
    await lanes(page, "delivered").nth(1).waitFor();
    const { items } = await (await fetch(`${endpoints.sandbox}/posts`)).json();
    const posted = items.filter(({ text }) => text.includes(made.member_name)).map(({ channel, text }) => [channel, text]);
    same(Object.fromEntries(posted), shown, "The wall");
    await page.getByRole("heading", { name: "What was posted" }).waitFor();
    same({ facebook: await said("facebook"), linkedin: await said("linkedin") }, shown, "What the page says was posted");
  },

  async whose_words_a_post_has_is_told_accessibly() {
    turnTo(told.approving);
    await announced();
    const content = unique("We meet on 5 May, all of us.");
    const draft = await call("member", "POST", "/api/v1/messages", { content, channels: ["linkedin", "sms"], draft: true });
    for (const [theme, width] of [["light", 1280], ["dark", 360]]) {
      const page = await open({ theme, width });
      await signIn(page, "manager", "approvals");
      await page.locator(".words[data-whose=model]").first().waitFor();
      await accessible(page, `What waits for approval (${theme}, ${width} px)`);
      await page.goto(`${WEB}messages/${draft.id}`);
      await page.locator(".words[data-whose=model] summary").click();
      await page.getByRole("list", { name: "Chosen channels" }).getByText("LinkedIn").waitFor();
      await page.getByText("Kept as a draft").waitFor();
      await accessible(page, `A draft (${theme}, ${width} px)`);
      await page.goto(`${WEB}compose`);
      await write(page, content.replace("May", "June"), ["LinkedIn"]);
      await page.getByText("The words may still change").waitFor();
      await accessible(page, `What a model may still change (${theme}, ${width} px)`);
      await page.getByRole("button", { name: "Post my own words on LinkedIn" }).click();
      await page.getByText("Own words, as a person chose").waitFor();
      await page.context().close();
    }
  },

  // The last one: whatever the browser complained about until now.
  async the_browser_had_nothing_to_complain_of() {
    same(complaints, [], "Complaints of the browser");
  },
};

async function stored(page) {
  return page.evaluate(() => {
    const key = Object.keys(sessionStorage).find((name) => name.startsWith("oidc.user"));
    return JSON.parse(sessionStorage[key]);
  });
}

async function everyPage(look) {
  const page = await open({ ...look, expects: ["400"] });
  const where = `(${look.theme}, ${look.width} px)`;
  await page.goto(WEB);
  await page.getByRole("button", { name: "Sign in" }).waitFor();
  await accessible(page, `The way in ${where}`);
  await signIn(page, "manager");
  await page.locator(".list-row").first().waitFor();
  await accessible(page, `The overview ${where}`);
  const [first] = (await call("manager", "GET", "/api/v1/messages?scope=all&status=delivered")).items;
  await page.goto(`${WEB}messages/${first.id}`);
  await page.getByRole("button", { name: /^Details of/ }).first().click();
  await page.locator(".events").first().waitFor();
  await accessible(page, `A message ${where}`);
  await page.goto(`${WEB}submit`);
  await choose(page, "saa");
  await page.getByLabel("Certified on").fill("2026-11-02");
  await page.locator(".post").first().waitFor();
  await page.getByRole("button", { name: "Announce it" }).click();
  await page.locator(".faults").first().waitFor();
  await accessible(page, `The announcement ${where}`);
  await page.goto(`${WEB}compose?at=2027-10-31T02:30`);
  await write(page, "x".repeat(1700), ["SMS", "Instagram"]);
  await page.locator(".post .faults").first().waitFor();
  await accessible(page, `A message with faults ${where}`);
  for (const path of ["calendar", "calendar?view=week", "calendar?view=list", "queue", "channels", "approvals"]) {
    await page.goto(WEB + path);
    await page.getByRole("heading", { level: 1 }).waitFor();
    await page.waitForLoadState("networkidle");
    await accessible(page, `${path} ${where}`);
  }
}

browser = await chromium.launch({
  executablePath: told.chromium,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"],
});
for (const [name, play] of Object.entries(scenarios)) {
  if (told.only?.length && !told.only.includes(name)) continue;
  const began = Date.now();
  let wrong = null;
  turnTo(told.endpoints);
  try {
    await play();
  } catch (error) {
    wrong = String(error.stack ?? error);
  }
  await Promise.all(browser.contexts().map((context) => context.close()));
  process.stdout.write(`${JSON.stringify({ name, wrong, seconds: (Date.now() - began) / 1000 })}\n`);
}
await browser.close();
