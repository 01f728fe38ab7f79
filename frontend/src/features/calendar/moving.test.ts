import { describe, expect, test } from "vitest";
import type { MessageItem } from "@/lib/api";
import { plusDays } from "@/lib/days";
import { wallAt, zones } from "@/lib/zones";
import { isMovable, moved, offeredOn, openingCell, onDay, onHour, placeOf, stepOf, turned, withMoved } from "./moving";

const MADRID = "Europe/Madrid";
const at = (text: string) => Date.parse(text);
const NOW = at("2026-11-22T12:00:00Z");

function item(given: Partial<MessageItem>): MessageItem {
  const usual = { id: "1", status: "scheduled", revision: 1, scheduled_at: "2026-12-01T15:00:00.000Z", due_at: "2026-12-01T15:00:00.000Z" };
  return { ...usual, ...given } as MessageItem;
}

describe("keys", () => {
  test.each([
    ["ArrowLeft", false, "month", { days: -1 }],
    ["ArrowRight", false, "week", { days: 1 }],
    ["ArrowDown", false, "month", { days: 7 }],
    ["ArrowUp", true, "month", { minutes: -60 }],
    ["ArrowDown", false, "week", { minutes: 60 }],
    ["ArrowUp", true, "week", { minutes: -15 }],
    ["PageDown", false, "month", { months: 1 }],
    ["PageUp", false, "week", { days: -7 }],
    ["Tab", false, "month", null],
  ] as const)("%s (shift %s) in the %s", (key, isShifted, view, step) => {
    expect(stepOf(key, isShifted, view)).toEqual(step);
  });

  test("that undo one another lead back", () => {
    const start = at("2026-12-10T15:00:00Z");
    for (const [there, back] of [["ArrowLeft", "ArrowRight"], ["ArrowUp", "ArrowDown"]] as const) {
      for (const view of ["month", "week"] as const) {
        const away = moved(start, stepOf(there, false, view) ?? {}, MADRID);
        expect(away).not.toBe(start);
        expect(moved(away, stepOf(back, false, view) ?? {}, MADRID)).toBe(start);
      }
    }
  });
});

test("a day further the clock shows the same, in every zone, unless the clocks skip it", () => {
  for (const zone of zones()) {
    for (let day = "2026-11-01"; day < "2027-11-01"; day = plusDays(day, 41)) {
      const start = at(`${day}T12:34:56Z`);
      const next = moved(start, { days: 1 }, zone);
      expect([zone, wallAt(next, zone).slice(11)]).toEqual([zone, wallAt(start, zone).slice(11)]);
      expect([zone, wallAt(next, zone).slice(0, 10)]).toEqual([zone, plusDays(wallAt(start, zone).slice(0, 10), 1)]);
    }
  }
});

test("a time that the day's clocks skip becomes the first after it", () => {
  const moment = moved(at("2027-03-27T01:30:00Z"), { days: 1 }, MADRID);
  expect(wallAt(moment, MADRID)).toBe("2027-03-28T03:00");
});

test("an hour further is an hour later also where the clocks change", () => {
  const before = at("2027-10-31T00:30:00Z");
  expect(wallAt(before, MADRID)).toBe("2027-10-31T02:30");
  const after = moved(before, { minutes: 60 }, MADRID);
  expect([after - before, wallAt(after, MADRID)]).toEqual([3_600_000, "2027-10-31T02:30"]);
});

test("dropped where it is, an entry stays in the very second, even in a repeated hour", () => {
  const second = at("2027-10-31T01:30:07Z");
  expect(onDay(second, "2027-10-31", MADRID)).toBe(second);
  expect(onHour(second, "2027-10-31", 2, MADRID)).toBe(second);
});

test("dropped on an hour, an entry keeps its minutes and seconds", () => {
  expect(onHour(at("2026-12-01T15:20:30Z"), "2026-12-03", 9, MADRID)).toBe(at("2026-12-03T08:20:30Z"));
});

test.each([
  ["scheduled", "2026-12-01T15:00:00Z", true],
  ["scheduled", "2026-11-22T11:59:00Z", false],
  ["draft", "2026-11-01T15:00:00Z", true],
  ["pending_review", "2026-11-01T15:00:00Z", true],
  ["draft", null, false],
  ["delivered", "2026-12-01T15:00:00Z", false],
  ["publishing", "2026-12-01T15:00:00Z", false],
  ["failed", "2026-12-01T15:00:00Z", false],
] as const)("%s at %s may be moved: %s", (status, scheduled_at, isIt) => {
  expect(isMovable(item({ status, scheduled_at }), NOW)).toBe(isIt);
});

test("what was published at once stands when it went out; a draft without a time nowhere", () => {
  const due_at = "2026-11-20T10:00:00.000Z";
  expect(placeOf(item({ scheduled_at: null, due_at, status: "delivered" }))).toBe(at(due_at));
  expect(placeOf(item({ scheduled_at: null, due_at, status: "draft" }))).toBeNull();
});

test("what was moved here wins over an older list and yields to a newer one", () => {
  const [old, mine, newer] = [1, 2, 3].map((revision) => item({ revision }));
  const changed = new Map([["1", mine as MessageItem]]);
  expect(withMoved([old as MessageItem], changed)).toEqual([mine]);
  expect(withMoved([newer as MessageItem], changed)).toEqual([newer]);
  expect(withMoved([], changed)).toEqual([mine]);
});

test("an empty day offers nine o'clock, today the next full hour, a day that is over nothing", () => {
  expect(offeredOn("2026-12-01", MADRID, NOW)).toBe(at("2026-12-01T08:00:00Z"));
  expect(offeredOn("2026-11-22", MADRID, NOW)).toBe(at("2026-11-22T13:00:00Z"));
  expect(offeredOn("2026-11-21", MADRID, NOW)).toBeNull();
});

test.each([
  ["month", "2026-12-22"],
  ["list", "2026-12-22"],
  ["week", "2026-11-29"],
  ["day", "2026-11-23"],
] as const)("a %s turns to %s", (view, day) => {
  expect(turned(view, "2026-11-22", 1)).toBe(day);
});

describe("a week opens", () => {
  const entries = ["2026-11-23T16", "2026-11-24T08", "2026-11-23T09"];

  test("at now, where today is looked at", () => {
    expect(openingCell("2026-11-22", "2026-11-22T21", entries)).toBe("2026-11-22T21");
  });

  test("at the day's first entry, or in the morning", () => {
    expect(openingCell("2026-11-23", "2026-11-22T21", entries)).toBe("2026-11-23T09");
    expect(openingCell("2026-11-25", "2026-11-22T21", entries)).toBe("2026-11-25T07");
  });
});
