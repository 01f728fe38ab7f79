/** The order of what waits for approval, and where a key leads. */
import type { MessageItem } from "@/lib/api";

/** Who waits longest comes first. */
export function ordered(items: readonly MessageItem[]): MessageItem[] {
  return items.toSorted((a, b) => Date.parse(a.created_at) - Date.parse(b.created_at));
}

/** What is looked at after a step, from one that may be gone: its place is taken by the next. */
export function stepped(ids: readonly string[], from: string | null, before: readonly string[], by: number): string | null {
  if (ids.length === 0) return null;
  const at = from === null ? -1 : ids.indexOf(from);
  if (at >= 0) return ids[Math.min(ids.length - 1, Math.max(0, at + by))] ?? null;
  const place = from === null ? 0 : Math.max(0, before.indexOf(from));
  return ids[Math.min(place, ids.length - 1)] ?? null;
}

/** Whether a decision can't wait: its time is over or within a day. */
export function isPressing(item: MessageItem, now: number): boolean {
  return item.scheduled_at !== null && Date.parse(item.scheduled_at) - now < 86_400_000;
}
