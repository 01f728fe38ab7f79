import { useState } from "react";
import type { MessageItem } from "@/lib/api";
import { useApi, useRefresh } from "@/lib/product";
import { asProblem } from "@/lib/problem";

/** An entry on its way to another time, until somebody confirms or gives up. */
export interface Move {
  item: MessageItem;
  from: number;
  to: number;
  isSaving: boolean;
  /** Why it did not go. */
  problem: unknown;
  /** What was changed meanwhile by somebody else; a next try moves that. */
  isConflict: boolean;
}

export interface Done {
  item: MessageItem;
  from: number;
  to: number;
}

export interface Moving {
  move: Move | null;
  done: Done | null;
  /** What was moved here and a list that was read before doesn't know yet. */
  changed: ReadonlyMap<string, MessageItem>;
  begin(item: MessageItem): void;
  aim(to: number): void;
  confirm(): void;
  drop(item: MessageItem, to: number): void;
  giveUp(): void;
  undo(): void;
  forget(): void;
}

const CONFLICT = 412;

/** Moving entries: an edit that names the revision that was seen, and tells if it is another now. */
export function useMoving(zone: string, tell: (event: "moved" | "left" | "failed", move: Move) => void): Moving {
  const api = useApi();
  const refresh = useRefresh();
  const [move, setMove] = useState<Move | null>(null);
  const [done, setDone] = useState<Done | null>(null);
  const [changed, setChanged] = useState<ReadonlyMap<string, MessageItem>>(new Map());

  const read = (id: string) =>
    api.get((client) => client.GET("/api/v1/messages/{message_id}", { params: { path: { message_id: id } } }));
  const write = ({ item, to }: Move) => {
    const body = {
      scheduled_at: new Date(to).toISOString(),
      ...(item.time_zone === null && { time_zone: zone }),
    };
    const params = { path: { message_id: item.id }, header: { "If-Match": `"${item.revision}"` } };
    return api.get((client) => client.PATCH("/api/v1/messages/{message_id}", { params, body }));
  };
  const succeed = (wanted: Move, item: MessageItem) => {
    setChanged((all) => new Map(all).set(item.id, item));
    setMove(null);
    setDone({ item, from: wanted.from, to: wanted.to });
    tell("moved", wanted);
    void refresh(item.id);
  };
  const fail = (wanted: Move, problem: unknown, now: MessageItem | null) => {
    const after = { ...wanted, item: now ?? wanted.item, problem, isSaving: false, isConflict: now !== null };
    setMove(now?.scheduled_at ? { ...after, from: Date.parse(now.scheduled_at) } : after);
    tell("failed", after);
  };
  const save = async (wanted: Move) => {
    setMove({ ...wanted, isSaving: true, problem: null });
    try {
      succeed(wanted, await write(wanted));
    } catch (error) {
      if (asProblem(error).status !== CONFLICT) return fail(wanted, error, null);
      try {
        const now = await read(wanted.item.id);
        // An answer that got lost was a yes: it stands where it was wanted.
        if (now.scheduled_at && Date.parse(now.scheduled_at) === wanted.to) succeed(wanted, now);
        else fail(wanted, error, now);
      } catch {
        fail(wanted, error, null);
      }
    }
  };
  const start = (item: MessageItem, to: number): Move => {
    const from = Date.parse(item.scheduled_at ?? item.due_at);
    return { item, from, to, isSaving: false, problem: null, isConflict: false };
  };
  const leave = () => {
    if (move) tell("left", move);
    setMove(null);
  };
  return {
    move,
    done,
    changed,
    begin: (item) => {
      setDone(null);
      setMove(start(item, Date.parse(item.scheduled_at ?? item.due_at)));
    },
    aim: (to) => setMove((now) => now && !now.isSaving ? { ...now, to } : now),
    confirm: () => {
      if (!move || move.isSaving) return;
      if (move.to === move.from) leave();
      else void save(move);
    },
    drop: (item, to) => {
      setDone(null);
      if (to !== Date.parse(item.scheduled_at ?? "")) void save(start(item, to));
    },
    giveUp: leave,
    undo: () => {
      if (!done) return;
      setDone(null);
      void save(start(done.item, done.from));
    },
    forget: () => setDone(null),
  };
}
