import "./queue.css";
import { Plural, Trans, useLingui } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { Link, useSearchParams } from "wouter";
import { ButtonLink } from "@/components/Button";
import { useChannelTitle } from "@/components/ChannelMark";
import { FilterBar } from "@/components/FilterBar";
import { PageHead } from "@/components/PageHead";
import { EmptyState, ErrorState, Note, ProblemNote, Skeleton } from "@/components/States";
import { Ago, useNow } from "@/components/Time";
import type { MessageItem } from "@/lib/api";
import { dayAt, plusDays, type Day } from "@/lib/days";
import { concernsFilters, isFiltered, readFilters, withFilters, type Filters } from "@/lib/filters";
import { formatTag } from "@/lib/language";
import { useListing, type Listing, type Wanted } from "@/lib/listing";
import { channelsQuery, meQuery } from "@/lib/queries";
import { useApi } from "@/lib/product";
import { isManager } from "@/lib/roles";
import { browserZone, offsetText } from "@/lib/zones";
import { Row } from "./Row";
import { inDays, sorted } from "./sections";

const BACK_DAYS = 30;
const AHEAD_DAYS = 30;
const DAY_MS = 86_400_000;
/** An hour's steps keep the bounds, and with them what was read, the same from one look to the next. */
const STEP_MS = 3_600_000;

/** What waits for a person, then what is under way, then what comes. */
export default function QueuePage() {
  const api = useApi();
  const { data: me } = useQuery(meQuery(api));
  const [address, setAddress] = useSearchParams();
  const filters = readFilters(address);
  const manages = isManager(me?.role);
  const queue = useQueue(filters, manages, me !== undefined);
  const lists = [...queue.sections.values()];
  const count = lists.reduce((sum, list) => sum + list.length, 0);
  return (
    <div className="page queue">
      <PageHead
        title={<Trans>Queue</Trans>}
        lead={<Trans>What waits for somebody, what is on its way, and what comes in the next {AHEAD_DAYS} days.</Trans>}
      >
        {manages && (queue.sections.get("approval")?.length ?? 0) > 0 && (
          <ButtonLink kind="primary" icon="check" to="/approvals">
            <Trans>Review submissions</Trans>
          </ButtonLink>
        )}
      </PageHead>
      <FilterBar
        filters={filters}
        manages={manages}
        onChange={(change) => setAddress((before) => withFilters(before, change), { replace: true })}
      />
      <Blocked names={queue.blocked} />
      {queue.isPending ? (
        <Skeleton lines={8} />
      ) : queue.error && count === 0 ? (
        <ErrorState error={queue.error} onRetry={queue.retry} />
      ) : (
        <>
          {queue.error !== null && <ProblemNote error={queue.error} />}
          {count === 0 && <Nothing isFiltered={isFiltered(filters)} />}
          <Attention items={queue.sections.get("attention") ?? []} />
          <Plain section="approval" items={queue.sections.get("approval") ?? []} isShort={manages} />
          <Plain section="moving" items={queue.sections.get("moving") ?? []} />
          <Coming items={queue.sections.get("coming") ?? []} isFull={queue.isFull} />
        </>
      )}
    </div>
  );
}

/** The queue's messages, status by status as the API lists them. */
function useQueue(filters: Filters, manages: boolean, isReady: boolean) {
  const [start] = useState(() => Math.floor(Date.now() / STEP_MS) * STEP_MS);
  const scope: Wanted["scope"] = manages && !filters.isMine ? "all" : "own";
  const recent = { scope, from: new Date(start - BACK_DAYS * DAY_MS).toISOString() };
  const ahead = { scope, from: recent.from, to: new Date(start + AHEAD_DAYS * DAY_MS).toISOString() };
  // The later a list stands here, the further on its messages are: see what `sorted` keeps.
  const listings = [
    useListing({ ...ahead, status: "scheduled" }, isReady),
    useListing({ scope, status: "pending_review" }, isReady),
    useListing({ ...recent, status: "publishing" }, isReady),
    useListing({ ...recent, status: "partially_delivered" }, isReady),
    useListing({ ...recent, status: "failed" }, isReady),
    useListing({ ...recent, status: "needs_review" }, isReady),
  ];
  const { data: channels } = useQuery(channelsQuery(useApi()));
  const blocked = useMemo(
    () => (channels ?? []).filter((one) => one.account_state === "blocked").map((one) => one.name as string),
    [channels],
  );
  const items = listings.flatMap((listing) => listing.items).filter((item) => concernsFilters(item, filters));
  return {
    sections: sorted(items, new Set(blocked)),
    blocked,
    isPending: !isReady || listings.some((listing) => listing.isPending && listing.error === null),
    isFull: (listings[0] as Listing).isFull,
    error: listings.map((listing) => listing.error).find((error) => error !== null) ?? null,
    retry: () => listings.forEach((listing) => listing.retry()),
  };
}

/** Accounts that hold deliveries back: one deed of an administrator lets them all go on. */
function Blocked({ names }: { names: readonly string[] }) {
  const title = useChannelTitle();
  if (names.length === 0) return null;
  const titles = names.map(title).join(", ");
  return (
    <Note tone="warn" icon="lock" title={<Trans>Deliveries wait for an account: {titles}</Trans>}>
      <Trans>
        The platform refused our credentials. Nothing is lost: they go on once the account is{" "}
        <Link to="/channels">connected again</Link>.
      </Trans>
    </Note>
  );
}

function Attention({ items }: { items: readonly MessageItem[] }) {
  if (items.length === 0) return null;
  return (
    <section className="queue-section" data-section="attention" aria-labelledby="attention">
      <Heading id="attention" count={items.length}>
        <Trans>Waits for a person</Trans>
      </Heading>
      <ul className="queue-list">
        {items.map((item) => (
          <Row key={item.id} item={item} time={<Ago at={item.due_at} />} />
        ))}
      </ul>
    </section>
  );
}

/** `isShort` shows the first few of a list that has a page of its own. */
function Plain(props: { section: "approval" | "moving"; items: readonly MessageItem[]; isShort?: boolean }) {
  const { section, items } = props;
  if (items.length === 0) return null;
  const isApproval = section === "approval";
  const shown = props.isShort ? items.slice(0, FEW) : items;
  return (
    <section className="queue-section" aria-labelledby={section}>
      <Heading id={section} count={items.length}>
        {isApproval ? <Trans>Waits for approval</Trans> : <Trans>On its way</Trans>}
      </Heading>
      <ul className="queue-list">
        {shown.map((item) => (
          <Row key={item.id} item={item} time={<Ago at={isApproval ? item.created_at : item.due_at} />} />
        ))}
      </ul>
      {shown.length < items.length && (
        <p>
          <Link to="/approvals">
            <Trans>Review all {items.length}</Trans>
          </Link>
        </p>
      )}
    </section>
  );
}

const FEW = 5;
const SHOWN = 100;

function Coming({ items, isFull }: { items: readonly MessageItem[]; isFull: boolean }) {
  const { t } = useLingui();
  const now = useNow(30_000);
  if (items.length === 0) return null;
  const zone = browserZone();
  const tag = formatTag();
  const today = dayAt(now, zone);
  const clock = new Intl.DateTimeFormat(tag, { hour: "2-digit", minute: "2-digit", timeZone: zone });
  const dayName = new Intl.DateTimeFormat(tag, { weekday: "long", day: "numeric", month: "long", timeZone: "UTC" });
  const nameOf = (day: Day): string => {
    if (day === today) return t`Today`;
    return day === plusDays(today, 1) ? t`Tomorrow` : dayName.format(Date.parse(`${day}T12:00Z`));
  };
  const rest = items.length - SHOWN;
  return (
    <section className="queue-section" aria-labelledby="coming">
      <Heading id="coming" count={items.length}>
        <Trans>Coming up</Trans>
      </Heading>
      <p className="faint">
        <Trans>
          Times of {zone.replaceAll("_", " ")} (UTC{offsetText(now, zone)})
        </Trans>
      </p>
      {inDays(items.slice(0, SHOWN), zone).map(([day, list]) => (
        <div key={day} className="queue-day">
          <h3>{nameOf(day)}</h3>
          <ul className="queue-list">
            {list.map((item) => (
              <Row key={item.id} item={item} time={<time dateTime={item.due_at}>{clock.format(Date.parse(item.due_at))}</time>} />
            ))}
          </ul>
        </div>
      ))}
      {(rest > 0 || isFull) && (
        <p>
          {isFull ? (
            <Trans>More messages are planned.</Trans>
          ) : (
            <Plural value={rest} one="# more message is planned." other="# more messages are planned." />
          )}{" "}
          <Link to="/calendar?view=list">
            <Trans>See them in the calendar</Trans>
          </Link>
        </p>
      )}
    </section>
  );
}

function Heading({ id, count, children }: { id: string; count: number; children: React.ReactNode }) {
  return (
    <h2 id={id}>
      {children} <span className="faint">{count}</span>
    </h2>
  );
}

function Nothing({ isFiltered }: { isFiltered: boolean }) {
  if (isFiltered) {
    return (
      <EmptyState icon="search" title={<Trans>Nothing matches your filters</Trans>}>
        <Trans>Take one back to see more.</Trans>
      </EmptyState>
    );
  }
  return (
    <EmptyState
      icon="check"
      title={<Trans>Nothing waits</Trans>}
      action={
        <ButtonLink kind="primary" icon="pen" to="/compose">
          <Trans>Write</Trans>
        </ButtonLink>
      }
    >
      <Trans>Everything that was sent arrived, and nothing is planned for the next {AHEAD_DAYS} days.</Trans>
    </EmptyState>
  );
}
