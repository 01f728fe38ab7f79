import type { MessageItem } from "@/lib/api";

export type GroupName = "attention" | "moving" | "coming" | "drafts" | "done";

export interface Group {
  name: GroupName;
  items: MessageItem[];
}

const ORDER: readonly GroupName[] = ["attention", "moving", "coming", "drafts", "done"];

const GROUPS: Record<MessageItem["status"], GroupName> = {
  needs_review: "attention",
  failed: "attention",
  partially_delivered: "attention",
  rejected: "attention",
  pending_review: "moving",
  publishing: "moving",
  scheduled: "coming",
  draft: "drafts",
  delivered: "done",
  cancelled: "done",
};

/** Messages by what they ask of somebody; what comes up is in the order it comes. */
export function grouped(items: readonly MessageItem[], manages: boolean): Group[] {
  return ORDER.map((name) => ({ name, items: inOrder(name, items.filter((item) => of(item) === name)) }))
    .filter((group) => group.items.length > 0);

  function of(item: MessageItem): GroupName {
    return item.status === "pending_review" && manages ? "attention" : GROUPS[item.status];
  }
}

function inOrder(name: GroupName, items: MessageItem[]): MessageItem[] {
  if (name !== "coming") return items;
  return items.toSorted((a, b) => a.due_at.localeCompare(b.due_at));
}
