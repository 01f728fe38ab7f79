import { Trans } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { Button } from "@/components/Button";
import { useChannelTitle } from "@/components/ChannelMark";
import { Note, ProblemNote } from "@/components/States";
import type { Delivery, Message } from "@/lib/api";
import { useApi } from "@/lib/product";
import { useAction, type Answer } from "./calls";
import { recipientsQuery } from "./recipientsQuery";

/** Only a person can tell whether the platform has the post: ask, in its place. */
export function Review({ message, delivery }: { message: Message; delivery: Delivery }) {
  const api = useApi();
  const recipients = useQuery({
    ...recipientsQuery(api, message.id, delivery.channel),
    enabled: delivery.recipients !== null,
  });
  const asked =
    delivery.recipients === null
      ? [null]
      : (recipients.data ?? []).filter((one) => one.status === "needs_review").map((one) => one.recipient);
  return (
    <div className="stack stack-tight">
      {asked.map((recipient) => (
        <Question key={recipient ?? ""} message={message} delivery={delivery} recipient={recipient} />
      ))}
    </div>
  );
}

function Question(props: { message: Message; delivery: Delivery; recipient: string | null }) {
  const { message, delivery, recipient } = props;
  const channel = useChannelTitle()(delivery.channel);
  const action = useAction(message.id);
  const answer = (given: Answer) =>
    action.mutate({ do: "resolve", channel: delivery.channel, answer: given, recipient });
  return (
    <div className="question">
      <Note
        icon="question"
        title={
          recipient ? (
            <Trans>
              Did {channel} bring it to <code>{recipient}</code>?
            </Trans>
          ) : (
            <Trans>Is the post on {channel}?</Trans>
          )
        }
      >
        <p>
          <Trans>
            We sent it and got no clear answer. Sending again could publish it twice, so please look
            there first.
          </Trans>
        </p>
        <div className="row">
          <Button kind="primary" small icon="check" busy={action.isPending} onClick={() => answer("it_is_there")}>
            <Trans>Yes, it is there</Trans>
          </Button>
          <Button small icon="announce" busy={action.isPending} onClick={() => answer("send_it")}>
            <Trans>No, send it</Trans>
          </Button>
        </div>
      </Note>
      {action.isError && <ProblemNote error={action.error} />}
    </div>
  );
}
