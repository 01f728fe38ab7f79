import { expect, test } from "vitest";
import { Healing, keepTrying, type Outcome, RETRY_MS, type Surroundings } from "./healing";

function ground(isThere = true) {
  const items = new Map<string, string>();
  const seen = { reloads: 0, isThere };
  const grounds = {
    answers: async () => seen.isThere,
    kept: {
      getItem: (key: string) => items.get(key) ?? null,
      setItem: (key: string, value: string) => void items.set(key, value),
      removeItem: (key: string) => void items.delete(key),
    },
    reload: () => void (seen.reloads += 1),
  };
  return { seen, grounds };
}

test("without a server nothing is loaded anew: the browser would show its own error instead", async () => {
  const { seen, grounds } = ground(false);
  expect(await new Healing("r1", grounds).heal("/calendar")).toBe("away");
  expect(seen.reloads).toBe(0);
});

test("a page that stays missing is not loaded for ever", async () => {
  const { seen, grounds } = ground();
  expect(await new Healing("r1", grounds).heal("/calendar")).toBe("reloading");
  expect(await new Healing("r1", grounds).heal("/calendar")).toBe("broken");
  expect(seen.reloads).toBe(1);
});

test("another release, and another page, have a try of their own", async () => {
  const { seen, grounds } = ground();
  await new Healing("r1", grounds).heal("/calendar");
  expect(await new Healing("r2", grounds).heal("/calendar")).toBe("reloading");
  expect(await new Healing("r2", grounds).heal("/queue")).toBe("reloading");
  expect(seen.reloads).toBe(3);
});

test("a page that was there meanwhile is healed again", async () => {
  const { grounds } = ground();
  const healing = new Healing("r1", grounds);
  await healing.heal("/calendar");
  healing.loaded("/queue");
  expect(await healing.heal("/calendar")).toBe("broken");
  healing.loaded("/calendar");
  expect(await healing.heal("/calendar")).toBe("reloading");
});

test("a browser that keeps nothing is never sent round", async () => {
  const { seen, grounds } = ground();
  const refuse = () => {
    throw new Error("denied");
  };
  const healing = new Healing("r1", { ...grounds, kept: { getItem: refuse, setItem: refuse, removeItem: refuse } });
  expect(await healing.heal("/calendar")).toBe("broken");
  expect(seen.reloads).toBe(0);
});

function surroundings() {
  const timers = new Map<number, { act: () => void; ms: number }>();
  const backs = new Set<() => void>();
  let next = 0;
  const around: Surroundings = {
    later: (act, ms) => (timers.set(++next, { act, ms }), next),
    forget: (timer) => void timers.delete(timer),
    whenBack: (act) => (backs.add(act), () => void backs.delete(act)),
  };
  return { around, timers, backs };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test("it is tried again by and by, and at once when there is a connection", async () => {
  const { around, timers, backs } = surroundings();
  const outcomes: Outcome[] = ["away", "away", "reloading"];
  const told: Outcome[] = [];
  keepTrying(async () => outcomes.shift() ?? "broken", (outcome) => told.push(outcome), around);
  await settled();
  expect([...timers.values()].map(({ ms }) => ms)).toEqual([RETRY_MS]);
  for (const { act } of timers.values()) act();
  await settled();
  expect(told).toEqual(["away", "away"]);
  for (const act of backs) act();
  await settled();
  expect(told).toEqual(["away", "away", "reloading"]);
  expect(timers.size).toBe(0);
});

test("who left the page is told nothing more", async () => {
  const { around, timers, backs } = surroundings();
  const told: Outcome[] = [];
  const stop = keepTrying(async () => "away", (outcome) => told.push(outcome), around);
  stop();
  await settled();
  expect([told, timers.size, backs.size]).toEqual([[], 0, 0]);
});
