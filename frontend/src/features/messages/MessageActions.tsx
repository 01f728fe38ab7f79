import { Trans, useLingui } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Button, ButtonLink } from "@/components/Button";
import { useChannelTitle } from "@/components/ChannelMark";
import { ConfirmDialog } from "@/components/ConfirmDialog";
import { ProblemNote } from "@/components/States";
import { useTell } from "@/components/Toast";
import type { Message } from "@/lib/api";
import { asProblem } from "@/lib/problem";
import { meQuery } from "@/lib/queries";
import { useApi } from "@/lib/product";
import { isManager } from "@/lib/roles";
import { useAction } from "./calls";

type Status = Message["status"];
const EDITABLE = new Set<Status>(["draft", "scheduled", "pending_review", "failed", "partially_delivered"]);
const CANCELLABLE = new Set<Status>(["draft", "scheduled", "pending_review", "publishing"]);

/** What can be done with the message as a whole. The API decides; this only offers. */
export function MessageActions({ message }: { message: Message }) {
  const { t } = useLingui();
  const tell = useTell();
  const { data: me } = useQuery(meQuery(useApi()));
  const action = useAction(message.id);
  const [asking, setAsking] = useState(false);
  const canEdit = EDITABLE.has(message.status);
  return (
    <div className="row">
      {message.status === "draft" && (
        <Button
          kind="primary"
          icon="announce"
          busy={action.isPending}
          onClick={() => action.mutate({ do: "publish" }, { onSuccess: () => tell(t`It is on its way.`) })}
        >
          {message.scheduled_at ? <Trans>Schedule it</Trans> : <Trans>Publish now</Trans>}
        </Button>
      )}
      {message.status === "pending_review" && isManager(me?.role) && (
        <ButtonLink kind="primary" icon="eye" to={`/approvals?id=${message.id}`}>
          <Trans>Review it</Trans>
        </ButtonLink>
      )}
      {canEdit && (
        <ButtonLink icon="pen" to={`/messages/${message.id}/edit`}>
          <Trans>Edit</Trans>
        </ButtonLink>
      )}
      {CANCELLABLE.has(message.status) && (
        <Button kind="danger" icon="slash" onClick={() => setAsking(true)}>
          <Trans>Cancel it</Trans>
        </Button>
      )}
      {action.isError && !asking && <ProblemNote error={action.error} />}
      <ConfirmDialog
        open={asking}
        title={<Trans>Cancel this message?</Trans>}
        icon="slash"
        confirm={<Trans>Cancel it</Trans>}
        busy={action.isPending}
        onConfirm={() => action.mutate({ do: "cancel" }, { onSuccess: () => setAsking(false) })}
        onClose={() => setAsking(false)}
      >
        <p>
          <Trans>
            Every channel that has not begun is stopped. What is being published this moment can't be.
          </Trans>
        </p>
        {action.isError && <Refused error={action.error} />}
      </ConfirmDialog>
    </div>
  );
}

function Refused({ error }: { error: unknown }) {
  const title = useChannelTitle();
  const { channels } = asProblem(error).document;
  return (
    <ProblemNote error={error}>
      {channels && (
        <p>
          <Trans>Too late on: {channels.map(title).join(", ")}</Trans>
        </p>
      )}
    </ProblemNote>
  );
}
