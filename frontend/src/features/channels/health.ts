/** How a channel's account is doing, worst first. */
import type { Channel } from "@/lib/api";

export type Health = "blocked" | "missing" | "expired" | "paused" | "expiring" | "good";

export const SOON_DAYS = 14;
const DAY_MS = 86_400_000;

export function healthOf(channel: Channel, now: number): Health {
  const { account_state, account, token_expires_at } = channel;
  if (account_state !== "connected") return account_state;
  const left = token_expires_at === null ? Infinity : Date.parse(token_expires_at) - now;
  if (left <= 0) return "expired";
  if (account.paused_until !== null && Date.parse(account.paused_until) > now) return "paused";
  return left <= SOON_DAYS * DAY_MS ? "expiring" : "good";
}

/** The fields that connect an account: what is needed first, secrets after what is not. */
export interface AccountField {
  name: string;
  isSecret: boolean;
  isOptional: boolean;
}

export function fieldsOf(channel: Channel): AccountField[] {
  const of = (names: readonly string[], isSecret: boolean, isOptional: boolean) =>
    names.map((name) => ({ name, isSecret, isOptional }));
  return [
    ...of(channel.account_settings, false, false),
    ...of(channel.account_secrets, true, false),
    ...of(channel.optional_settings, false, true),
    ...of(channel.optional_secrets, true, true),
  ];
}

/** What is sent: only what was filled in, so that the rest stays as it is stored. */
export function bodyOf(values: Readonly<Record<string, string>>): Record<string, string> {
  const given = Object.entries(values).map(([name, text]) => [name, text.trim()] as const);
  return Object.fromEntries(given.filter(([, text]) => text !== ""));
}

/** `page_id` as people read it. */
export function labelOf(field: string): string {
  const words = field.replaceAll("_", " ").replace(/\b(id|ig|urn|api)\b/g, (word) => word.toUpperCase());
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** The site a source is on. */
export function hostOf(source: string): string {
  return URL.canParse(source) ? new URL(source).hostname : source;
}
