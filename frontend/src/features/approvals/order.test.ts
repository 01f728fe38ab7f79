import { expect, test } from "vitest";
import type { MessageItem } from "@/lib/api";
import { isPressing, ordered, stepped } from "./order";

const NOW = Date.parse("2026-11-22T12:00:00Z");
const item = (id: string, created_at: string, scheduled_at: string | null = null) =>
  ({ id, created_at, scheduled_at }) as unknown as MessageItem;

test("who waits longest comes first", () => {
  const list = [item("b", "2026-11-21T00:00:00Z"), item("a", "2026-11-20T00:00:00Z")];
  expect(ordered(list).map(({ id }) => id)).toEqual(["a", "b"]);
});

test.each([
  [["a", "b", "c"], "b", 1, "c"],
  [["a", "b", "c"], "b", -1, "a"],
  [["a", "b", "c"], "c", 1, "c"],
  [["a", "b", "c"], "a", -1, "a"],
  [["a", "b", "c"], null, 0, "a"],
  [["a", "c"], "b", 0, "c"],
  [["a", "b"], "c", 0, "b"],
  [[], "a", 1, null],
] as const)("of %j, from %s by %d: %s", (ids, from, by, to) => {
  expect(stepped(ids, from, ["a", "b", "c"], by)).toBe(to);
});

test.each([
  [null, false],
  ["2026-11-23T11:59:00Z", true],
  ["2026-11-20T00:00:00Z", true],
  ["2026-11-24T00:00:00Z", false],
])("a decision about what is due at %s is pressing: %s", (scheduled_at, isIt) => {
  expect(isPressing(item("a", "2026-11-20T00:00:00Z", scheduled_at), NOW)).toBe(isIt);
});
