import { Trans, useLingui } from "@lingui/react/macro";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { Link } from "wouter";
import { Button } from "@/components/Button";
import { ChannelMarks } from "@/components/ChannelMark";
import { TextArea } from "@/components/Field";
import { MessagePosts } from "@/components/MessagePosts";
import { ErrorState, Note, ProblemNote, Skeleton } from "@/components/States";
import { When } from "@/components/Time";
import { useTell } from "@/components/Toast";
import type { Message, Schemas } from "@/lib/api";
import { useEdit } from "@/lib/editing";
import { formatTag } from "@/lib/language";
import { catalogueQuery, messageQuery, postsQuery } from "@/lib/queries";
import { useApi, useRefresh } from "@/lib/product";

type Certification = Schemas["CertificationView"];

/** One submission: what would be said where, what it is about, and the decision. */
export function Review({ id, onDecided }: { id: string; onDecided(): void }) {
  const api = useApi();
  const message = useQuery(messageQuery(api, id));
  const of = message.data?.value.certification_id ?? null;
  const certification = useQuery({
    queryKey: ["certifications", of],
    queryFn: ({ signal }) =>
      api.get((client) =>
        client.GET("/api/v1/certifications/{certification_id}", {
          params: { path: { certification_id: of as string } },
          signal,
        }),
      ),
    enabled: of !== null,
  });
  if (message.isPending || (of !== null && certification.isPending)) return <Skeleton lines={8} />;
  if (message.isError) return <ErrorState error={message.error} onRetry={() => void message.refetch()} />;
  return <Decision key={message.data.value.content} message={message.data.value} certification={certification.data} onDecided={onDecided} />;
}

function Decision(props: { message: Message; certification: Certification | undefined; onDecided(): void }) {
  const { message, certification, onDecided } = props;
  const { t } = useLingui();
  const tell = useTell();
  const decide = useDecision(message, (verdict) => {
    tell("reject" in verdict ? t`Sent back with your reason.` : t`Approved.`);
    onDecided();
  });
  const [text, setText] = useState<string | null>(null);
  const [reason, setReason] = useState("");
  const [sending, setSending] = useState<"not yet" | "asked" | "left">("not yet");
  const edit = useEdit(message);
  const posts = useQuery(postsQuery(useApi(), message));
  const isSeen = posts.data !== undefined && !posts.isPlaceholderData;
  const keep = () => {
    if (text === message.content) setText(null);
    else if (text?.trim()) edit.mutate({ content: text, own_words: message.channels });
  };
  const sendBack = () => reason.trim() && decide.mutate({ reject: reason.trim() });
  return (
    <section className="card review" aria-labelledby="review-title">
      <header className="review-head">
        <h2 id="review-title">{certification?.member_name ?? message.author_name}</h2>
        <ChannelMarks channels={message.channels} />
      </header>
      <Warnings certification={certification} />
      <Facts message={message} certification={certification} />
      {text === null ? (
        <MessagePosts message={message} />
      ) : (
        <TextArea
          label={<Trans>Text</Trans>}
          hint={
            <Trans>
              Every channel without a text of its own posts it as you leave it here, and no model changes it. In an
              announcement the person's name has to stay.
            </Trans>
          }
          value={text}
          onChange={(event) => setText(event.target.value)}
          autoFocus
        />
      )}
      {sending === "asked" && (
        <TextArea
          label={<Trans>What has to change, or why not</Trans>}
          hint={<Trans>The author reads this.</Trans>}
          value={reason}
          onChange={(event) => setReason(event.target.value)}
          onKeyDown={(event) => event.key === "Escape" && setSending("left")}
          autoFocus
        />
      )}
      {(decide.error ?? edit.error) !== null && (
        <ProblemNote error={decide.error ?? edit.error}>
          <p>
            <Trans>What you wrote is still here.</Trans>
          </p>
        </ProblemNote>
      )}
      <footer className="review-foot">
        <Link to={`/messages/${message.id}`}>
          <Trans>See all of it</Trans>
        </Link>
        {sending !== "asked" ? (
          <div key="decide" className="row">
            <Button data-send-back icon="slash" autoFocus={sending === "left"} onClick={() => setSending("asked")}>
              <Trans>Send back …</Trans>
            </Button>
            {text === null ? (
              <>
                <Button icon="pen" onClick={() => setText(message.content)}>
                  <Trans>Edit the text</Trans>
                </Button>
                <Button data-approve kind="primary" icon="check" busy={decide.isPending || !isSeen} onClick={() => decide.mutate({ approve: true })}>
                  <Trans>Approve</Trans>
                </Button>
              </>
            ) : (
              <>
                <Button onClick={() => setText(null)}>
                  <Trans>Undo my edit</Trans>
                </Button>
                <Button kind="primary" icon="eye" busy={edit.isPending} disabled={!text.trim()} onClick={keep}>
                  <Trans>Keep it and see the posts</Trans>
                </Button>
              </>
            )}
          </div>
        ) : (
          <div key="send back" className="row" onKeyDown={(event) => event.key === "Escape" && setSending("left")}>
            <Button onClick={() => setSending("left")}>
              <Trans>Not now</Trans>
            </Button>
            <Button kind="danger" icon="slash" busy={decide.isPending} disabled={!reason.trim()} onClick={sendBack}>
              <Trans>Send back</Trans>
            </Button>
          </div>
        )}
      </footer>
    </section>
  );
}

type Verdict = { approve: true } | { reject: string };

/** Decide once about the revision that was looked at; `done` is told though nothing is left to show. */
function useDecision(message: Message, done: (verdict: Verdict) => void) {
  const api = useApi();
  const refresh = useRefresh();
  const { id, revision, certification_id: of } = message;
  return useMutation({
    mutationFn: (verdict: Verdict): Promise<unknown> =>
      api.once<unknown>(`${id}/decide`, { ...verdict, revision }, async (client, key) => {
        const header = { ...key, "If-Match": `"${revision}"` };
        if ("reject" in verdict) {
          const body = { reason: verdict.reject };
          return of === null
            ? client.POST("/api/v1/messages/{message_id}/reject", { params: { path: { message_id: id }, header: key }, body })
            : client.POST("/api/v1/certifications/{certification_id}/reject", { params: { path: { certification_id: of }, header: key }, body });
        }
        return of === null
          ? client.POST("/api/v1/messages/{message_id}/approve", { params: { path: { message_id: id }, header } })
          : client.POST("/api/v1/certifications/{certification_id}/approve", { params: { path: { certification_id: of }, header } });
      }),
    onSuccess: (_, verdict) => done(verdict),
    onSettled: () => refresh(id),
  });
}

function Warnings({ certification }: { certification: Certification | undefined }) {
  if (!certification) return null;
  const { name_differs, warnings } = certification;
  if (!name_differs && warnings.length === 0) return null;
  return (
    <Note tone="warn" title={<Trans>Please look closely</Trans>}>
      <ul>
        {name_differs && (
          <li>
            <Trans>The announced name is not the one in the author's profile.</Trans>
          </li>
        )}
        {warnings.map((warning) => (
          <li key={warning}>{warning}</li>
        ))}
      </ul>
    </Note>
  );
}

function Facts({ message, certification }: { message: Message; certification: Certification | undefined }) {
  return (
    <dl className="review-facts">
      <Fact name={<Trans>From</Trans>}>{message.author_name}</Fact>
      <Fact name={<Trans>Goes out</Trans>}>
        {message.scheduled_at ? <When at={message.scheduled_at} zone={message.time_zone} /> : <Trans>as soon as it is approved</Trans>}
      </Fact>
      {certification && <Achievement certification={certification} />}
    </dl>
  );
}

function Achievement({ certification }: { certification: Certification }) {
  const day = new Intl.DateTimeFormat(formatTag(), { dateStyle: "long", timeZone: "UTC" });
  const { data: types = [] } = useQuery(catalogueQuery(useApi()));
  const named = types.find((type) => type.id === certification.certification_type)?.name;
  return (
    <>
      <Fact name={<Trans>Certification</Trans>}>{named ?? certification.certification_type.replaceAll("-", " ")}</Fact>
      <Fact name={<Trans>Certified on</Trans>}>{day.format(Date.parse(certification.certified_on))}</Fact>
      {certification.credential_url && (
        <Fact name={<Trans>Proof</Trans>}>
          <a href={certification.credential_url} target="_blank" rel="noreferrer">
            <Trans>Open the credential</Trans>
          </a>
        </Fact>
      )}
      {certification.personal_message && <Fact name={<Trans>In their words</Trans>}>{certification.personal_message}</Fact>}
    </>
  );
}

function Fact({ name, children }: { name: ReactNode; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
