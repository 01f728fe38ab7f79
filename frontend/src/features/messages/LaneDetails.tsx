import { Trans, useLingui } from "@lingui/react/macro";
import { useState } from "react";
import { Button } from "@/components/Button";
import { useChannelTitle } from "@/components/ChannelMark";
import { ConfirmDialog } from "@/components/ConfirmDialog";
import { ProblemNote } from "@/components/States";
import { timeOfDay } from "@/components/Time";
import type { Delivery, Message } from "@/lib/api";
import { formatTag } from "@/lib/language";
import { useAction } from "./calls";
import { useEventWords } from "./eventWords";
import type { TimelineEntry } from "./journey";

/** Everything that happened on one channel, and the rarer things to do about it. */
export function LaneDetails(props: {
  message: Message;
  delivery: Delivery;
  entries: readonly TimelineEntry[];
  attempts: readonly TimelineEntry[];
}) {
  const { message, delivery, entries } = props;
  const words = useEventWords();
  const { t } = useLingui();
  return (
    <div className="lane-details">
      <ol className="events">
        {entries.map((entry, index) => (
          <li key={index}>
            <time dateTime={entry.at}>{timeOfDay(entry.at, formatTag())}</time>
            <span>{words(entry)}</span>
            {entry.detail && <span className="soft">{entry.detail}</span>}
          </li>
        ))}
        {entries.length === 0 && (
          <li>
            <span className="soft">
              <Trans>Nothing has happened here yet.</Trans>
            </span>
          </li>
        )}
      </ol>
      {delivery.external_id && (
        <p className="faint">
          {t`Receipt of the platform`}: <code>{delivery.external_id}</code>
        </p>
      )}
      {delivery.status === "delivered" && delivery.recipients === null && (
        <Unpublish message={message} delivery={delivery} />
      )}
    </div>
  );
}

function Unpublish({ message, delivery }: { message: Message; delivery: Delivery }) {
  const channel = useChannelTitle()(delivery.channel);
  const [asking, setAsking] = useState(false);
  const action = useAction(message.id);
  return (
    <div className="row">
      <Button small kind="danger" icon="trash" onClick={() => setAsking(true)}>
        <Trans>Delete the post on {channel}</Trans>
      </Button>
      <ConfirmDialog
        open={asking}
        title={<Trans>Delete the post on {channel}?</Trans>}
        icon="trash"
        confirm={<Trans>Delete the post</Trans>}
        busy={action.isPending}
        onConfirm={() => action.mutate({ do: "unpublish", channel: delivery.channel }, { onSuccess: () => setAsking(false) })}
        onClose={() => setAsking(false)}
      >
        <p>
          <Trans>It is removed from the platform for everyone. This can't be undone.</Trans>
        </p>
        {action.isError && <ProblemNote error={action.error} />}
      </ConfirmDialog>
    </div>
  );
}
