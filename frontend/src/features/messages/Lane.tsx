import type { MessageDescriptor } from "@lingui/core";
import { msg } from "@lingui/core/macro";
import { Plural, Trans, useLingui } from "@lingui/react/macro";
import { useId, useState } from "react";
import { Button } from "@/components/Button";
import { ChannelMark, useChannelTitle } from "@/components/ChannelMark";
import { Icon, type IconName } from "@/components/Icon";
import { Note, ProblemNote } from "@/components/States";
import { Status } from "@/components/Status";
import { Ago, shortDateTime, timeOfDay, useNow } from "@/components/Time";
import type { Delivery, Message } from "@/lib/api";
import { formatTag } from "@/lib/language";
import { useProduct } from "@/lib/product";
import { useAction } from "./calls";
import { attemptsOf, ofChannel, stations, trouble, type Station, type StationState, type TimelineEntry } from "./journey";
import { LaneDetails } from "./LaneDetails";
import { Recipients } from "./Recipients";
import { Review } from "./Review";

const RETRYABLE = new Set<Delivery["status"]>(["failed", "skipped"]);
const NAMES = {
  queued: msg`Queued`,
  sending: msg`Sending`,
  accepted: msg`Accepted`,
  delivered: msg`Delivered`,
};
/** Where a delivery stands at a station without having come through it: what is so instead. */
const INSTEAD: Partial<Record<Delivery["status"], MessageDescriptor>> = {
  pending: msg`Scheduled`,
  cancelled: msg`Cancelled`,
  skipped: msg`Skipped`,
  failed: msg`Refused`,
  needs_review: msg`Unclear`,
  deleted: msg`Deleted`,
};
const SIGNS: Partial<Record<StationState, IconName>> = {
  done: "check",
  planned: "clock",
  held: "clock",
  failed: "cross",
  asked: "question",
  ended: "slash",
};

/** One channel's line, from the queue to the reader. */
export function Lane(props: { message: Message; delivery: Delivery; entries: readonly TimelineEntry[] }) {
  const { message, delivery } = props;
  const { t } = useLingui();
  const title = useChannelTitle();
  const action = useAction(message.id);
  const [open, setOpen] = useState(false);
  const details = useId();
  const entries = ofChannel(props.entries, delivery.channel);
  const name = title(delivery.channel);
  const attempts = delivery.recipients ? 0 : delivery.attempts;
  const problem = trouble(delivery);
  return (
    <li className="lane" data-status={delivery.status} data-channel={delivery.channel}>
      <div className="lane-head">
        <ChannelMark channel={delivery.channel} size={18} />
        <h3>{name}</h3>
        <Status status={delivery.status} />
      </div>
      <Track status={delivery.status} stations={stations(delivery, entries, message.due_at)} />
      {problem && <Reason error={problem} />}
      {delivery.status === "needs_review" && <Review message={message} delivery={delivery} />}
      <div className="lane-foot">
        <Proof delivery={delivery} />
        {attempts > 1 && (
          <span className="faint">
            <Plural value={attempts} one="# attempt" other="# attempts" />
          </span>
        )}
        {delivery.next_attempt_at && delivery.status !== "pending" && (
          <span className="lane-next">
            <Icon name="clock" size={14} />
            <Next at={delivery.next_attempt_at} />
          </span>
        )}
        <span className="grow" />
        {RETRYABLE.has(delivery.status) && (
          <Button
            small
            icon="retry"
            busy={action.isPending}
            aria-label={t`Try ${name} again`}
            onClick={() => action.mutate({ do: "retry", channel: delivery.channel })}
          >
            <Trans>Try again</Trans>
          </Button>
        )}
        <Button
          small
          kind="quiet"
          icon={open ? "cross" : "info"}
          aria-expanded={open}
          aria-controls={details}
          aria-label={t`Details of ${name}`}
          onClick={() => setOpen(!open)}
        >
          <Trans>Details</Trans>
        </Button>
      </div>
      {action.isError && <ProblemNote error={action.error} />}
      <div id={details} hidden={!open}>
        {open && (
          <>
            {delivery.recipients && <Recipients id={message.id} channel={delivery.channel} />}
            <LaneDetails message={message} delivery={delivery} entries={entries} attempts={attemptsOf(entries)} />
          </>
        )}
      </div>
    </li>
  );
}

/** When it is tried again; a moment that has passed is about to be used. */
function Next({ at }: { at: string }) {
  const now = useNow(1_000);
  if (Date.parse(at) <= now) return <Trans>next attempt any moment</Trans>;
  return (
    <Trans>
      next attempt <Ago at={at} />
    </Trans>
  );
}

function Track({ status, stations: stops }: { status: Delivery["status"]; stations: Station[] }) {
  const { i18n, t } = useLingui();
  const words: Record<StationState, string> = {
    done: t`done`,
    current: t`now`,
    planned: t`waits for its time`,
    held: t`waiting`,
    failed: t`failed`,
    asked: t`a question is open`,
    ended: t`ended`,
    ahead: t`still to come`,
  };
  return (
    <ol className="track">
      {stops.map((stop) => {
        const sign = SIGNS[stop.state];
        const isHere = stop.state !== "done" && stop.state !== "ahead";
        return (
          <li key={stop.name} className="stop" data-state={stop.state}>
            <span className="stop-dot">{sign && <Icon name={sign} size={12} />}</span>
            <span className="stop-name">
              {i18n._((isHere && INSTEAD[status]) || NAMES[stop.name])}
              <span className="unseen">: {words[stop.state]}</span>
            </span>
            <span className="stop-time">{timeAt(stop)}</span>
          </li>
        );
      })}
    </ol>
  );
}

/** When a station was reached; a plan needs its day, too. */
function timeAt({ at, state }: Station): string {
  if (at === null) return "";
  return state === "planned" ? shortDateTime(at, formatTag()) : timeOfDay(at, formatTag());
}

/** The platform's receipt: where the post can be looked at, or how many got it. */
function Proof({ delivery }: { delivery: Delivery }) {
  const { config } = useProduct();
  const counts = delivery.recipients;
  if (counts) {
    if (counts.total === 0) return null; // who they are is looked up when it is due
    return (
      <span className="lane-counts">
        <Trans>
          {counts.delivered} of {counts.total} people
        </Trans>
        {counts.failed > 0 && (
          <>
            , <Plural value={counts.failed} one="# failed" other="# failed" />
          </>
        )}
        {counts.returned > 0 && (
          <>
            , <Plural value={counts.returned} one="# came back" other="# came back" />
          </>
        )}
      </span>
    );
  }
  if (!delivery.external_id || delivery.status === "deleted") return null;
  const local = config.wallUrl && `${config.wallUrl}/#/${delivery.channel}/${delivery.external_id}`;
  const href = local || delivery.url;
  if (!href) return <code className="faint">{delivery.external_id}</code>;
  return (
    <a className="lane-link" href={href} target="_blank" rel="noreferrer">
      {local ? <Trans>See it on the wall</Trans> : <Trans>See the post</Trans>}
      <Icon name="external" size={14} />
    </a>
  );
}

function Reason({ error }: { error: NonNullable<Delivery["error"]> }) {
  return (
    <Note tone="warn" title={error.title}>
      <p>{error.detail}</p>
      {error.remedy && (
        <p>
          <strong>
            <Trans>What helps:</Trans>
          </strong>{" "}
          {error.remedy}
        </p>
      )}
    </Note>
  );
}
