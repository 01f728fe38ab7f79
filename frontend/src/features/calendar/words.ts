/** Times and days as the calendar writes them; clocks that are made once are cheap to ask. */
import type { Day } from "@/lib/days";
import { offsetText } from "@/lib/zones";

const made = new Map<string, Intl.DateTimeFormat>();

function format(tag: string, zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${tag} ${zone} ${JSON.stringify(options)}`;
  const found = made.get(key) ?? new Intl.DateTimeFormat(tag, { ...options, timeZone: zone });
  made.set(key, found);
  return found;
}

export function clockText(at: number, tag: string, zone: string): string {
  return format(tag, zone, { hour: "2-digit", minute: "2-digit" }).format(at);
}

export function momentText(at: number, tag: string, zone: string): string {
  const options = { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" } as const;
  return format(tag, zone, options).format(at);
}

/** A day by name, whatever the zone: its noon in UTC is that day everywhere it is asked for. */
export function dayText(day: Day, tag: string, options: Intl.DateTimeFormatOptions): string {
  return format(tag, "UTC", options).format(Date.parse(`${day}T12:00Z`));
}

/** "10 am", "22": an hour of a clock's face. */
export function hourText(hour: number, tag: string): string {
  return format(tag, "UTC", { hour: "numeric" }).format(Date.UTC(2026, 0, 1, hour));
}

export function zoneText(zone: string, at: number): string {
  return `${zone.replaceAll("_", " ")} (UTC${offsetText(at, zone)})`;
}
