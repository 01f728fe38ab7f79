/**
 * Wall clocks and instants: what a person's calendar says, and when that is.
 *
 * A wall time is a moment's date and time without a zone, as `2026-12-01T15:00`. In a zone it is
 * usually one instant; in the hour that clocks skip it is none, in the hour they repeat it is two.
 */
export type Wall = string;

export type Resolved =
  | { kind: "exact"; at: number }
  | { kind: "gap"; before: number; after: number; at: number }
  | { kind: "overlap"; earlier: number; later: number };

const DAY = 86_400_000;
const MINUTE = 60_000;
const clocks = new Map<string, Intl.DateTimeFormat>();

/** Every zone that this browser knows, by its name of the IANA data. */
export function zones(): string[] {
  return Intl.supportedValuesOf("timeZone");
}

export function browserZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

export function isZone(name: string): boolean {
  try {
    clock(name);
    return true;
  } catch {
    return false;
  }
}

/** How far a zone's clocks are from UTC at an instant, in milliseconds. */
export function offsetAt(at: number, zone: string): number {
  const whole = Math.floor(at / 1000) * 1000;
  return utcOf(wallParts(whole, zone)) - whole;
}

/** What a zone's clocks show at an instant, to the minute. */
export function wallAt(at: number, zone: string): Wall {
  return new Date(at + offsetAt(at, zone)).toISOString().slice(0, 16);
}

/** When a zone's clocks show a wall time. */
export function resolve(wall: Wall, zone: string): Resolved {
  const naive = Date.parse(`${wall}:00Z`);
  const offsets = [offsetAt(naive - DAY, zone), offsetAt(naive + DAY, zone)];
  const found = [...new Set(offsets.map((offset) => naive - offset))]
    .filter((at) => at + offsetAt(at, zone) === naive)
    .toSorted((a, b) => a - b);
  const [first, second] = found;
  if (first !== undefined && second !== undefined) return { kind: "overlap", earlier: first, later: second };
  if (first !== undefined) return { kind: "exact", at: first };
  return gapAt(naive, zone);
}

/** The clocks jump over this time: what they show right before and after, to the minute. */
function gapAt(naive: number, zone: string): Resolved {
  let [low, high] = [naive - DAY, naive + DAY].map((at) => at - offsetAt(at, zone)) as [number, number];
  const before = offsetAt(low, zone);
  while (high - low > 1000) {
    const middle = Math.floor((low + high) / 2000) * 1000;
    if (offsetAt(middle, zone) === before) low = middle;
    else high = middle;
  }
  return { kind: "gap", before: high - MINUTE, after: high, at: naive - before };
}

/** "+02:00" of a zone at an instant. */
export function offsetText(at: number, zone: string): string {
  const minutes = Math.round(offsetAt(at, zone) / MINUTE);
  const size = Math.abs(minutes);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${minutes < 0 ? "−" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

function clock(zone: string): Intl.DateTimeFormat {
  const found =
    clocks.get(zone) ??
    new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      calendar: "gregory",
      hourCycle: "h23",
      era: "short",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
  clocks.set(zone, found);
  return found;
}

function wallParts(at: number, zone: string): Record<string, string> {
  return Object.fromEntries(clock(zone).formatToParts(at).map((part) => [part.type, part.value]));
}

function utcOf(parts: Record<string, string>): number {
  const number = (name: string) => Number(parts[name]);
  const date = [number("year"), number("month") - 1, number("day")] as const;
  return Date.UTC(...date, number("hour"), number("minute"), number("second"));
}
