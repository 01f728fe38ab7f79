import { plural } from "@lingui/core/macro";
import { useLingui } from "@lingui/react/macro";
import { memo, useLayoutEffect, useMemo, useRef } from "react";
import { Link } from "wouter";
import type { MessageItem } from "@/lib/api";
import { byDay, dayAt, HOUR_MS, hourAt, hoursOf, plusDays, weekOf, type Day, type Hour } from "@/lib/days";
import { formatTag } from "@/lib/language";
import { wallAt } from "@/lib/zones";
import type { GridProps } from "./CalendarPage";
import { Entries } from "./Entry";
import { openingCell, placeOf } from "./moving";
import { useGrid } from "./useGrid";
import { dayText, hourText } from "./words";

const FITS = 3;
const ROWS_ABOVE = 2;
const NONE: readonly MessageItem[] = [];

/** The cell of an hour, by what the clock shows: `2026-12-01T15`. */
export function hourCell(at: number, zone: string): string {
  return wallAt(at, zone).slice(0, 13);
}

/** `isRead`: all that stands in the week is known. */
export function Week(props: GridProps & { isRead: boolean }) {
  const { items, zone, on, first, move, now } = props;
  const tag = formatTag();
  const days = useMemo(() => weekOf(on, first), [on, first]);
  const hours = useMemo(() => days.map((day) => hoursOf(day, zone)), [days, zone]);
  const sorted = useMemo(() => byHour(items, days, hours, zone), [items, days, hours, zone]);
  const scroll = useRef<HTMLDivElement>(null);
  const today = dayAt(now, zone);
  const current = hourCell(now, zone);
  const target = move && hourCell(move.to, zone);
  const leaving = move && hourCell(move.from, zone);
  const start = days.includes(today) ? current : `${on}T09`;
  const grid = useGrid(start, {
    next: (cell, key) => nextCell(cell, key, days),
    isShown: (cell) => days.includes(cell.slice(0, 10)),
    reveal: (cell) => props.onReveal(cell.slice(0, 10)),
    write: props.onWrite,
    pickUp: props.onPickUp,
    drop: props.onDrop,
  });
  const opening = openingCell(on, current, sorted.keys());
  const seen = useRef({ days: "", isRead: false });
  useLayoutEffect(() => {
    const { isRead } = props;
    // Once a week, and again when what stands in it is known; after that one looks where one likes.
    if (seen.current.days === days[0] && seen.current.isRead === isRead) return;
    seen.current = { days: days[0] as Day, isRead };
    if (scroll.current) reveal(scroll.current, opening);
  });
  return (
    <div className="week-scroll" ref={scroll}>
      <table className="week" role="grid" aria-label={props.title} {...grid.props}>
        <thead>
          <tr>
            <td />
            {days.map((day) => (
              <th key={day} scope="col" data-look={day === today ? "today" : undefined}>
                <Link to={props.dayLink(day)}>
                  {dayText(day, tag, { weekday: "short" })} <b>{dayText(day, tag, { day: "numeric" })}</b>
                </Link>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {Array.from({ length: 24 }, (_, hour) => (
            <tr key={hour} data-hour={hour}>
              <th scope="row">{hourText(hour, tag)}</th>
              {days.map((day, column) => {
                const cell = cellOf(day, hour);
                return (
                  <HourCell
                    key={cell}
                    cell={cell}
                    items={sorted.get(cell) ?? NONE}
                    shown={(hours[column] as Hour[])[hour] as Hour}
                    zone={zone}
                    tag={tag}
                    now={now}
                    isCurrent={cell === current}
                    isActive={grid.active === cell}
                    isOver={grid.over === cell}
                    isTarget={target === cell}
                    move={target === cell || leaving === cell ? move : null}
                    titles={props.titles}
                    dayLink={props.dayLink}
                  />
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Scroll an hour of a day into view, with some of the time before it. */
function reveal(scroll: HTMLElement, name: string): void {
  const cell = scroll.querySelector<HTMLElement>(`[data-cell="${name}"]`);
  const hours = cell?.parentElement?.querySelector<HTMLElement>("th");
  if (!cell || !hours) return;
  const head = scroll.querySelector<HTMLElement>("thead tr")?.offsetHeight ?? 0;
  scroll.scrollTop = cell.offsetTop - head - ROWS_ABOVE * cell.offsetHeight;
  scroll.scrollLeft = cell.offsetLeft - hours.offsetWidth;
}

function cellOf(day: Day, hour: number): string {
  return `${day}T${String(hour).padStart(2, "0")}`;
}

function nextCell(cell: string, key: string, days: readonly Day[]): string | null {
  const [day, hour] = [cell.slice(0, 10), Number(cell.slice(11))];
  const byDays = { ArrowLeft: -1, ArrowRight: 1, PageUp: -7, PageDown: 7 }[key];
  if (byDays !== undefined) return cellOf(plusDays(day, byDays), hour);
  const byHours = { ArrowUp: -1, ArrowDown: 1 }[key];
  if (byHours !== undefined) return cellOf(day, Math.min(23, Math.max(0, hour + byHours)));
  const end = { Home: days[0], End: days[6] }[key];
  return end === undefined ? null : cellOf(end, hour);
}

function byHour(
  items: readonly MessageItem[],
  days: readonly Day[],
  hours: readonly Hour[][],
  zone: string,
): Map<string, MessageItem[]> {
  const found = new Map<string, MessageItem[]>();
  const sorted = byDay(items, days, zone, (item) => placeOf(item) ?? 0);
  days.forEach((day, column) => {
    for (const item of sorted.get(day) ?? []) {
      const cell = cellOf(day, hourAt(placeOf(item) ?? 0, hours[column] ?? [], zone));
      found.get(cell)?.push(item) ?? found.set(cell, [item]);
    }
  });
  return found;
}

const HourCell = memo(function HourCell(props: {
  cell: string;
  items: readonly MessageItem[];
  shown: Hour;
  zone: string;
  tag: string;
  now: number;
  isCurrent: boolean;
  isActive: boolean;
  isOver: boolean;
  isTarget: boolean;
  move: GridProps["move"];
  titles: GridProps["titles"];
  dayLink(day: Day): string;
}) {
  const { cell, items, shown, zone, tag, now, isActive, isTarget, move } = props;
  const { t } = useLingui();
  const day = cell.slice(0, 10);
  const name = `${dayText(day, tag, { weekday: "long", day: "numeric", month: "long" })}, ${hourText(shown.hour, tag)}`;
  const isPast = shown.at === null || shown.at + (shown.isRepeated ? 2 : 1) * HOUR_MS <= now;
  const note = shown.at === null ? t`The clocks skip this hour` : shown.isRepeated ? t`The clocks show this hour twice` : "";
  const held = items.length ? plural(items.length, { one: "# entry", other: "# entries" }) : t`empty`;
  return (
    <td
      role="gridcell"
      data-cell={cell}
      data-past={isPast || undefined}
      data-skipped={shown.at === null || undefined}
      data-look={props.isCurrent ? "now" : undefined}
      data-over={props.isOver || isTarget || undefined}
      tabIndex={isActive ? 0 : -1}
    >
      <span className="unseen">{[name, held].join(". ")}</span>
      {note && <p className="hour-note">{note}</p>}
      <Entries
        {...{ items, zone, now, move, isTarget }}
        fits={FITS}
        isReachable={isActive}
        titles={props.titles}
        to={props.dayLink(day)}
      />
    </td>
  );
});
