import { Trans } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { Button } from "@/components/Button";
import { useChannelTitle } from "@/components/ChannelMark";
import { Note, ProblemNote } from "@/components/States";
import type { Delivery, Message } from "@/lib/api";
import { useApi } from "@/lib/product";
import { useAction, type Answer } from "./calls";
import { wasToLeave } from "./journey";
import { recipientsQuery } from "./recipientsQuery";
import { usePersonWords } from "./usePersonWords";

/** Only a person can tell whether the platform has the post: ask, in its place. */
export function Review({ message, delivery }: { message: Message; delivery: Delivery }) {
  const api = useApi();
  const recipients = useQuery({
    ...recipientsQuery(api, message.id, delivery.channel),
    enabled: delivery.recipients !== null,
  });
  const person = usePersonWords(delivery.channel);
  const asked: Asked[] =
    delivery.recipients === null
      ? [null]
      : (recipients.data ?? [])
          .map((one, index) => ({ ...one, name: person(one.recipient, index + 1) }))
          .filter((one) => one.status === "needs_review");
  return (
    <div className="stack stack-tight">
      {asked.map((recipient) => (
        <Question key={recipient?.recipient ?? ""} message={message} delivery={delivery} recipient={recipient} />
      ))}
    </div>
  );
}

/** Who a question is about; null where a channel has no recipients. */
type Asked = { recipient: string; name: string } | null;

function Question(props: { message: Message; delivery: Delivery; recipient: Asked }) {
  const { message, delivery, recipient } = props;
  const channel = useChannelTitle()(delivery.channel);
  const action = useAction(message.id);
  const leaves = wasToLeave(delivery);
  const answer = (given: Answer) =>
    action.mutate({ do: "resolve", channel: delivery.channel, answer: given, recipient: recipient?.recipient ?? null });
  return (
    <div className="question">
      <Note
        icon="question"
        title={
          recipient ? (
            <Trans>
              Did {channel} bring it to {recipient.name}?
            </Trans>
          ) : leaves ? (
            <Trans>Is the post still on {channel}?</Trans>
          ) : (
            <Trans>Is the post on {channel}?</Trans>
          )
        }
      >
        <p>
          {leaves ? (
            <Trans>
              We asked to delete it and got no clear answer. Please look there: what you find is
              what this page will say.
            </Trans>
          ) : (
            <Trans>
              We sent it and got no clear answer. Sending again could publish it twice, so please look
              there first.
            </Trans>
          )}
        </p>
        <div className="row">
          <Button kind="primary" small icon="check" busy={action.isPending} onClick={() => answer("it_is_there")}>
            <Trans>Yes, it is there</Trans>
          </Button>
          {leaves ? (
            <Button small icon="trash" busy={action.isPending} onClick={() => answer("it_is_gone")}>
              <Trans>No, it is gone</Trans>
            </Button>
          ) : (
            <Button small icon="announce" busy={action.isPending} onClick={() => answer("send_it")}>
              <Trans>No, send it</Trans>
            </Button>
          )}
        </div>
      </Note>
      {action.isError && <ProblemNote error={action.error} />}
    </div>
  );
}
