import { describe, expect, test } from "vitest";
import { offsetAt, offsetText, resolve, wallAt, zones } from "./zones";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const YEAR = [Date.UTC(2026, 10, 1), Date.UTC(2027, 10, 1)] as const;

/** Every moment of a year at which a zone's clocks are put on or back. */
function changes(zone: string): number[] {
  const found: number[] = [];
  for (let at = YEAR[0]; at < YEAR[1]; at += DAY) {
    if (offsetAt(at, zone) === offsetAt(at + DAY, zone)) continue;
    let [low, high] = [at, at + DAY];
    while (high - low > 60_000) {
      const middle = low + Math.floor((high - low) / 120_000) * 60_000;
      if (offsetAt(middle, zone) === offsetAt(at, zone)) low = middle;
      else high = middle;
    }
    found.push(high);
  }
  return found;
}

describe("every zone that this runtime knows", () => {
  const changing = zones().flatMap((zone) => changes(zone).map((at) => [zone, at] as const));

  test("has some that change their clocks, and some that don't", () => {
    expect(new Set(changing.map(([zone]) => zone)).size).toBeGreaterThan(80);
    expect(zones().length).toBeGreaterThan(300);
  });

  test("shows at the end of a skipped hour that no clock showed it", () => {
    for (const [zone, at] of changing) {
      const jump = offsetAt(at, zone) - offsetAt(at - 60_000, zone);
      if (jump <= 0) continue;
      const skipped = new Date(at - 60_000 + offsetAt(at - 60_000, zone) + jump / 2 + 60_000);
      const found = resolve(skipped.toISOString().slice(0, 16), zone);
      expect([zone, found]).toEqual([zone, { kind: "gap", before: at - 60_000, after: at, at: expect.any(Number) }]);
      if (found.kind === "gap") expect(wallAt(found.at, zone) > skipped.toISOString().slice(0, 16)).toBe(true);
    }
  });

  test("tells both moments of a repeated hour", () => {
    for (const [zone, at] of changing) {
      const jump = offsetAt(at, zone) - offsetAt(at - 60_000, zone);
      if (jump >= 0) continue;
      const wall = wallAt(at - jump / -2, zone);
      const found = resolve(wall, zone);
      expect([zone, found.kind]).toEqual([zone, "overlap"]);
      if (found.kind !== "overlap") continue;
      expect(wallAt(found.earlier, zone)).toBe(wall);
      expect(wallAt(found.later, zone)).toBe(wall);
      expect(found.later - found.earlier).toBe(-jump);
    }
  });

  test("finds the one moment of any other time", () => {
    for (const zone of zones()) {
      for (let at = YEAR[0] + 37 * 60_000; at < YEAR[1]; at += 61 * DAY) {
        expect([zone, resolve(wallAt(at, zone), zone)]).toEqual([zone, { kind: "exact", at }]);
      }
    }
  });
});

test("an hour that Madrid's clocks skip is explained by the minutes around it", () => {
  const found = resolve("2027-03-28T02:30", "Europe/Madrid");
  expect(found).toEqual({
    kind: "gap",
    before: Date.parse("2027-03-28T00:59:00Z"),
    after: Date.parse("2027-03-28T01:00:00Z"),
    at: Date.parse("2027-03-28T01:30:00Z"),
  });
});

test("an offset is written with its sign, hours and minutes", () => {
  expect(offsetText(Date.UTC(2026, 11, 1), "Asia/Kathmandu")).toBe("+05:45");
  expect(offsetText(Date.UTC(2026, 11, 1), "America/St_Johns")).toBe("−03:30");
});
