import { describe, expect, test } from "vitest";
import { byDay, dayAt, firstWeekday, hourAt, hoursOf, isDay, monthOf, plusDays, plusMonths, startOf, weekOf } from "./days";
import { offsetAt, wallAt, zones } from "./zones";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const FIRST = "2026-11-01";

/** The days of a year on which clocks change, each way of doing so once. */
function changingDays(): [string, string][] {
  const all = zones().flatMap((zone) => {
    const found: [string, string][] = [];
    for (let day = FIRST; day < "2027-11-01"; day = plusDays(day, 1)) {
      const noon = Date.parse(`${day}T12:00Z`);
      if (offsetAt(noon - DAY, zone) === offsetAt(noon + DAY, zone)) continue;
      const [start, end] = [startOf(day, zone), startOf(plusDays(day, 1), zone)];
      if (end - start !== DAY) found.push([zone, day]);
    }
    return found;
  });
  const ways = new Map(all.map(([zone, day]) => [`${day} ${wayOf(zone, day)}`, [zone, day] as [string, string]]));
  return [...ways.values()];
}

/** How far the clocks are from UTC all through a day. */
function wayOf(zone: string, day: string): string {
  const start = startOf(day, zone);
  return Array.from({ length: 52 }, (_, half) => offsetAt(start + (half * HOUR) / 2, zone)).join();
}

const CHANGING = changingDays();

describe("every day on which a zone's clocks change", () => {
  test("there are some, shorter and longer ones", () => {
    const lengths = new Set(CHANGING.map(([zone, day]) => startOf(plusDays(day, 1), zone) - startOf(day, zone)));
    expect([...lengths]).toEqual(expect.arrayContaining([23 * HOUR, 25 * HOUR]));
    expect(CHANGING.length).toBeGreaterThan(15);
  });

  test("begins with an instant of its own whose predecessor is the day before", () => {
    for (const [zone, day] of CHANGING) {
      const start = startOf(day, zone);
      expect([zone, dayAt(start, zone), dayAt(start - 1, zone)]).toEqual([zone, day, plusDays(day, -1)]);
    }
  });

  test("has for each of its instants an hour that is not skipped", () => {
    for (const [zone, day] of CHANGING) {
      const hours = hoursOf(day, zone);
      for (let at = startOf(day, zone); at < startOf(plusDays(day, 1), zone); at += HOUR / 4) {
        const hour = hourAt(at, hours, zone);
        expect([zone, day, hour]).toEqual([zone, day, Number(wallAt(at, zone).slice(11, 13))]);
        const shown = hours[hour];
        expect([zone, day, shown?.at !== null]).toEqual([zone, day, true]);
      }
    }
  });

  test("offers for each hour an instant that the clock shows in it", () => {
    for (const [zone, day] of CHANGING) {
      for (const { hour, at } of hoursOf(day, zone)) {
        if (at === null) continue;
        expect([zone, wallAt(at, zone).slice(0, 13)]).toEqual([zone, `${day}T${String(hour).padStart(2, "0")}`]);
      }
    }
  });

  test("tells which hours are skipped and which are shown twice", () => {
    for (const [zone, day] of CHANGING) {
      const hours = hoursOf(day, zone);
      const isShort = startOf(plusDays(day, 1), zone) - startOf(day, zone) < DAY;
      const skipped = hours.filter((hour) => hour.at === null || !wallAt(hour.at, zone).endsWith(":00"));
      expect([zone, day, isShort ? skipped.length : hours.filter((hour) => hour.isRepeated).length]).not.toEqual([zone, day, 0]);
    }
  });

  test("keeps every entry of the days around it, once, on the day that its clock shows", () => {
    for (const [zone, day] of CHANGING) {
      const days = weekOf(day, 1);
      const [from, to] = [startOf(days[0] as string, zone), startOf(plusDays(days[6] as string, 1), zone)];
      const entries = Array.from({ length: (to - from) / (HOUR / 2) }, (_, at) => from + (at * HOUR) / 2);
      const sorted = byDay(entries, days, zone, (at) => at);
      expect([zone, [...sorted.values()].flat()]).toEqual([zone, entries]);
      for (const [name, list] of sorted) {
        expect([zone, new Set(list.map((at) => dayAt(at, zone)))]).toEqual([zone, new Set([name])]);
      }
    }
  });
});

test("an ordinary day's hours are found without asking the clocks", () => {
  const hours = hoursOf("2026-12-01", "Asia/Kathmandu");
  expect(hours.map(({ at }) => wallAt(at ?? 0, "Asia/Kathmandu").slice(11))).toEqual(
    Array.from({ length: 24 }, (_, hour) => `${String(hour).padStart(2, "0")}:00`),
  );
  expect(hourAt(startOf("2026-12-01", "Asia/Kathmandu") + 13.5 * HOUR, hours, "Asia/Kathmandu")).toBe(13);
});

test("a month is shown in whole weeks, each day once and in order", () => {
  for (let month = "2024-01-15"; month < "2031-01-01"; month = plusMonths(month, 1)) {
    for (const first of [1, 6, 7]) {
      const days = monthOf(month, first).flat();
      const last = plusDays(plusMonths(`${month.slice(0, 7)}-01`, 1), -1);
      expect(days.length % 7).toBe(0);
      expect(days.every((day, at) => at === 0 || day === plusDays(days[at - 1] as string, 1))).toBe(true);
      expect([days.indexOf(`${month.slice(0, 7)}-01`) < 7, days.indexOf(last) >= days.length - 7]).toEqual([true, true]);
    }
  }
});

test("the last day of a month becomes the last of a shorter one", () => {
  expect(plusMonths("2027-01-31", 1)).toBe("2027-02-28");
  expect(plusMonths("2028-03-31", -1)).toBe("2028-02-29");
  expect(plusMonths("2026-12-31", 12)).toBe("2027-12-31");
});

test("weeks begin as people are used to", () => {
  expect([firstWeekday("en-US"), firstWeekday("es-ES")]).toEqual([7, 1]);
  expect(weekOf("2026-11-22", 7)[0]).toBe("2026-11-22");
  expect(weekOf("2026-11-22", 1)[0]).toBe("2026-11-16");
});

test("a day that a zone left out is empty, and the next one begins where it would have", () => {
  expect(startOf("2011-12-30", "Pacific/Apia")).toBe(startOf("2011-12-31", "Pacific/Apia"));
  expect(hoursOf("2011-12-30", "Pacific/Apia").filter((hour) => hour.at !== null)).toEqual([]);
});

test.each(["2026-02-30", "2026-1-1", "tomorrow", "", "2026-13-01"])("%j is no day", (text) => {
  expect(isDay(text)).toBe(false);
});
