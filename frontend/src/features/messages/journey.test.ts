import { expect, test } from "vitest";
import type { Delivery } from "@/lib/api";
import { grouped } from "./grouping";
import { happening, stations, trouble, wasToLeave, type TimelineEntry } from "./journey";

const BEGUN = "2026-11-22T10:00:00.000Z";
const STATES: [Delivery["status"], string[]][] = [
  ["pending", ["planned", "ahead", "ahead", "ahead"]],
  ["queued", ["current", "ahead", "ahead", "ahead"]],
  ["sending", ["done", "current", "ahead", "ahead"]],
  ["retrying", ["done", "held", "ahead", "ahead"]],
  ["blocked", ["done", "held", "ahead", "ahead"]],
  ["in_doubt", ["done", "done", "held", "ahead"]],
  ["needs_review", ["done", "done", "asked", "ahead"]],
  ["failed", ["done", "done", "failed", "ahead"]],
  ["cancelled", ["ended", "ahead", "ahead", "ahead"]],
  ["skipped", ["ended", "ahead", "ahead", "ahead"]],
  ["delivered", ["done", "done", "done", "done"]],
  ["unpublishing", ["done", "done", "done", "done"]],
  ["deleted", ["done", "done", "done", "ended"]],
];

function delivery(status: Delivery["status"]): Delivery {
  return {
    channel: "linkedin", status, attempts: 1, external_id: null, url: null, error: null,
    next_attempt_at: null, delivered_at: status === "delivered" ? "2026-11-22T10:00:09.000Z" : null, recipients: null,
  };
}

const entry = (part: Partial<TimelineEntry>) => ({ kind: "audit", after: null, ...part }) as TimelineEntry;

test.each(STATES)("a %s delivery stands where it stands", (status, states) => {
  expect(stations(delivery(status), [], BEGUN).map((station) => station.state)).toEqual(states);
});

test("each station that was reached tells when", () => {
  const entries = [
    entry({ at: "2026-11-22T10:00:02.000Z", after: "queued" }),
    entry({ at: "2026-11-22T10:00:05.000Z", after: "sending" }),
    entry({ at: "2026-11-22T10:00:05.000Z", kind: "attempt", event: "attempt", outcome: "delivered", finished_at: "2026-11-22T10:00:08.000Z" }),
  ];
  const times = stations(delivery("delivered"), entries, BEGUN).map((station) => station.at?.slice(17, 19));
  expect(times).toEqual(["02", "05", "08", "09"]);
});

test("what is queued with its message tells when that was due", () => {
  expect(stations(delivery("queued"), [], BEGUN)[0]?.at).toBe(BEGUN);
});

test("what waits for its minute tells that minute, whatever was queued before an edit", () => {
  const next_attempt_at = "2026-12-01T15:00:00.000Z";
  const before = [entry({ at: BEGUN, after: "queued" })];
  expect(stations({ ...delivery("pending"), next_attempt_at }, before, BEGUN)[0]?.at).toBe(next_attempt_at);
});

test("what was stopped before its minute was never queued: it tells when it was stopped", () => {
  const stopped = "2026-11-22T11:30:00.000Z";
  const entries = [entry({ at: stopped, after: "cancelled" })];
  expect(stations(delivery("cancelled"), entries, "2026-12-01T15:00:00.000Z")[0]?.at).toBe(stopped);
  expect(stations(delivery("skipped"), [], BEGUN)[0]?.at).toBe(null);
});

test("a message waiting for approval needs a manager, and is on its way for its author", () => {
  const items = [{ id: "1", status: "pending_review", due_at: BEGUN }] as never;
  expect(grouped(items, true).map((group) => group.name)).toEqual(["attention"]);
  expect(grouped(items, false).map((group) => group.name)).toEqual(["moving"]);
});

test("what comes up is in the order it comes", () => {
  const item = (id: string, due_at: string) => ({ id, status: "scheduled", due_at });
  const items = [item("late", "2027"), item("soon", "2026")] as never;
  expect(grouped(items, false)[0]?.items.map((one) => one.id)).toEqual(["soon", "late"]);
});

test.each([
  ["accepted", "draft", "kept"],
  ["accepted", "pending_review", "handed_in"],
  ["accepted", "scheduled", "scheduled"],
  ["accepted", "publishing", "accepted"],
  ["published", "scheduled", "draft_scheduled"],
  ["published", "publishing", "draft_published"],
  ["submitted", "pending_review", "handed_in"],
  ["edited", "draft", "edited"],
  ["unheard_of", "draft", null],
])("a message that was %s and stood as %s: %s", (event, after, expected) => {
  expect(happening({ channel: "message", event, after })).toBe(expected);
});

test("who chose the words is told with the whole, what happened on a channel is not", () => {
  expect(happening({ channel: "words", event: "words_adapted", after: null })).toBe("words_adapted");
  expect(happening({ channel: "linkedin", event: "accepted", after: "draft" })).toBe(null);
});

test("a post that could not be deleted says why, a mail that came back is told by its recipient", () => {
  const error = { code: "not_taken_back", title: "It is still there", detail: "", retryable: false, remedy: "" };
  const counts = { total: 2, pending: 0, delivered: 2, failed: 0, skipped: 0, cancelled: 0, needs_review: 0, returned: 1 };
  expect(trouble({ ...delivery("delivered"), error })).toBe(error);
  expect(trouble({ ...delivery("delivered"), error, recipients: counts })).toBe(null);
  expect(trouble({ ...delivery("failed"), error, recipients: counts })).toBe(error);
});

test("what was published and is asked about was to be deleted", () => {
  expect(wasToLeave(delivery("needs_review"))).toBe(false);
  expect(wasToLeave({ ...delivery("needs_review"), external_id: "7" })).toBe(true);
  expect(wasToLeave({ ...delivery("delivered"), external_id: "7" })).toBe(false);
});
