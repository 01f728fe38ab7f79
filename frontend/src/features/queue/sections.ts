/** How the queue is divided: what waits for a person, what is under way, what comes. */
import type { MessageItem } from "@/lib/api";
import { dayAt, type Day } from "@/lib/days";

export type Section = "attention" | "approval" | "moving" | "coming";

const OF: Partial<Record<MessageItem["status"], Section>> = {
  needs_review: "attention",
  failed: "attention",
  partially_delivered: "attention",
  pending_review: "approval",
  publishing: "moving",
  scheduled: "coming",
};
const URGENCY: readonly MessageItem["status"][] = ["needs_review", "publishing", "failed", "partially_delivered"];

/** Where a message stands in the queue; null if it asks for nothing any more. */
export function sectionOf(item: MessageItem, blocked: ReadonlySet<string>): Section | null {
  const section = OF[item.status] ?? null;
  const waits = section === "moving" && item.channels.some((name) => blocked.has(name));
  return waits ? "attention" : section;
}

/** Sort messages into the queue's sections, the most urgent first, then what is due first. */
export function sorted(items: readonly MessageItem[], blocked: ReadonlySet<string>): Map<Section, MessageItem[]> {
  const found = new Map<Section, MessageItem[]>([
    ["attention", []],
    ["approval", []],
    ["moving", []],
    ["coming", []],
  ]);
  for (const item of new Map(items.map((one) => [one.id, one])).values()) {
    const section = sectionOf(item, blocked);
    if (section) found.get(section)?.push(item);
  }
  for (const list of found.values()) list.sort(byTime);
  found.get("attention")?.sort((a, b) => URGENCY.indexOf(a.status) - URGENCY.indexOf(b.status) || -byTime(a, b));
  return found;
}

/** What comes, day by day. */
export function inDays(items: readonly MessageItem[], zone: string): [Day, MessageItem[]][] {
  const days = new Map<Day, MessageItem[]>();
  for (const item of items) {
    const day = dayAt(Date.parse(item.due_at), zone);
    days.get(day)?.push(item) ?? days.set(day, [item]);
  }
  return [...days];
}

function byTime(a: MessageItem, b: MessageItem): number {
  return Date.parse(a.due_at) - Date.parse(b.due_at);
}
