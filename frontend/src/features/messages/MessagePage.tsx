import "./message.css";
import { Plural, Trans, useLingui } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { useParams, useSearchParams } from "wouter";
import { ButtonLink } from "@/components/Button";
import { ChannelMark, useChannelTitle } from "@/components/ChannelMark";
import { MessagePosts } from "@/components/MessagePosts";
import { ErrorState, Note, Skeleton } from "@/components/States";
import { Status } from "@/components/Status";
import { Ago, When } from "@/components/Time";
import type { Message } from "@/lib/api";
import { messageQuery, timelineQuery } from "@/lib/queries";
import { useApi } from "@/lib/product";
import { headline } from "@/lib/text";
import { Content } from "./Content";
import { History } from "./History";
import { Lane } from "./Lane";
import { MessageActions } from "./MessageActions";
import { Share } from "./Share";

/** One message: where it is on every channel, and what can be done about it. */
export default function MessagePage() {
  const { id = "" } = useParams();
  const [query] = useSearchParams();
  const api = useApi();
  const message = useQuery(messageQuery(api, id));
  const timeline = useQuery({ ...timelineQuery(api, id), enabled: message.isSuccess });
  if (message.isPending) return <Skeleton lines={8} />;
  if (message.isError && !message.data) {
    return <ErrorState level={1} error={message.error} onRetry={() => void message.refetch()} />;
  }
  const found = message.data.value;
  const entries = timeline.data ?? [];
  return (
    <article className="page">
      {query.has("new") && <Sent message={found} />}
      <Head message={found} />
      {found.deliveries.length > 0 && (
        <section className="board" aria-labelledby="board-title">
          <h2 id="board-title" className="unseen">
            <Trans>Deliveries</Trans>
          </h2>
          <Tally message={found} />
          <ol className="lanes">
            {found.deliveries.map((delivery) => (
              <Lane key={delivery.channel} message={found} delivery={delivery} entries={entries} />
            ))}
          </ol>
        </section>
      )}
      <Share message={found} />
      <MessagePosts message={found} />
      {found.certification_id === null && <Content message={found} />}
      <History message={found} entries={entries} />
    </article>
  );
}

function Head({ message }: { message: Message }) {
  const { t } = useLingui();
  return (
    <header className="message-head">
      <div className="row">
        <ButtonLink kind="quiet" small icon="left" to="/">
          <Trans>Overview</Trans>
        </ButtonLink>
      </div>
      <div className="page-head">
        <div className="stack stack-tight grow">
          <div className="row">
            <Status status={message.status} />
            <span className="faint">
              <Trans>by {message.author_name}</Trans> · <Ago at={message.created_at} />
              {message.revision > 1 && (
                <>
                  {" "}
                  · <Trans>revision {message.revision}</Trans>
                </>
              )}
            </span>
          </div>
          <h1 dir="auto">{message.subject ?? headline(message.content)}</h1>
          <Due message={message} />
          {message.deliveries.length === 0 && <Chosen channels={message.channels} />}
        </div>
        <MessageActions message={message} />
      </div>
      {message.reason && (
        <p className="note" data-tone="warn" aria-label={t`Reason`}>
          {message.reason}
        </p>
      )}
    </header>
  );
}

/** What has just been sent: that it was taken, and what comes now. */
function Sent({ message }: { message: Message }) {
  if (message.status === "pending_review") {
    return (
      <Note tone="good" icon="check" title={<Trans>Thank you, it is in</Trans>}>
        <Trans>A community manager looks at it next. Then it goes out by itself.</Trans>
      </Note>
    );
  }
  if (message.status === "scheduled") {
    return (
      <Note tone="good" icon="check" title={<Trans>It is scheduled</Trans>}>
        <Trans>You can change or cancel it until then.</Trans>
      </Note>
    );
  }
  if (message.status === "delivered") {
    return (
      <Note tone="good" icon="check" title={<Trans>It is published</Trans>}>
        <Trans>Every channel has it.</Trans>
      </Note>
    );
  }
  if (message.status !== "publishing") return null;
  return (
    <Note tone="good" icon="check" title={<Trans>It is on its way</Trans>}>
      <Trans>Watch it arrive on each channel. You can leave this page at any time.</Trans>
    </Note>
  );
}

/** Where a message is to appear that nothing was handed to a channel of. */
function Chosen({ channels }: { channels: readonly string[] }) {
  const { t } = useLingui();
  const title = useChannelTitle();
  return (
    <ul className="chosen" aria-label={t`Chosen channels`}>
      {channels.map((name) => (
        <li key={name}>
          <ChannelMark channel={name} size={14} />
          {title(name)}
        </li>
      ))}
    </ul>
  );
}

/** When it goes out, as its author's clocks show it, and from now. */
function Due({ message }: { message: Message }) {
  if (!message.scheduled_at) return null;
  return (
    <p className="soft">
      <When at={message.scheduled_at} zone={message.time_zone} />
      {message.time_zone && <> ({message.time_zone})</>}, <Ago at={message.scheduled_at} />
    </p>
  );
}

/** One line that says how it stands as a whole. */
function Tally({ message }: { message: Message }) {
  const all = message.deliveries.length;
  const done = message.deliveries.filter((delivery) => delivery.status === "delivered").length;
  return (
    <p className="tally" role="status">
      <strong>
        {done}/{all}
      </strong>{" "}
      <Plural value={all} one="channel delivered" other="channels delivered" />
    </p>
  );
}
