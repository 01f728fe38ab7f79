import { Trans, useLingui } from "@lingui/react/macro";
import { useMutation } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { useLocation } from "wouter";
import { Button, ButtonLink } from "@/components/Button";
import { ChannelPicker } from "@/components/ChannelPicker";
import { useFaultWords } from "@/components/faultWords";
import { TextField } from "@/components/Field";
import { PictureField } from "@/components/PictureField";
import { PreviewColumn } from "@/components/PreviewColumn";
import { Refused } from "@/components/Refused";
import { momentOf, ScheduleField } from "@/components/ScheduleField";
import { ProblemNote } from "@/components/States";
import { useTell } from "@/components/Toast";
import type { Channel, Message } from "@/lib/api";
import { focusFirstFault } from "@/lib/focusing";
import { asProblem, faultsAt, type Fault } from "@/lib/problem";
import { useApi, useRefresh } from "@/lib/product";
import { standing, unplaced } from "@/lib/standing";
import { useDraft } from "@/lib/useDraft";
import { usePreviews } from "@/lib/usePreviews";
import { withOwnWords } from "@/lib/wordings";
import { bodyOf, editOf, faultyChannels, type Form, lookedAt, PLACES, previewOf } from "./composing";
import { Shortcuts } from "./Shortcuts";
import { Texts } from "./Texts";

const MOST_PICTURES = 20;

interface Props {
  channels: readonly Channel[];
  initial: Form;
  /** What unsaved work is kept under. */
  name: string;
  editing?: { message: Message; etag: string | null };
}

export function Composer({ channels, initial, name, editing }: Props) {
  const { t } = useLingui();
  const tell = useTell();
  const [, go] = useLocation();
  const refresh = useRefresh();
  const words = useFaultWords();
  const [tried, setTried] = useState(false);
  const [tab, setTab] = useState("all");
  const { value: form, change, drop, wasKept } = useDraft<Form>(name, initial);
  const box = useRef<HTMLFormElement>(null);
  const moment = momentOf(form);
  const previews = usePreviews(previewOf(form));
  const send = useSend(editing, async (message, draft) => {
    drop();
    await refresh(message.id);
    if (draft) tell(t`The draft is saved.`);
    go(`/messages/${message.id}${draft || editing ? "" : "?new"}`);
  });
  useEffect(() => {
    if (send.error) focusFirstFault(box.current);
  }, [send.error]);
  const problem = send.isError ? asProblem(send.error) : null;
  const found: readonly Fault[] = [
    ...standing(problem?.faults ?? [], sentOf(send.variables), bodyOf(form, moment, false)),
    ...previews.faults,
    ...previews.previews.flatMap((preview) => preview.faults),
  ];
  const at = (pointer: string, missing?: string | false) => [
    ...(tried && missing ? [missing] : []),
    ...faultsAt(found, pointer).map((fault) => words(fault)),
  ];
  const isScheduled = form.when === "later";
  const isComplete = form.content.trim() && form.channels.length > 0 && (!isScheduled || moment !== null);
  const act = (draft: boolean) => {
    setTried(true);
    if (isComplete || (draft && form.content.trim() && form.channels.length > 0)) {
      send.mutate({ form, moment, draft });
    } else focusFirstFault(box.current);
  };
  useShortcuts({ send: () => act(false), save: () => !editing && act(true) });
  return (
    <form
      ref={box}
      className="page"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        act(false);
      }}
    >
      <header className="page-head">
        <h1>{editing ? <Trans>Edit the message</Trans> : <Trans>Write a message</Trans>}</h1>
        <Shortcuts />
      </header>
      {wasKept && <Kept onDrop={() => { drop(); change(initial); }} />}
      <div className="form">
        <div className="form-fields">
          <ChannelPicker
            value={form.channels}
            onChange={(chosen) => change({ channels: chosen })}
            faults={at("/channels", form.channels.length === 0 && t`Choose at least one channel.`)}
          />
          <Texts
            channels={channels.filter((channel) => form.channels.includes(channel.name))}
            form={form}
            change={change}
            tab={tab}
            onTab={setTab}
            faults={found}
            missing={tried && !form.content.trim() ? t`Write something first.` : null}
          />
          {form.channels.includes("email") && (
            <TextField
              label={<Trans>Subject of the e-mail</Trans>}
              optional={t`optional, else the first line`}
              value={form.subject}
              dir="auto"
              onChange={(event) => change({ subject: event.target.value })}
              faults={at("/subject")}
            />
          )}
          <PictureField
            label={<Trans>Pictures</Trans>}
            value={form.media}
            most={MOST_PICTURES}
            onChange={(media) => change({ media })}
            faults={at("/media")}
          />
          <ScheduleField
            value={form}
            onChange={change}
            faults={at("/scheduled_at", isScheduled && moment === null && t`Choose a date and a time.`)}
          />
        </div>
        <div className="form-side" role="region" aria-labelledby="preview-title" tabIndex={0}>
          <PreviewColumn
            {...previews}
            previews={lookedAt(previews.previews, tab, faultyChannels(found))}
            hint={
              previewOf(form) === null ? (
                <Trans>Choose a channel and write: each post appears here as you type.</Trans>
              ) : null
            }
            own={{ by: "author", choose: (channel, isOwn) => change({ ownWords: withOwnWords(form.ownWords, channel, isOwn) }) }}
          />
        </div>
      </div>
      {problem !== null && problem.faults.length === 0 && (
        <ProblemNote error={problem}>
          {problem.status === 412 && (
            <Button small icon="retry" onClick={() => { drop(); void refresh(editing?.message.id); }}>
              <Trans>Load what is there now</Trans>
            </Button>
          )}
        </ProblemNote>
      )}
      <Refused
        isShown={tried && (!isComplete || found.length > 0)}
        rest={unplaced(found, PLACES).map((fault) => words(fault))}
      />
      <div className="form-end">
        <Button kind="primary" type="submit" icon={isScheduled ? "clock" : "announce"} busy={send.isPending}>
          <SendWords editing={editing !== undefined} isScheduled={isScheduled} />
        </Button>
        {editing ? (
          <ButtonLink to={`/messages/${editing.message.id}`}>
            <Trans>Leave it as it is</Trans>
          </ButtonLink>
        ) : (
          <Button icon="pen" busy={send.isPending} onClick={() => act(true)}>
            <Trans>Save as draft</Trans>
          </Button>
        )}
      </div>
    </form>
  );
}

function SendWords({ editing, isScheduled }: { editing: boolean; isScheduled: boolean }) {
  if (editing) return <Trans>Save the change</Trans>;
  return isScheduled ? <Trans>Schedule it</Trans> : <Trans>Publish now</Trans>;
}

function Kept({ onDrop }: { onDrop(): void }) {
  return (
    <div className="row kept">
      <span className="soft">
        <Trans>This is what you wrote here before.</Trans>
      </span>
      <Button small kind="quiet" icon="trash" onClick={onDrop}>
        <Trans>Start afresh</Trans>
      </Button>
    </div>
  );
}

type Sending = { form: Form; moment: number | null; draft: boolean };

/** What was sent last, as what is in the form now is compared with it. */
function sentOf(sending: Sending | undefined) {
  return sending && bodyOf(sending.form, sending.moment, false);
}

function useSend(
  editing: Props["editing"],
  done: (message: Message, draft: boolean) => Promise<void>,
) {
  const api = useApi();
  return useMutation({
    mutationFn: ({ form, moment, draft }: Sending): Promise<Message> => {
      if (editing) {
        const params = {
          path: { message_id: editing.message.id },
          header: { "If-Match": editing.etag ?? `"${editing.message.revision}"` },
        };
        const body = editOf(form, moment);
        return api.get((client) => client.PATCH("/api/v1/messages/{message_id}", { params, body }));
      }
      const body = bodyOf(form, moment, draft);
      return api.once("compose", body, (client, header) =>
        client.POST("/api/v1/messages", { params: { header }, body }),
      );
    },
    onSuccess: (message, { draft }) => done(message, draft),
  });
}

/** Ctrl or Command with Enter sends, with S saves; where a person is typing, too. */
function useShortcuts(acts: { send(): void; save(): void }) {
  const latest = useRef(acts);
  useEffect(() => {
    latest.current = acts;
  });
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.altKey || document.querySelector("dialog[open]")) return;
      if (event.key === "Enter") latest.current.send();
      else if (event.key === "s") latest.current.save();
      else return;
      event.preventDefault();
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, []);
}
