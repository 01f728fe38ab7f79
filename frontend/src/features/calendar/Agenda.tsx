import { Plural, Trans } from "@lingui/react/macro";
import { useMemo, useState } from "react";
import { Link } from "wouter";
import { Button } from "@/components/Button";
import { ChannelMarks } from "@/components/ChannelMark";
import { Status } from "@/components/Status";
import type { MessageItem } from "@/lib/api";
import { byDay, dayAt, type Day } from "@/lib/days";
import { formatTag } from "@/lib/language";
import type { GridProps } from "./CalendarPage";
import { titleOf } from "./Entry";
import { isMovable, placeOf } from "./moving";
import { clockText, dayText } from "./words";

const CHUNK = 30;

/** The days of a month, or one day, as a list: every entry with its status in words. */
export function Agenda(props: GridProps & { days: readonly Day[] }) {
  const { items, days, zone, now } = props;
  const [most, setMost] = useState(CHUNK);
  const sorted = useMemo(() => byDay(items, days, zone, (item) => placeOf(item) ?? 0), [items, days, zone]);
  const all = [...sorted].filter(([, list]) => list.length > 0);
  const total = all.reduce((sum, [, list]) => sum + list.length, 0);
  const tag = formatTag();
  const today = dayAt(now, zone);
  return (
    <div className="agenda">
      {fitting(all, most).map(([day, list]) => (
        <section key={day} aria-labelledby={`day-${day}`}>
          <h2 id={`day-${day}`} data-look={day === today ? "today" : undefined}>
            {dayText(day, tag, { weekday: "long", day: "numeric", month: "long" })}{" "}
            {day === today && (
              <span className="agenda-today">
                <Trans>today</Trans>
              </span>
            )}
            <span className="faint">
              <Plural value={sorted.get(day)?.length ?? 0} one="# entry" other="# entries" />
            </span>
          </h2>
          <ol className="agenda-list">
            {list.map((item) => (
              <Row key={item.id} item={item} {...props} />
            ))}
          </ol>
        </section>
      ))}
      {total > most && (
        <Button onClick={() => setMost(most + CHUNK)}>
          <Trans>Show more: {total - most} are left</Trans>
        </Button>
      )}
    </div>
  );
}

function Row({ item, zone, now, move, onPickUp }: GridProps & { item: MessageItem }) {
  const at = placeOf(item) ?? 0;
  const title = titleOf(item);
  return (
    <li className="agenda-row" data-leaving={move?.item.id === item.id || undefined}>
      <time dateTime={new Date(at).toISOString()}>{clockText(at, formatTag(), zone)}</time>
      <div className="agenda-what">
        <Link to={`/messages/${item.id}`} data-entry={item.id} dir="auto">
          {title}
        </Link>
        <span className="faint">{item.author_name}</span>
      </div>
      <ChannelMarks channels={item.channels} />
      <Status status={item.status} />
      {isMovable(item, now) ? (
        <Button small kind="quiet" icon="calendar" onClick={() => onPickUp(item.id)}>
          <Trans>
            Move<span className="unseen"> “{title}”</span>
          </Trans>
        </Button>
      ) : (
        <span />
      )}
    </li>
  );
}

/** As many days, and as much of the last, as a number of rows allows. */
function fitting(all: readonly [Day, readonly MessageItem[]][], most: number): [Day, readonly MessageItem[]][] {
  let left = most;
  return all.flatMap(([day, list]) => {
    const shown = list.slice(0, Math.max(0, left));
    left -= shown.length;
    return shown.length ? [[day, shown] as [Day, readonly MessageItem[]]] : [];
  });
}
