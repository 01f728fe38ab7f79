import { useLingui } from "@lingui/react/macro";
import type { ReactNode } from "react";
import { Link } from "wouter";
import { ChannelMarks } from "@/components/ChannelMark";
import { Icon } from "@/components/Icon";
import { Status } from "@/components/Status";
import type { MessageItem } from "@/lib/api";
import { firstLine } from "@/lib/text";

/** A message of the queue: when, what, where to, how it stands and what somebody can do about it. */
export function Row({ item, time }: { item: MessageItem; time: ReactNode }) {
  return (
    <li className="queue-row">
      <span className="queue-time">{time}</span>
      <div className="queue-what">
        <Link className="queue-link" to={`/messages/${item.id}`} dir="auto">
          {item.subject ?? firstLine(item.content)}
        </Link>
        <span className="faint">
          {item.author_name}
          <Todo status={item.status} />
        </span>
      </div>
      <ChannelMarks channels={item.channels} />
      <Status status={item.status} />
      <Icon name="right" size={16} />
    </li>
  );
}

function Todo({ status }: { status: MessageItem["status"] }) {
  const { t } = useLingui();
  const todo: Partial<Record<MessageItem["status"], string>> = {
    needs_review: t`Look on the platform whether it is there`,
    failed: t`See why, then try again or cancel`,
    partially_delivered: t`See which channel is missing`,
  };
  const words = todo[status];
  return words ? <> · {words}</> : null;
}
