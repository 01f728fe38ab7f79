/**
 * Days of a calendar, written `2026-12-01`, and where they lie in a zone's time.
 *
 * They are counted without a clock, so that a day of 23 or 25 hours is a day like any other. Where a
 * zone's clocks change, `startOf` and `hoursOf` say which instants a day and its hours really are.
 */
import { offsetAt, resolve, wallAt } from "./zones";

export type Day = string;

export const DAY_MS = 86_400_000;
export const HOUR_MS = 3_600_000;

export function plusDays(day: Day, count: number): Day {
  return new Date(Date.parse(`${day}T00:00Z`) + count * DAY_MS).toISOString().slice(0, 10);
}

/** The same day of another month, or that month's last. */
export function plusMonths(day: Day, count: number): Day {
  const [year = 0, month = 1, date = 1] = day.split("-").map(Number);
  const last = new Date(Date.UTC(year, month + count, 0)).getUTCDate();
  return new Date(Date.UTC(year, month - 1 + count, Math.min(date, last))).toISOString().slice(0, 10);
}

/** 1 for Monday to 7 for Sunday. */
export function weekdayOf(day: Day): number {
  return new Date(`${day}T00:00Z`).getUTCDay() || 7;
}

/** The day that weeks begin with where a language is spoken, 1 for Monday to 7 for Sunday. */
export function firstWeekday(tag: string): number {
  type Weeks = { getWeekInfo?(): { firstDay: number }; weekInfo?: { firstDay: number } };
  const locale = new Intl.Locale(tag) as Weeks;
  return (locale.getWeekInfo?.() ?? locale.weekInfo)?.firstDay ?? 1;
}

export function weekOf(day: Day, first: number): Day[] {
  const start = plusDays(day, -((weekdayOf(day) - first + 7) % 7));
  return Array.from({ length: 7 }, (_, at) => plusDays(start, at));
}

/** The whole weeks that a month touches. */
export function monthOf(day: Day, first: number): Day[][] {
  const start = `${day.slice(0, 7)}-01`;
  const end = plusDays(plusMonths(start, 1), -1);
  const weeks: Day[][] = [];
  for (let week = weekOf(start, first); (week[0] as Day) <= end; week = weekOf(plusDays(week[0] as Day, 7), first)) {
    weeks.push(week);
  }
  return weeks;
}

export function isDay(text: string): boolean {
  const at = Date.parse(`${text}T00:00Z`);
  return /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(at) && new Date(at).toISOString().startsWith(text);
}

export function dayAt(at: number, zone: string): Day {
  return wallAt(at, zone).slice(0, 10);
}

/** The first instant of a day. A day that a zone left out begins with the day after it. */
export function startOf(day: Day, zone: string): number {
  return firstOf(resolve(`${day}T00:00`, zone));
}

/** When a zone's clocks show a time of a day; the first one where they repeat or skip it. */
export function instantOf(day: Day, time: string, zone: string): number {
  return firstOf(resolve(`${day}T${time}`, zone));
}

export interface Hour {
  hour: number;
  /** Its first instant; null if the clocks skip the whole hour. */
  at: number | null;
  /** The clocks show some of it twice. */
  isRepeated: boolean;
}

/** The hours that a zone's clocks show on a day, all 24 of a clock's face. */
export function hoursOf(day: Day, zone: string): Hour[] {
  const [start, end] = [startOf(day, zone), startOf(plusDays(day, 1), zone)];
  if (end - start === DAY_MS && offsetAt(start, zone) === offsetAt(end - 1, zone)) {
    return Array.from({ length: 24 }, (_, hour) => ({ hour, at: start + hour * HOUR_MS, isRepeated: false }));
  }
  return Array.from({ length: 24 }, (_, hour) => {
    const name = `${day}T${String(hour).padStart(2, "0")}`;
    const found = resolve(`${name}:00`, zone);
    const half = resolve(`${name}:30`, zone);
    const at = firstOf(found);
    const isShown = found.kind !== "gap" || wallAt(at, zone).startsWith(name);
    const isRepeated = found.kind === "overlap" || half.kind === "overlap";
    return { hour, at: isShown ? at : null, isRepeated };
  });
}

/** The hour that the clocks show at an instant of a day. */
export function hourAt(at: number, hours: readonly Hour[], zone: string): number {
  const start = hours[0]?.at ?? null;
  const isPlain = start !== null && hours[23]?.at === start + 23 * HOUR_MS && !hours.some((hour) => hour.isRepeated);
  return isPlain ? Math.floor((at - start) / HOUR_MS) : Number(wallAt(at, zone).slice(11, 13));
}

/** Sort instants into days by where the days begin; one look at the clocks a day, none an instant. */
export function byDay<T>(items: readonly T[], days: readonly Day[], zone: string, at: (item: T) => number): Map<Day, T[]> {
  const found = new Map<Day, T[]>(days.map((day) => [day, []]));
  const starts = days.map((day) => startOf(day, zone));
  const end = days.length ? startOf(plusDays(days.at(-1) as Day, 1), zone) : 0;
  for (const item of items) {
    const moment = at(item);
    if (moment < (starts[0] ?? 0) || moment >= end) continue;
    let [low, high] = [0, starts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] as number) <= moment) low = middle;
      else high = middle - 1;
    }
    found.get(days[low] as Day)?.push(item);
  }
  for (const list of found.values()) list.sort((a, b) => at(a) - at(b));
  return found;
}

function firstOf(found: ReturnType<typeof resolve>): number {
  if (found.kind === "exact") return found.at;
  return found.kind === "overlap" ? found.earlier : found.after;
}
