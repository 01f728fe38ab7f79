/** How far a delivery has come, as the line of stations that a person follows. */
import type { Delivery, Schemas } from "@/lib/api";

export type TimelineEntry = Schemas["TimelineEntry"];
export type StationName = "queued" | "sending" | "accepted" | "delivered";
export type StationState = "done" | "current" | "held" | "failed" | "asked" | "ended" | "ahead";

export interface Station {
  name: StationName;
  state: StationState;
  at: string | null;
}

const NAMES: readonly StationName[] = ["queued", "sending", "accepted", "delivered"];

/** Which station a status stands at, and how; stations before it are done, those after are ahead. */
const PLACES: Record<Delivery["status"], readonly [StationName, StationState]> = {
  pending: ["queued", "ahead"],
  queued: ["queued", "current"],
  sending: ["sending", "current"],
  retrying: ["sending", "held"],
  blocked: ["sending", "held"],
  in_doubt: ["accepted", "held"],
  needs_review: ["accepted", "asked"],
  failed: ["accepted", "failed"],
  cancelled: ["queued", "ended"],
  skipped: ["queued", "ended"],
  delivered: ["delivered", "done"],
  unpublishing: ["delivered", "done"],
  deleted: ["delivered", "ended"],
};

/** `begunAt` is when the message was accepted: what is due at once is queued with it. */
export function stations(
  delivery: Delivery,
  entries: readonly TimelineEntry[],
  begunAt: string,
): Station[] {
  const [place, state] = PLACES[delivery.status];
  const standing = NAMES.indexOf(place);
  const times = timesOf(delivery, entries, begunAt);
  return NAMES.map((name, index) => ({
    name,
    state: index < standing ? "done" : index > standing ? "ahead" : state,
    at: index <= standing ? times[name] : null,
  }));
}

/** A channel's own entries, without those of its recipients, newest last. */
export function ofChannel(entries: readonly TimelineEntry[], channel: string): TimelineEntry[] {
  return entries.filter((entry) => entry.channel === channel && entry.recipient === null);
}

export function attemptsOf(entries: readonly TimelineEntry[]): TimelineEntry[] {
  return entries.filter((entry) => entry.kind === "attempt");
}

function timesOf(
  delivery: Delivery,
  entries: readonly TimelineEntry[],
  begunAt: string,
): Record<StationName, string | null> {
  const last = (test: (entry: TimelineEntry) => boolean) => entries.findLast(test);
  const accepted = last((entry) => entry.kind === "attempt" && entry.outcome === "delivered");
  return {
    queued: entries.find((entry) => entry.after === "queued")?.at ?? begunAt,
    sending: last((entry) => entry.after === "sending" || entry.event === "attempt")?.at ?? null,
    accepted: accepted?.finished_at ?? delivery.delivered_at,
    delivered: delivery.delivered_at,
  };
}
