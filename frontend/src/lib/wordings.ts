/** Whose words a post says, and what can be chosen instead. */
import type { ChannelName, Message, Preview } from "./api";

export type Words = Preview["words"];

/**
 * `open`: a model may still choose others. `chosen`: a person wants none of a model's.
 * `declined`: a model's were to be used, and were not.
 */
export type Whose = "model" | "open" | "chosen" | "declined" | "author" | "rule";

const OWN_WORDS_CHOSEN = "own_words_chosen";

export function whose(words: Words): Whose {
  if (words.by === "model") return "model";
  if (!words.final) return "open";
  if (words.reason === OWN_WORDS_CHOSEN) return "chosen";
  return words.reason === null ? words.by : "declined";
}

/** Whether a model has, had or could have had a say in any of them: then each says whose words it has. */
export function isModelsAffair(previews: readonly Preview[]): boolean {
  return previews.some(({ words }) => !["author", "rule"].includes(whose(words)));
}

/** The channels that say their own words after one was added or taken out. */
export function withOwnWords(own: readonly string[], channel: string, isOwn: boolean): ChannelName[] {
  const others = own.filter((name) => name !== channel);
  return (isOwn ? [...others, channel] : others) as ChannelName[];
}

const UNTOUCHED = new Set<Message["status"]>(["draft", "pending_review", "scheduled"]);

/** Whether nothing of a message was handed to a platform yet, so that its words can be chosen. */
export function canChooseWords(message: Message): boolean {
  return UNTOUCHED.has(message.status);
}

export type Tense = "will" | "is" | "was" | "would";

/** How the posts of a message are to be spoken of. */
export function tenseOf({ status, deliveries }: Message): Tense {
  if (UNTOUCHED.has(status)) return "will";
  if (status === "publishing") return "is";
  const isThere = deliveries.some((one) => one.status === "delivered" || one.status === "deleted");
  return isThere || status === "needs_review" ? "was" : "would";
}
