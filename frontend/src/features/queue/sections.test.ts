import { expect, test } from "vitest";
import type { MessageItem } from "@/lib/api";
import { inDays, sectionOf, sorted } from "./sections";

const NOTHING = new Set<string>();

function item(id: string, status: MessageItem["status"], due_at = "2026-12-01T15:00:00.000Z", channels = ["sms"]): MessageItem {
  return { id, status, due_at, channels } as unknown as MessageItem;
}

const names = (items: readonly MessageItem[] | undefined) => items?.map(({ id }) => id).join("");

test.each([
  ["needs_review", "attention"],
  ["failed", "attention"],
  ["partially_delivered", "attention"],
  ["pending_review", "approval"],
  ["publishing", "moving"],
  ["scheduled", "coming"],
  ["delivered", null],
  ["cancelled", null],
  ["draft", null],
] as const)("%s stands under %s", (status, section) => {
  expect(sectionOf(item("a", status), NOTHING)).toBe(section);
});

test("what waits for a blocked account needs a person", () => {
  const moving = item("a", "publishing", undefined, ["sms", "linkedin"]);
  expect(sectionOf(moving, new Set(["linkedin"]))).toBe("attention");
  expect(sectionOf(moving, new Set(["email"]))).toBe("moving");
  expect(sectionOf(item("a", "scheduled"), new Set(["sms"]))).toBe("coming");
});

test("what comes is sorted by its time, soonest first", () => {
  const list = [item("b", "scheduled", "2026-12-02T00:00:00.000Z"), item("a", "scheduled")];
  expect(names(sorted(list, NOTHING).get("coming"))).toBe("ab");
});

test("questions stand before failures, of the same kind the latest first", () => {
  const list = [
    item("d", "failed"),
    item("c", "failed", "2026-12-03T00:00:00.000Z"),
    item("b", "needs_review"),
    item("e", "partially_delivered"),
  ];
  expect(names(sorted(list, NOTHING).get("attention"))).toBe("bcde");
});

test("a message that moved from one list to another meanwhile is shown once, as it was read last", () => {
  const both = sorted([item("a", "scheduled"), item("a", "publishing")], NOTHING);
  expect([names(both.get("coming")), names(both.get("moving"))]).toEqual(["", "a"]);
});

test("days are those of the zone's clocks", () => {
  const late = item("a", "scheduled", "2026-12-01T23:30:00.000Z");
  expect(inDays([late], "Europe/Madrid").map(([day]) => day)).toEqual(["2026-12-02"]);
  expect(inDays([late], "America/Lima").map(([day]) => day)).toEqual(["2026-12-01"]);
});
