// Take the pictures of the documentation: the web app in the light, in the dark, on a phone.
// Called with one JSON argument: where the product is, the browser, the folder, what to show.

import { createRequire } from "node:module";

const told = JSON.parse(process.argv[2]);
const frontend = createRequire(new URL("../../frontend/package.json", import.meta.url));
const { chromium } = frontend("playwright-core");
const WEB = told.endpoints.web;
const LOOKS = {
  light: { theme: "light", width: 1280, height: 860 },
  dark: { theme: "dark", width: 1280, height: 860 },
  phone: { theme: "light", width: 390, height: 780 },
};
const PICTURES = [
  ["welcome", "light", null],
  ["overview", "dark", ""],
  ["message", "light", `messages/${told.message}`],
  ["message", "dark", `messages/${told.message}`],
  ["message", "phone", `messages/${told.message}`],
  ["announce", "light", "submit"],
  ["write", "dark", "compose"],
];

const browser = await chromium.launch({ executablePath: told.chromium, args: ["--no-sandbox", "--disable-gpu"] });
for (const [name, look, path] of PICTURES) {
  const { theme, width, height } = LOOKS[look];
  const context = await browser.newContext({
    viewport: { width, height }, colorScheme: theme, locale: "en-GB", timezoneId: "Europe/Madrid", reducedMotion: "reduce",
  });
  const page = await context.newPage();
  await page.goto(WEB + (path ?? ""));
  const button = page.getByRole("button", { name: "Sign in" });
  await button.waitFor();
  if (path !== null) {
    await button.click();
    await page.locator("input[name=username]").fill("manager");
    await page.locator("input[name=password]").fill("Sandbox-manager-1!");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1 }).waitFor();
    if (path === "submit") await announce(page);
    if (path === "compose") await write(page);
  }
  await page.waitForLoadState("networkidle");
  await page.screenshot({ path: `${told.folder}/web-${name}-${look}.jpg`, type: "jpeg", quality: 82 });
  await context.close();
}
await browser.close();

async function announce(page) {
  await page.getByRole("combobox", { name: "Certification" }).fill("solutions pro");
  await page.getByRole("option").first().waitFor();
  await page.keyboard.press("Enter");
  await page.getByLabel("Whose achievement").fill("Zoë Ångström");
  await page.getByLabel("Certified on").fill("2026-11-02");
  await page.getByLabel("A personal message").fill("Six months of evenings. Thank you, study group!");
  await page.locator(".post").first().waitFor();
  await page.evaluate(() => window.scrollTo(0, 0));
}

async function write(page) {
  for (const name of ["LinkedIn", "Instagram", "SMS"]) await page.getByRole("checkbox", { name }).check();
  await page.getByLabel("Message", { exact: true }).fill("Our winter meetup is on 3 December: cost control for small teams. Bring a question!");
  await page.locator(".post").nth(2).waitFor();
}
