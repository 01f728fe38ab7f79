import { useLingui } from "@lingui/react/macro";
import { memo } from "react";
import { Link } from "wouter";
import { Icon } from "@/components/Icon";
import { LOOKS, useStatusWords } from "@/components/Status";
import type { MessageItem } from "@/lib/api";
import { formatTag } from "@/lib/language";
import { firstLine } from "@/lib/text";
import { placeOf } from "./moving";
import { clockText } from "./words";

export interface EntryProps {
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
export const Entry = memo(function Entry({ item, channels, zone, isReachable, isMovable, isLeaving }: EntryProps) {
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
      <time dateTime={new Date(at).toISOString()}>{clockText(at, formatTag(), zone)}</time>
      <span className="entry-title" dir="auto">
        {titleOf(item)}
      </span>
      <span className="unseen">
        , {status}, {channels}. {hint}
      </span>
    </Link>
  );
});

/** Where an entry would stand. */
export function Ghost({ at, zone, item }: { at: number; zone: string; item: MessageItem }) {
  return (
    <span className="entry entry-ghost">
      <Icon name="right" size={14} />
      <time>{clockText(at, formatTag(), zone)}</time>
      <span className="entry-title">{titleOf(item)}</span>
    </span>
  );
}
