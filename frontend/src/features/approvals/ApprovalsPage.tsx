import "./approvals.css";
import { Trans, useLingui } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useRef, type KeyboardEvent } from "react";
import { useSearchParams } from "wouter";
import { ButtonLink } from "@/components/Button";
import { PageHead } from "@/components/PageHead";
import { EmptyState, ErrorState, Skeleton } from "@/components/States";
import { Badge } from "@/components/Status";
import { Ago, useNow } from "@/components/Time";
import type { MessageItem } from "@/lib/api";
import { withParams } from "@/lib/filters";
import { useListing } from "@/lib/listing";
import { meQuery } from "@/lib/queries";
import { useApi } from "@/lib/product";
import { isManager } from "@/lib/roles";
import { firstLine } from "@/lib/text";
import { isPressing, ordered, stepped } from "./order";
import { Review } from "./Review";

/** What members submitted, one after the other, to approve or to send back. */
export default function ApprovalsPage() {
  const { t } = useLingui();
  const { data: me } = useQuery(meQuery(useApi()));
  const [address, setAddress] = useSearchParams();
  const manages = isManager(me?.role);
  const listing = useListing({ scope: "all", status: "pending_review" }, manages);
  const items = useMemo(() => ordered(listing.items), [listing.items]);
  const ids = items.map((item) => item.id);
  const before = useRef<readonly string[]>(ids);
  const asked = address.get("id");
  const chosen = stepped(ids, asked, before.current, 0);
  if (chosen === asked || asked === null) before.current = ids;
  const region = useRef<HTMLDivElement>(null);
  const now = useNow(60_000);

  const look = (id: string | null) => id && setAddress((old) => withParams(old, { id }), { replace: true });
  const press = (event: KeyboardEvent) => {
    const target = event.target as HTMLElement;
    if (event.ctrlKey || event.metaKey || event.altKey || target.closest("input, textarea, select, dialog")) return;
    const find = (selector: string) => region.current?.querySelector<HTMLElement>(selector);
    const step = (by: number) => {
      const id = stepped(ids, chosen, ids, by);
      look(id);
      find(`[data-id="${id}"]`)?.focus();
    };
    const acts: Record<string, () => void> = {
      j: () => step(1),
      k: () => step(-1),
      a: () => find("[data-approve]")?.focus(),
      r: () => find("[data-send-back]")?.focus(),
    };
    const act = acts[event.key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    act();
  };
  return (
    <div className="page">
      <PageHead
        title={<Trans>Approvals</Trans>}
        lead={
          me && !me.approval_required ? (
            <Trans>Approval is switched off: what members send is published without it.</Trans>
          ) : (
            <Trans>Nothing here is published before somebody approves it.</Trans>
          )
        }
      />
      {me && !manages ? (
        <EmptyState icon="lock" title={<Trans>Community managers decide here</Trans>}>
          <Trans>Your own submissions stand in the overview.</Trans>
        </EmptyState>
      ) : listing.error !== null && items.length === 0 ? (
        <ErrorState error={listing.error} onRetry={listing.retry} />
      ) : listing.isPending ? (
        <Skeleton lines={8} />
      ) : items.length === 0 ? (
        <EmptyState
          icon="check"
          title={<Trans>Everything is decided</Trans>}
          action={
            <ButtonLink to="/queue">
              <Trans>Go to the queue</Trans>
            </ButtonLink>
          }
        >
          <Trans>New submissions appear here by themselves.</Trans>
        </EmptyState>
      ) : (
        <div className="approvals" ref={region} onKeyDown={press}>
          <nav className="approvals-list" aria-label={t`Waiting for approval`}>
            <ol>
              {items.map((item) => (
                <li key={item.id}>
                  <Choice item={item} isChosen={item.id === chosen} isPressing={isPressing(item, now)} onChoose={() => look(item.id)} />
                </li>
              ))}
            </ol>
            <p className="faint approvals-keys">
              <Trans>
                <kbd>J</kbd> <kbd>K</kbd> next and previous, <kbd>A</kbd> to approve, <kbd>R</kbd> to send back
              </Trans>
            </p>
          </nav>
          {chosen && (
            <Review
              key={chosen}
              id={chosen}
              onDecided={() => {
                const rest = ids.filter((id) => id !== chosen);
                const next = rest[Math.min(ids.indexOf(chosen), rest.length - 1)];
                look(next ?? null);
                region.current?.querySelector<HTMLElement>(`[data-id="${next}"]`)?.focus();
              }}
            />
          )}
        </div>
      )}
    </div>
  );
}

function Choice(props: { item: MessageItem; isChosen: boolean; isPressing: boolean; onChoose(): void }) {
  const { item, isChosen } = props;
  return (
    <button
      type="button"
      className="approvals-choice"
      data-id={item.id}
      aria-current={isChosen ? "true" : undefined}
      onClick={props.onChoose}
    >
      <span className="approvals-title" dir="auto">
        {item.subject ?? firstLine(item.content)}
      </span>
      <span className="faint">
        {item.author_name} · <Ago at={item.created_at} />
      </span>
      {props.isPressing && (
        <Badge tone="warn" icon="clock">
          <Trans>Due soon</Trans>
        </Badge>
      )}
    </button>
  );
}
