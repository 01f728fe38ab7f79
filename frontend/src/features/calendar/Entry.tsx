import { Plural, Trans, useLingui } from "@lingui/react/macro";
import { memo } from "react";
import { Link } from "wouter";
import { Icon } from "@/components/Icon";
import { LOOKS, useStatusWords } from "@/components/Status";
import type { MessageItem } from "@/lib/api";
import { formatTag } from "@/lib/language";
import { firstLine } from "@/lib/text";
import { isMovable, placeOf } from "./moving";
import type { Move } from "./useMoving";
import { clockText } from "./words";

interface EntryProps {
  item: MessageItem;
  /** The titles of its channels. */
  channels: string;
  zone: string;
  /** It can be reached with the tab key. */
  isReachable: boolean;
  isMovable: boolean;
  /** It is about to go somewhere else. */
  isLeaving?: boolean;
}

export function titleOf(item: MessageItem): string {
  return item.subject ?? firstLine(item.content);
}

/** A message in a day or an hour: when, what, and how it stands, in a sign and in words. */
const Entry = memo(function Entry({ item, channels, zone, isReachable, isMovable, isLeaving }: EntryProps) {
  const { t } = useLingui();
  const words = useStatusWords();
  const look = LOOKS[item.status];
  const at = placeOf(item) ?? 0;
  const status = words(item.status);
  const hint = isMovable ? t`M moves it` : "";
  return (
    <Link
      to={`/messages/${item.id}`}
      className="entry"
      data-entry={item.id}
      data-tone={look.tone}
      data-leaving={isLeaving || undefined}
      data-movable={isMovable || undefined}
      draggable={isMovable}
      tabIndex={isReachable ? 0 : -1}
      title={`${status} · ${channels}\n${titleOf(item)}`}
      aria-keyshortcuts={isMovable ? "M" : undefined}
    >
      <Icon name={look.icon} size={14} />
      <time dateTime={new Date(at).toISOString()}>{clockText(at, formatTag(), zone)}</time>{" "}
      <span className="entry-title" dir="auto">
        {titleOf(item)}
      </span>
      <span className="unseen">
        , {status}, {channels}. {hint}
      </span>
    </Link>
  );
});

/** What stands in a day or an hour, as much as fits, and the way to the rest. */
export function Entries(props: {
  items: readonly MessageItem[];
  /** How many are shown at most. */
  fits: number;
  zone: string;
  now: number;
  isReachable: boolean;
  /** What comes or goes here while it is moved. */
  move: Move | null;
  /** It comes here. */
  isTarget: boolean;
  /** A channel's title. */
  titles(name: string): string;
  /** Where all of them are shown. */
  to: string;
}) {
  const { items, fits, zone, now, isReachable, move, titles } = props;
  const shown = items.length > fits ? items.slice(0, fits - 1) : items;
  const rest = items.length - shown.length;
  return (
    <div className="entries" data-count={items.length}>
      {props.isTarget && move && <Ghost at={move.to} zone={zone} item={move.item} />}
      {shown.map((item) => (
        <Entry
          key={item.id}
          item={item}
          channels={item.channels.map(titles).join(", ")}
          zone={zone}
          isReachable={isReachable}
          isMovable={isMovable(item, now)}
          isLeaving={move?.item.id === item.id}
        />
      ))}
      {rest > 0 && (
        <Link className="more" to={props.to} data-more tabIndex={isReachable ? 0 : -1}>
          <span aria-hidden="true">
            +{rest} <Trans>more</Trans>
          </span>
          <span className="unseen">
            <Plural value={rest} one="# entry more" other="# entries more" />
          </span>
        </Link>
      )}
    </div>
  );
}

/** Where an entry would stand. */
function Ghost({ at, zone, item }: { at: number; zone: string; item: MessageItem }) {
  return (
    <span className="entry entry-ghost">
      <Icon name="right" size={14} />
      <time>{clockText(at, formatTag(), zone)}</time> <span className="entry-title">{titleOf(item)}</span>
    </span>
  );
}
