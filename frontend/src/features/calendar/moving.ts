/** Where an entry goes when it is moved: by a key, onto a day, onto an hour of a day. */
import type { MessageItem } from "@/lib/api";
import { DAY_MS, instantOf, plusDays, plusMonths, type Day } from "@/lib/days";
import { wallAt } from "@/lib/zones";

export type View = "month" | "week" | "day" | "list";
export interface Step {
  days?: number;
  months?: number;
  minutes?: number;
}

const MINUTE = 60_000;
const HOUR = 60;
const QUARTER = 15;

/** What a key does to an entry that is being moved; null if nothing. */
export function stepOf(key: string, isShifted: boolean, view: View): Step | null {
  const isWeek = view === "week";
  const up: Step = isWeek ? { minutes: isShifted ? -QUARTER : -HOUR } : isShifted ? { minutes: -HOUR } : { days: -7 };
  const down: Step = isWeek ? { minutes: isShifted ? QUARTER : HOUR } : isShifted ? { minutes: HOUR } : { days: 7 };
  const far: Step = isWeek ? { days: 7 } : { months: 1 };
  const steps: Record<string, Step> = {
    ArrowLeft: { days: -1 },
    ArrowRight: { days: 1 },
    ArrowUp: up,
    ArrowDown: down,
    PageUp: far.days ? { days: -7 } : { months: -1 },
    PageDown: far,
  };
  return steps[key] ?? null;
}

/** Move an instant: days and months keep what the clock shows, minutes are minutes. */
export function moved(at: number, step: Step, zone: string): number {
  if (step.minutes) return at + step.minutes * MINUTE;
  const day = wallAt(at, zone).slice(0, 10);
  const target = step.months ? plusMonths(day, step.months) : plusDays(day, step.days ?? 0);
  return onDay(at, target, zone);
}

/** The same time of another day, to the second; the first that there is where clocks change. */
export function onDay(at: number, day: Day, zone: string): number {
  const wall = wallAt(at, zone);
  if (wall.startsWith(day)) return at;
  return instantOf(day, wall.slice(11, 16), zone) + (at % MINUTE);
}

/** The same minute of another hour. */
export function onHour(at: number, day: Day, hour: number, zone: string): number {
  const wall = wallAt(at, zone);
  const name = String(hour).padStart(2, "0");
  if (wall.startsWith(`${day}T${name}`)) return at;
  return instantOf(day, `${name}:${wall.slice(14, 16)}`, zone) + (at % MINUTE);
}

/** Whether an entry still waits for its time. */
export function isMovable(item: MessageItem, now: number): boolean {
  if (item.scheduled_at === null) return false;
  if (item.status === "draft" || item.status === "pending_review") return true;
  return item.status === "scheduled" && Date.parse(item.scheduled_at) > now;
}

/** Where an entry stands; null for one that waits without a time. */
export function placeOf(item: MessageItem): number | null {
  if (item.scheduled_at !== null) return Date.parse(item.scheduled_at);
  const waits = item.status === "draft" || item.status === "pending_review" || item.status === "rejected";
  return waits ? null : Date.parse(item.due_at);
}

/** Put what was moved here over what a list says that was read before. */
export function withMoved(items: readonly MessageItem[], changed: ReadonlyMap<string, MessageItem>): readonly MessageItem[] {
  if (changed.size === 0) return items;
  const found = new Map(items.map((item) => [item.id, item]));
  for (const [id, item] of changed) {
    if ((found.get(id)?.revision ?? 0) < item.revision) found.set(id, item);
  }
  return [...found.values()];
}

/** The first time that is offered for a day: nine, or today the next full hour. Null: it is over. */
export function offeredOn(day: Day, zone: string, now: number): number | null {
  const today = wallAt(now, zone).slice(0, 10);
  if (day < today) return null;
  const usual = instantOf(day, "09:00", zone);
  if (usual > now) return usual;
  const next = Math.ceil((now + MINUTE) / (HOUR * MINUTE)) * HOUR * MINUTE;
  return next < now + DAY_MS ? next : null;
}

const MORNING = "07";

/** The hour that a week opens at: now where today is looked at, else the day's first entry. */
export function openingCell(on: Day, current: string, entries: Iterable<string>): string {
  if (current.startsWith(on)) return current;
  const first = [...entries].filter((cell) => cell.startsWith(on)).toSorted()[0];
  return first ?? `${on}T${MORNING}`;
}

/** The range of days that a view shows, and the one before or after it. */
export function turned(view: View, day: Day, by: number): Day {
  if (view === "week") return plusDays(day, 7 * by);
  return view === "day" ? plusDays(day, by) : plusMonths(day, by);
}
