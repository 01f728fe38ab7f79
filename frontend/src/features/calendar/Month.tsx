import { Plural, Trans } from "@lingui/react/macro";
import { memo, useMemo } from "react";
import { Link } from "wouter";
import type { MessageItem } from "@/lib/api";
import { byDay, dayAt, monthOf, plusDays, plusMonths, weekOf, type Day } from "@/lib/days";
import { formatTag } from "@/lib/language";
import { Icon } from "@/components/Icon";
import { LOOKS, useStatusWords } from "@/components/Status";
import { Entries } from "./Entry";
import { placeOf } from "./moving";
import type { GridProps } from "./CalendarPage";
import { useGrid } from "./useGrid";
import { dayText } from "./words";

const FITS = 4;
const STEPS: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };

export function Month(props: GridProps) {
  const { items, zone, on, first, move, now } = props;
  const tag = formatTag();
  const weeks = useMemo(() => monthOf(on, first), [on, first]);
  const sorted = useMemo(
    () => byDay(items, weeks.flat(), zone, (item) => placeOf(item) ?? 0),
    [items, weeks, zone],
  );
  const grid = useGrid(on, {
    next: (day, key) => {
      const step = STEPS[key];
      if (step !== undefined) return plusDays(day, step);
      if (key === "PageUp" || key === "PageDown") return plusMonths(day, key === "PageUp" ? -1 : 1);
      const at = { Home: 0, End: 6 }[key];
      return at === undefined ? null : (weekOf(day, first)[at] ?? null);
    },
    isShown: (day) => sorted.has(day),
    reveal: props.onReveal,
    write: props.onWrite,
    pickUp: props.onPickUp,
    drop: props.onDrop,
  });
  const today = dayAt(now, zone);
  const target = move && dayAt(move.to, zone);
  const leaving = move && dayAt(move.from, zone);
  const isQuiet = (week: readonly Day[]) => week.every((day) => day < today && !sorted.get(day)?.length);
  return (
    <table className="month" role="grid" aria-label={props.title} {...grid.props}>
      <thead>
        <tr>
          {(weeks[0] ?? []).map((day) => (
            <th key={day} scope="col">
              <abbr title={dayText(day, tag, { weekday: "long" })}>{dayText(day, tag, { weekday: "short" })}</abbr>
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {weeks.map((week) => (
          <tr key={week[0]} data-quiet={isQuiet(week) || undefined}>
            {week.map((day) => (
              <DayCell
                key={day}
                day={day}
                items={sorted.get(day) ?? NONE}
                zone={zone}
                tag={tag}
                now={now}
                look={lookOf(day, on, today)}
                isNarrow={props.isNarrow}
                isActive={grid.active === day}
                isOver={grid.over === day}
                move={target === day || leaving === day ? move : null}
                titles={props.titles}
                isTarget={target === day}
                dayLink={props.dayLink}
              />
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const NONE: readonly MessageItem[] = [];

function lookOf(day: Day, on: Day, today: Day): string {
  const look = day < today ? "past" : day === today ? "today" : "";
  return `${look} ${day.slice(0, 7) === on.slice(0, 7) ? "" : "other"}`;
}

const DayCell = memo(function DayCell(props: {
  day: Day;
  items: readonly MessageItem[];
  zone: string;
  tag: string;
  now: number;
  look: string;
  isNarrow: boolean;
  isActive: boolean;
  isOver: boolean;
  isTarget: boolean;
  move: GridProps["move"];
  titles: GridProps["titles"];
  dayLink(day: Day): string;
}) {
  const { day, items, zone, tag, now, look, isNarrow, isActive, isTarget, move } = props;
  const name = dayText(day, tag, { weekday: "long", day: "numeric", month: "long" });
  const isFirst = day.endsWith("-01");
  return (
    <td
      role="gridcell"
      data-cell={day}
      data-look={look.trim() || undefined}
      data-past={look.startsWith("past") || undefined}
      data-over={props.isOver || isTarget || undefined}
      tabIndex={isActive ? 0 : -1}
    >
      <Link className="day-number" to={props.dayLink(day)} tabIndex={-1}>
        <span aria-hidden="true">
          {dayText(day, tag, isFirst && !isNarrow ? { day: "numeric", month: "short" } : { day: "numeric" })}
        </span>
        <span className="unseen">
          {name}, {items.length ? <Plural value={items.length} one="# entry" other="# entries" /> : <Trans>empty</Trans>}
        </span>
      </Link>
      {isNarrow ? (
        <Marks items={items} />
      ) : (
        <Entries
          {...{ items, zone, now, move, isTarget }}
          fits={FITS}
          isReachable={isActive}
          titles={props.titles}
          to={props.dayLink(day)}
        />
      )}
    </td>
  );
});

/** A narrow day: which statuses there are, and how many of each. */
function Marks({ items }: { items: readonly MessageItem[] }) {
  const words = useStatusWords();
  const counts = new Map<MessageItem["status"], number>();
  for (const { status } of items) counts.set(status, (counts.get(status) ?? 0) + 1);
  return (
    <div className="entries">
      {[...counts].map(([status, count]) => (
        <span key={status} className="day-mark" data-tone={LOOKS[status].tone}>
          <Icon name={LOOKS[status].icon} size={14} />
          {count}
          <span className="unseen"> {words(status)}</span>
        </span>
      ))}
    </div>
  );
}
