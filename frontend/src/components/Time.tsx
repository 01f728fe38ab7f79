import { useEffect, useState } from "react";
import { useLingui } from "@lingui/react";
import { formatTag } from "@/lib/language";

const UNITS = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
] as const;

/** "in 5 minutes", "2 days ago". */
export function relative(at: number, now: number, tag: string): string {
  const seconds = Math.round((at - now) / 1000);
  const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? ["second", 1];
  return new Intl.RelativeTimeFormat(tag, { numeric: "auto" }).format(Math.trunc(seconds / size), unit);
}

export function dateTime(at: number | string, tag: string, zone?: string | null, seconds = false): string {
  return new Intl.DateTimeFormat(tag, {
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    ...(seconds ? { second: "2-digit" } : {}),
    ...(zone ? { timeZone: zone, timeZoneName: "short" } : {}),
  }).format(new Date(at));
}

/** A day and a minute, where there is little room. */
export function shortDateTime(at: number | string, tag: string): string {
  return new Intl.DateTimeFormat(tag, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }).format(new Date(at));
}

export function timeOfDay(at: number | string, tag: string, zone?: string | null): string {
  return new Intl.DateTimeFormat(tag, {
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    ...(zone ? { timeZone: zone } : {}),
  }).format(new Date(at));
}

/** The present moment, that moves on every so often. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = window.setInterval(() => setNow(Date.now()), everyMs);
    return () => window.clearInterval(timer);
  }, [everyMs]);
  return now;
}

/** A moment as people say it, its full date when pointed at. */
export function Ago({ at }: { at: string }) {
  useLingui(); // drawn anew in another language
  const tag = formatTag();
  const moment = Date.parse(at);
  const isNear = Math.abs(Date.now() - moment) < 60_000;
  const now = useNow(isNear ? 1_000 : 30_000);
  return (
    <time dateTime={at} title={dateTime(at, tag, null, true)}>
      {relative(moment, now, tag)}
    </time>
  );
}

/** A moment's date and time; with a zone as its clocks show it. */
export function When({ at, zone }: { at: string; zone?: string | null }) {
  useLingui();
  return <time dateTime={at}>{dateTime(at, formatTag(), zone)}</time>;
}
