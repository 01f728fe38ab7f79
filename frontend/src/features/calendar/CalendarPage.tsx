import "./calendar.css";
import { Plural, Trans, useLingui } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { useCallback, useDeferredValue, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { useLocation, useSearchParams } from "wouter";
import { ButtonLink } from "@/components/Button";
import { FilterBar } from "@/components/FilterBar";
import { ErrorState, ProblemNote } from "@/components/States";
import { useNow } from "@/components/Time";
import { useTell } from "@/components/Toast";
import type { MessageItem, Schemas } from "@/lib/api";
import { dayAt, firstWeekday, isDay, monthOf, plusDays, startOf, weekOf, type Day } from "@/lib/days";
import { concernsFilters, hasStatus, readFilters, STATUSES, withFilters, withParams } from "@/lib/filters";
import { formatTag } from "@/lib/language";
import { MOST, useListing } from "@/lib/listing";
import { channelsQuery, meQuery } from "@/lib/queries";
import { useApi } from "@/lib/product";
import { isManager } from "@/lib/roles";
import { browserZone, isZone, wallAt } from "@/lib/zones";
import { Agenda } from "./Agenda";
import { titleOf as entryTitle } from "./Entry";
import { Month } from "./Month";
import { Moved, MoveBar } from "./MoveBar";
import { isMovable, offeredOn, onDay, onHour, placeOf, withMoved, type View } from "./moving";
import { Nothing, Progress } from "./Notes";
import { Toolbar } from "./Toolbar";
import { focusEntry } from "./useGrid";
import { useMoving, type Move } from "./useMoving";
import { hourCell, Week } from "./Week";
import { dayText, momentText } from "./words";

/** What every way of looking at the calendar is given. */
export interface GridProps {
  items: readonly MessageItem[];
  zone: string;
  on: Day;
  /** The day that weeks begin with. */
  first: number;
  title: string;
  now: number;
  /** Days have room for signs only; each is looked at by itself. */
  isNarrow: boolean;
  move: Move | null;
  /** A channel's title. */
  titles(name: string): string;
  onReveal(day: Day): void;
  onWrite(cell: string): void;
  onPickUp(id: string): void;
  onDrop(id: string, cell: string): void;
  dayLink(day: Day): string;
}

const NARROW = window.matchMedia("(max-width: 40rem)");
const VIEWS: readonly View[] = ["month", "week", "day", "list"];

export default function CalendarPage() {
  const { t } = useLingui();
  const tell = useTell();
  const [, navigate] = useLocation();
  const [address, setAddress] = useSearchParams();
  const { data: me } = useQuery(meQuery(useApi()));
  const now = useNow(30_000);
  const manages = isManager(me?.role);
  const today = dayAt(now, browserZone());
  const asked = useMemo(() => placeIn(address, today), [address, today]);
  // What is drawn may come a moment later than what is pressed.
  const { view, on, zone } = useDeferredValue(asked);
  const first = firstWeekday(formatTag());
  const titles = useTitles();
  const days = useMemo(() => daysOf(view, on, first), [view, on, first]);
  const title = titleOf(view, on, days);

  const filters = readFilters(address);
  const listing = useListing(
    {
      scope: manages && !filters.isMine ? "all" : "own",
      from: iso(startOf(days[0] as Day, zone)),
      to: iso(startOf(plusDays(days.at(-1) as Day, 1), zone) - 1),
    },
    me !== undefined,
  );
  const [said, setSaid] = useState("");
  const moving = useMoving(zone, (event, { item, to }) => {
    if (event === "moved") setSaid(t`Moved to ${momentText(to, formatTag(), zone)}`);
    else if (event === "left") setSaid(t`Left where it was`);
    else setSaid(t`“${entryTitle(item)}” was not moved`);
  });
  const { move } = moving;
  const wanted = useDeferredValue(address.toString());
  const { shown, counts } = useMemo(() => {
    const deferred = readFilters(new URLSearchParams(wanted));
    const placed = withMoved(listing.items, moving.changed).filter(
      (item) => placeOf(item) !== null && concernsFilters(item, deferred),
    );
    return { shown: placed.filter((item) => hasStatus(item, deferred)), counts: countsOf(placed) };
  }, [listing.items, moving.changed, wanted]);

  const change = useCallback(
    (values: Readonly<Record<string, string>>, replace = false) =>
      setAddress((before) => withParams(before, values), { replace }),
    [setAddress],
  );
  const dayLink = useCallback(
    (day: Day) => `/calendar?${withParams(address, { view: "day", on: day })}`,
    [address],
  );
  useFollow(move, days, zone, view, (day) => change({ on: day }, true));
  useReturnOfFocus(move, zone, view);

  const isNarrow = useIsNarrow();
  const find = (id: string) => shown.find((item) => item.id === id);
  const write = (cell: string) => {
    if (isNarrow && view === "month") return navigate(dayLink(cell));
    const at = slotAt(cell, zone, now);
    if (at === null) tell(t`This time is over. Choose a later one.`, "bad");
    else navigate(composeAt(at, zone));
  };
  const drop = (id: string, cell: string) => {
    const item = find(id);
    if (!item?.scheduled_at) return;
    const from = Date.parse(item.scheduled_at);
    const day = cell.slice(0, 10);
    const to = cell.length > 10 ? onHour(from, day, Number(cell.slice(11)), zone) : onDay(from, day, zone);
    if (to === from) return;
    if (to <= now) tell(t`“${entryTitle(item)}” stays where it is: that time is over. Choose a later one.`, "bad");
    else moving.drop(item, to);
  };
  const pickUp = (id: string) => {
    const item = find(id);
    if (item && isMovable(item, now)) moving.begin(item);
  };
  const grid: GridProps = {
    ...{ items: shown, zone, on, first, title, now, isNarrow, move, titles, dayLink },
    onReveal: (day) => change({ on: day }, true),
    onWrite: write,
    onPickUp: pickUp,
    onDrop: drop,
  };
  const isEmpty = !listing.isPending && listing.isComplete && shown.length === 0;
  const aim = move && !move.isSaving && move.problem === null ? momentText(move.to, formatTag(), zone) : null;
  const announced = aim === null ? said : move && move.to <= now ? t`${aim}. This time is over; choose a later one.` : aim;
  return (
    <div className="page calendar" data-view={view}>
      <header className="page-head">
        <h1>
          <span className="unseen">
            <Trans>Calendar</Trans>:{" "}
          </span>
          {title}
        </h1>
        <ButtonLink kind="primary" icon="pen" to={composeAt(view === "day" ? offeredOn(on, zone, now) : null, zone)}>
          <Trans>Write</Trans>
        </ButtonLink>
      </header>
      <Toolbar {...asked} today={today} profileZone={me?.time_zone} now={now} onChange={change} />
      <FilterBar
        filters={filters}
        manages={manages}
        counts={counts}
        onChange={(values) => setAddress((before) => withFilters(before, values), { replace: true })}
      />
      <p className="unseen" role="status">
        {listing.isComplete && (
          <>
            {title}: <Plural value={shown.length} one="# entry" other="# entries" />
          </>
        )}
      </p>
      <p className="unseen" role="status" aria-live="assertive">
        {announced}
      </p>
      {moving.done && <Moved done={moving.done} moving={moving} zone={zone} now={now} />}
      {listing.error !== null && listing.items.length === 0 ? (
        <ErrorState error={listing.error} onRetry={listing.retry} />
      ) : (
        <>
          {listing.error !== null && <ProblemNote error={listing.error} />}
          <Progress listing={listing} most={MOST} />
          {isEmpty && <Nothing filters={filters} view={view} onClear={() => setAddress((before) => withFilters(before, { statuses: [], channels: [], text: "" }), { replace: true })} />}
          <div className="calendar-view" aria-busy={listing.isPending}>
            {view === "month" && <Month {...grid} />}
            {view === "week" && <Week {...grid} isRead={listing.isComplete} />}
            {(view === "day" || view === "list") && <Agenda {...grid} days={days} />}
          </div>
        </>
      )}
      {(view === "month" || view === "week") && (
        <p className="faint calendar-keys">
          <Trans>
            <kbd>←</kbd> <kbd>↑</kbd> <kbd>↓</kbd> <kbd>→</kbd> go through the calendar, <kbd>Enter</kbd> opens an entry or
            writes for an empty place, <kbd>N</kbd> writes, <kbd>M</kbd> moves an entry.
          </Trans>
        </p>
      )}
      {move && <MoveBar move={move} moving={moving} zone={zone} view={view} now={now} />}
    </div>
  );
}

function useIsNarrow(): boolean {
  return useSyncExternalStore(
    (changed) => {
      NARROW.addEventListener("change", changed);
      return () => NARROW.removeEventListener("change", changed);
    },
    () => NARROW.matches,
  );
}

/** Keep what is being moved in sight. */
function useFollow(move: Move | null, days: readonly Day[], zone: string, view: View, show: (day: Day) => void): void {
  const target = move ? dayAt(move.to, zone) : null;
  const act = useRef(show);
  act.current = show;
  useEffect(() => {
    const isGrid = view === "month" || view === "week";
    if (target !== null && isGrid && !days.includes(target)) act.current(target);
  }, [target, days, view]);
}

/** When a move is over, go on where the entry is. */
function useReturnOfFocus(move: Move | null, zone: string, view: View): void {
  const before = useRef<Move | null>(null);
  useEffect(() => {
    const last = before.current;
    before.current = move;
    if (!last || move) return;
    const cell = view === "week" ? hourCell(last.to, zone) : dayAt(last.to, zone);
    if (document.activeElement === document.body || document.activeElement === null) focusEntry(last.item.id, cell);
  }, [move, zone, view]);
}

function placeIn(address: URLSearchParams, today: Day): { view: View; on: Day; zone: string } {
  const [zone, day] = [address.get("zone") ?? "", address.get("on") ?? ""];
  return {
    view: VIEWS.find((name) => name === address.get("view")) ?? "month",
    on: isDay(day) ? day : today,
    zone: zone && isZone(zone) ? zone : browserZone(),
  };
}

/** Asked for once, not by each of hundreds of entries. */
function useTitles(): (name: string) => string {
  const { data } = useQuery(channelsQuery(useApi()));
  return useMemo(() => {
    const titles = new Map(data?.map((channel) => [channel.name as string, channel.title]));
    return (name) => titles.get(name) ?? name;
  }, [data]);
}

function daysOf(view: View, on: Day, first: number): Day[] {
  if (view === "day") return [on];
  if (view === "week") return weekOf(on, first);
  const weeks = monthOf(on, first).flat();
  return view === "month" ? weeks : weeks.filter((day) => day.startsWith(on.slice(0, 7)));
}

function titleOf(view: View, on: Day, days: readonly Day[]): string {
  const tag = formatTag();
  if (view === "day") return dayText(on, tag, { weekday: "long", day: "numeric", month: "long", year: "numeric" });
  if (view !== "week") return dayText(on, tag, { month: "long", year: "numeric" });
  const range = new Intl.DateTimeFormat(tag, { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
  return range.formatRange(Date.parse(`${days[0]}T12:00Z`), Date.parse(`${days[6]}T12:00Z`));
}

/** When a message for a day or an hour would go out; null if that is over. */
function slotAt(cell: string, zone: string, now: number): number | null {
  if (cell.length === 10) return offeredOn(cell, zone, now);
  const start = onHour(now - (now % 3_600_000), cell.slice(0, 10), Number(cell.slice(11)), zone);
  const end = start + 3_600_000;
  if (start > now) return start;
  return end > now ? now - (now % 300_000) + 300_000 : null;
}

function composeAt(at: number | null, zone: string): string {
  return at === null ? "/compose" : `/compose?${new URLSearchParams({ at: wallAt(at, zone), zone })}`;
}

function countsOf(items: readonly MessageItem[]): Map<Schemas["MessageStatus"], number> {
  const counts = new Map(STATUSES.map((status) => [status, 0]));
  for (const { status } of items) counts.set(status, (counts.get(status) ?? 0) + 1);
  return counts;
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
