// What the measurements of the web app share: a browser, somebody signed in, a figure as a line.
//
// Each script is called with one JSON argument, {"endpoints", "chromium"}, against a running product,
// and writes one line of JSON a figure: name, value, unit, at_most, note.

import { chromium } from "playwright-core";

const told = JSON.parse(process.argv[2]);
export const { endpoints } = told;

export async function launch() {
  return chromium.launch({ executablePath: told.chromium, args: ["--no-sandbox", "--disable-gpu"] });
}

/** A window of a desk with a manager in it. */
export async function signedIn(browser, { prepare = async () => {} } = {}) {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, locale: "en-GB", timezoneId: "Europe/Madrid" });
  await prepare(page);
  await page.goto(endpoints.web);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.locator("input[name=username]").fill("manager");
  await page.locator("input[name=password]").fill("Sandbox-manager-1!");
  await page.keyboard.press("Enter");
  await page.locator(".shell").waitFor();
  return page;
}

export function tell(name, value, unit, at_most = null, note = "") {
  process.stdout.write(`${JSON.stringify({ name, value, unit, at_most, note })}\n`);
}
