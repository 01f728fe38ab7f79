import { Plural, Trans, useLingui } from "@lingui/react/macro";
import { memo, useLayoutEffect, useMemo, useRef } from "react";
import { Link } from "wouter";
import type { MessageItem } from "@/lib/api";
import { byDay, dayAt, HOUR_MS, hourAt, hoursOf, plusDays, weekOf, type Day, type Hour } from "@/lib/days";
import { formatTag } from "@/lib/language";
import { wallAt } from "@/lib/zones";
import type { GridProps } from "./CalendarPage";
import { Entry, Ghost } from "./Entry";
import { isMovable, placeOf } from "./moving";
import { useGrid } from "./useGrid";
import { dayText, hourText } from "./words";

const FITS = 3;
const SEEN_FIRST = 7;
const NONE: readonly MessageItem[] = [];

/** The cell of an hour, by what the clock shows: `2026-12-01T15`. */
export function hourCell(at: number, zone: string): string {
  return wallAt(at, zone).slice(0, 13);
}

export function Week(props: GridProps) {
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
  useLayoutEffect(() => {
    const row = scroll.current?.querySelector<HTMLElement>(`[data-hour="${SEEN_FIRST}"]`);
    if (row && scroll.current) scroll.current.scrollTop = row.offsetTop - 2 * row.offsetHeight;
  }, []);
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
  const fitting = items.length > FITS ? items.slice(0, FITS - 1) : items;
  const rest = items.length - fitting.length;
  const name = `${dayText(day, tag, { weekday: "long", day: "numeric", month: "long" })}, ${hourText(shown.hour, tag)}`;
  const isPast = shown.at === null || shown.at + (shown.isRepeated ? 2 : 1) * HOUR_MS <= now;
  const note = shown.at === null ? t`The clocks skip this hour` : shown.isRepeated ? t`The clocks show this hour twice` : "";
  const held = items.length ? t`${items.length} entries` : t`empty`;
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
      {isTarget && move && <Ghost at={move.to} zone={zone} item={move.item} />}
      {fitting.map((item) => (
        <Entry
          key={item.id}
          item={item}
          channels={item.channels.map(props.titles).join(", ")}
          zone={zone}
          isReachable={isActive}
          isMovable={isMovable(item, now)}
          isLeaving={move?.item.id === item.id}
        />
      ))}
      {rest > 0 && (
        <Link className="more" to={props.dayLink(day)} data-more tabIndex={isActive ? 0 : -1}>
          <span aria-hidden="true">
            +{rest} <Trans>more</Trans>
          </span>
          <span className="unseen">
            <Plural value={rest} one="# entry more" other="# entries more" />
          </span>
        </Link>
      )}
    </td>
  );
});
