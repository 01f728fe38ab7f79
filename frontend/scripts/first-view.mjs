// How soon somebody who is signed in sees the overview, and can use it.
//
// Every view begins with an empty browser cache. Seen is Chromium's largest contentful paint. Usable
// is what is seen, with its list, once the last long task (over 50 ms) is over. The median of some rounds, on this machine's processor and on one four times as slow.

import { launch, signedIn, tell } from "./measuring.mjs";

const ROUNDS = 5;
const SILENCE_MS = 1_000;
const SEEN_S = 1.0;
const USABLE_S = 1.5;

async function view(page) {
  await page.reload({ waitUntil: "commit" });
  await page.waitForFunction(() => globalThis.listed !== null);
  await page.waitForFunction(
    (silence) => performance.now() - Math.max(globalThis.listed, globalThis.busy) > silence,
    SILENCE_MS,
  );
  return page.evaluate(() => ({
    seen: globalThis.painted / 1000,
    usable: Math.max(globalThis.painted, globalThis.listed, globalThis.busy) / 1000,
  }));
}

const middle = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
const spread = (values) => `${Math.min(...values).toFixed(2)} to ${Math.max(...values).toFixed(2)}`;

const browser = await launch();
const page = await signedIn(browser, {
  prepare: (fresh) =>
    fresh.addInitScript(() => {
      Object.assign(globalThis, { painted: 0, listed: null, busy: 0 });
      const observe = (type, hear) =>
        new PerformanceObserver((list) => list.getEntries().forEach(hear)).observe({ type, buffered: true });
      observe("largest-contentful-paint", (entry) => (globalThis.painted = entry.startTime));
      observe("longtask", (entry) => (globalThis.busy = entry.startTime + entry.duration));
      new MutationObserver(() => {
        if (globalThis.listed === null && document.querySelector(".list-row, .state")) globalThis.listed = performance.now();
      }).observe(document, { childList: true, subtree: true });
    }),
});
const devtools = await page.context().newCDPSession(page);
await devtools.send("Network.setCacheDisabled", { cacheDisabled: true });
for (const [rate, where] of [[1, ""], [4, ", processor 4 times as slow"]]) {
  await devtools.send("Emulation.setCPUThrottlingRate", { rate });
  const rounds = [];
  for (let round = 0; round < ROUNDS; round++) rounds.push(await view(page));
  for (const [key, name, goal] of [["seen", "largest contentful paint", SEEN_S], ["usable", "overview usable", USABLE_S]]) {
    const values = rounds.map((round) => round[key]);
    tell(`${name}${where}`, middle(values), "s", rate === 1 ? goal : null, spread(values));
  }
}
await browser.close();
