/** What somebody wants to see of a list; it stands in the address, so that it can be sent and kept. */
import type { MessageItem, Schemas } from "./api";
import { plain } from "./matching";

type MessageStatus = Schemas["MessageStatus"];

export const STATUSES: readonly MessageStatus[] = [
  "needs_review",
  "failed",
  "partially_delivered",
  "pending_review",
  "rejected",
  "publishing",
  "scheduled",
  "draft",
  "delivered",
  "cancelled",
];

export interface Filters {
  /** None chosen means all. */
  statuses: readonly MessageStatus[];
  channels: readonly string[];
  isMine: boolean;
  text: string;
}

export function readFilters(address: URLSearchParams): Filters {
  return {
    statuses: STATUSES.filter((status) => listed(address, "status").includes(status)),
    channels: listed(address, "channel"),
    isMine: address.get("whose") === "mine",
    text: address.get("text") ?? "",
  };
}

/** The address with other filters; what it says besides stays. */
export function withFilters(address: URLSearchParams, change: Partial<Filters>): URLSearchParams {
  const wanted = { ...readFilters(address), ...change };
  return withParams(address, {
    status: wanted.statuses.join(","),
    channel: wanted.channels.join(","),
    whose: wanted.isMine ? "mine" : "",
    text: wanted.text,
  });
}

/** The address with some values changed; an empty one leaves it. */
export function withParams(address: URLSearchParams, values: Readonly<Record<string, string>>): URLSearchParams {
  const after = new URLSearchParams(address);
  for (const [name, value] of Object.entries(values)) {
    if (value) after.set(name, value);
    else after.delete(name);
  }
  return after;
}

export function isFiltered(filters: Filters): boolean {
  return filters.statuses.length > 0 || filters.channels.length > 0 || filters.text.trim() !== "";
}

/** Whether a message is wanted, whatever its status is. */
export function concernsFilters(item: MessageItem, filters: Filters): boolean {
  const { channels, text } = filters;
  if (channels.length > 0 && !item.channels.some((name) => channels.includes(name))) return false;
  const words = plain(text).split(/\s+/).filter(Boolean);
  if (words.length === 0) return true;
  const searched = plain(`${item.subject ?? ""} ${item.content} ${item.author_name}`);
  return words.every((word) => searched.includes(word));
}

export function hasStatus(item: MessageItem, filters: Filters): boolean {
  return filters.statuses.length === 0 || filters.statuses.includes(item.status);
}

/** Put something into a list or take it out. */
export function toggled<T>(list: readonly T[], value: T): T[] {
  return list.includes(value) ? list.filter((one) => one !== value) : [...list, value];
}

function listed(address: URLSearchParams, name: string): string[] {
  return (address.get(name) ?? "").split(",").filter(Boolean);
}
