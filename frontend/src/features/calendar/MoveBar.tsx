import { Trans, useLingui } from "@lingui/react/macro";
import { useEffect, useRef, type KeyboardEvent } from "react";
import { Link } from "wouter";
import { Button } from "@/components/Button";
import { Icon } from "@/components/Icon";
import { Note, ProblemNote } from "@/components/States";
import { Status } from "@/components/Status";
import { formatTag } from "@/lib/language";
import { resolve, wallAt } from "@/lib/zones";
import { titleOf } from "./Entry";
import { moved, stepOf, type View } from "./moving";
import type { Done, Move, Moving } from "./useMoving";
import { momentText } from "./words";

/** The entry that is being moved: it has the keys, and says where it would go. */
export function MoveBar(props: { move: Move; moving: Moving; zone: string; view: View; now: number }) {
  const { move, moving, zone, view } = props;
  const { t } = useLingui();
  const bar = useRef<HTMLDivElement>(null);
  useEffect(() => bar.current?.focus({ preventScroll: true }), [move.item.id]);
  const tag = formatTag();
  const isPast = move.to <= props.now;
  const press = (event: KeyboardEvent) => {
    if (event.key === "Escape") return act(event, moving.giveUp);
    if (event.target !== bar.current || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter") return act(event, () => !isPast && moving.confirm());
    const step = stepOf(event.key, event.shiftKey, view);
    if (step) act(event, () => moving.aim(moved(move.to, step, zone)));
  };
  return (
    <div className="move" ref={bar} tabIndex={-1} role="group" aria-label={t`Move “${titleOf(move.item)}”`} onKeyDown={press}>
      <div className="move-what">
        <p className="note-title move-title" dir="auto">
          {titleOf(move.item)}
        </p>
        <p className="move-way">
          <span>{momentText(move.from, tag, zone)}</span>
          <Icon name="right" size={16} />
          <b>{momentText(move.to, tag, zone)}</b>
        </p>
      </div>
      <label className="move-when">
        <span className="unseen">{t`New time`}</span>
        <input
          className="input"
          type="datetime-local"
          value={wallAt(move.to, zone)}
          onChange={(event) => {
            const found = event.target.value && resolve(event.target.value.slice(0, 16), zone);
            if (found) moving.aim(found.kind === "exact" ? found.at : found.kind === "gap" ? found.after : found.earlier);
          }}
        />
      </label>
      <div className="row">
        <Button kind="primary" icon="check" busy={move.isSaving} disabled={isPast} onClick={moving.confirm}>
          <Trans>Move here</Trans>
        </Button>
        <Button kind="quiet" onClick={moving.giveUp}>
          <Trans>Leave it</Trans>
        </Button>
      </div>
      <p className="faint move-keys">
        {isPast ? (
          <b className="move-past">
            <Icon name="alert" size={14} /> <Trans>This time is over; choose a later one.</Trans>
          </b>
        ) : view === "week" ? (
          <Trans>
            <kbd>←</kbd> <kbd>→</kbd> day, <kbd>↑</kbd> <kbd>↓</kbd> hour, with <kbd>Shift</kbd> a quarter of an hour,{" "}
            <kbd>Enter</kbd> moves, <kbd>Esc</kbd> leaves it
          </Trans>
        ) : (
          <Trans>
            <kbd>←</kbd> <kbd>→</kbd> day, <kbd>↑</kbd> <kbd>↓</kbd> week, with <kbd>Shift</kbd> an hour, <kbd>Enter</kbd>{" "}
            moves, <kbd>Esc</kbd> leaves it
          </Trans>
        )}
      </p>
      {move.problem !== null && (move.isConflict ? <Changed move={move} zone={zone} /> : <ProblemNote error={move.problem} />)}
    </div>
  );
}

/** Somebody was faster: what it is now, and that the move is still there to be made. */
function Changed({ move, zone }: { move: Move; zone: string }) {
  const { item } = move;
  return (
    <div role="alert">
      <Note tone="warn" title={<Trans>It was changed meanwhile, and was not moved.</Trans>}>
        <p className="row">
          <Status status={item.status} />
          {item.scheduled_at && momentText(Date.parse(item.scheduled_at), formatTag(), zone)}
        </p>
        <p>
          <Trans>
            <Link to={`/messages/${item.id}`}>Look at it</Link>, or move it as it is now.
          </Trans>
        </p>
      </Note>
    </div>
  );
}

/** What was just moved, for as long as somebody may want it back. */
export function Moved({ done, moving, zone, now }: { done: Done; moving: Moving; zone: string; now: number }) {
  const title = titleOf(done.item);
  const when = momentText(done.to, formatTag(), zone);
  return (
    <div className="note moved" data-tone="good">
      <Icon name="check" />
      <p className="grow">
        <Trans>
          “{title}” goes out on <b>{when}</b>.
        </Trans>
      </p>
      {done.from > now && (
        <Button small icon="retry" onClick={moving.undo}>
          <Trans>Undo</Trans>
        </Button>
      )}
      <Button small kind="quiet" icon="cross" iconOnly onClick={moving.forget}>
        <Trans>Dismiss</Trans>
      </Button>
    </div>
  );
}

function act(event: KeyboardEvent, what: () => unknown): void {
  event.preventDefault();
  event.stopPropagation();
  what();
}
