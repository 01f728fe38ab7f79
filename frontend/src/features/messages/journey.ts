/** How far a delivery has come, as the line of stations that a person follows. */
import type { Delivery, Schemas } from "@/lib/api";

export type TimelineEntry = Schemas["TimelineEntry"];
export type StationName = "queued" | "sending" | "accepted" | "delivered";
export type StationState =
  | "done"
  | "current"
  | "planned"
  | "held"
  | "failed"
  | "asked"
  | "ended"
  | "ahead";

export interface Station {
  name: StationName;
  state: StationState;
  at: string | null;
}

const NAMES: readonly StationName[] = ["queued", "sending", "accepted", "delivered"];

/** Which station a status stands at, and how; stations before it are done, those after are ahead. */
const PLACES: Record<Delivery["status"], readonly [StationName, StationState]> = {
  pending: ["queued", "planned"],
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

/** `dueAt` is when the message is due: what no step of its own queued is queued with it. */
export function stations(
  delivery: Delivery,
  entries: readonly TimelineEntry[],
  dueAt: string,
): Station[] {
  const [place, state] = PLACES[delivery.status];
  const standing = NAMES.indexOf(place);
  const times = timesOf(delivery, entries, dueAt);
  const here = {
    planned: delivery.next_attempt_at ?? dueAt,
    ended: entries.findLast((entry) => entry.after === delivery.status)?.at ?? null,
  };
  return NAMES.map((name, index) => {
    if (index > standing) return { name, state: "ahead", at: null };
    if (index < standing) return { name, state: "done", at: times[name] };
    return { name, state, at: state === "planned" || state === "ended" ? here[state] : times[name] };
  });
}

/** Whether a question is about a post that was to be deleted: only what was published has a receipt. */
export function wasToLeave(delivery: Delivery): boolean {
  return delivery.status === "needs_review" && delivery.external_id !== null;
}

/** What went wrong with a delivery; with one to people, whom it did not reach says each of them. */
export function trouble(delivery: Delivery): Delivery["error"] {
  return delivery.status === "delivered" && delivery.recipients ? null : delivery.error;
}

/** What became of a message when it was handed in, or its draft was: by how it stood then. */
const BECAME: Record<string, Record<string, Happening>> = {
  accepted: { draft: "kept", pending_review: "handed_in", scheduled: "scheduled", publishing: "accepted" },
  published: { scheduled: "draft_scheduled", publishing: "draft_published" },
  submitted: { pending_review: "handed_in" },
};
const HAPPENINGS = [
  "edited",
  "approved",
  "rejected",
  "cancelled",
  "late_answer",
  "words_adapted",
  "words_as_written",
  "words_found_before",
] as const;
export type Happening =
  | (typeof HAPPENINGS)[number]
  | "kept"
  | "handed_in"
  | "scheduled"
  | "accepted"
  | "draft_scheduled"
  | "draft_published";

/** Whether an entry tells of the message as a whole: of what was done with it, or of its words. */
export function isWhole(entry: Pick<TimelineEntry, "channel">): boolean {
  return entry.channel === "message" || entry.channel === "words";
}

/** What happened to a message as a whole; null for a channel's entry, or one nobody has words for. */
export function happening(entry: Pick<TimelineEntry, "channel" | "event" | "after">): Happening | null {
  if (!isWhole(entry)) return null;
  const became = BECAME[entry.event]?.[entry.after ?? ""];
  return became ?? HAPPENINGS.find((name) => name === entry.event) ?? null;
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
  dueAt: string,
): Record<StationName, string | null> {
  const last = (test: (entry: TimelineEntry) => boolean) => entries.findLast(test);
  const accepted = last((entry) => entry.kind === "attempt" && entry.outcome === "delivered");
  return {
    queued: entries.find((entry) => entry.after === "queued")?.at ?? dueAt,
    sending: last((entry) => entry.after === "sending" || entry.event === "attempt")?.at ?? null,
    accepted: accepted?.finished_at ?? delivery.delivered_at,
    delivered: delivery.delivered_at,
  };
}
