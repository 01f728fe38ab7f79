import type { ChannelName, Message, Preview, Schemas } from "@/lib/api";
import type { Fault } from "@/lib/problem";

export type Body = Schemas["MessageBody"];
export type Edit = Schemas["MessageEdit"];

export interface Variant {
  content: string;
  subject: string;
}

/** The form as it is typed. A channel in `variants` has a text of its own. */
export interface Form {
  content: string;
  subject: string;
  channels: string[];
  variants: Record<string, Variant>;
  /** Channels that say the author's own words, whatever a model finds. */
  ownWords: string[];
  media: { uploadId: string; altText: string; seenAt: string | null }[];
  when: "now" | "later";
  wall: string;
  zone: string;
  repeated: "earlier" | "later";
}

/** Where the form shows what is wrong. */
export const PLACES = ["/content", "/subject", "/channels", "/variants", "/media", "/scheduled_at"];

/** What is sent of a form; `moment` is when it is to go out, null for now. */
export function bodyOf(form: Form, moment: number | null, draft: boolean): Body {
  return {
    ...contentOf(form),
    scheduled_at: moment === null ? null : new Date(moment).toISOString(),
    time_zone: moment === null ? null : form.zone,
    draft,
    late_policy: null,
  };
}

/** What an edit sends: all that the form shows, so what is seen is what is kept. */
export function editOf(form: Form, moment: number | null): Edit {
  const times = moment === null ? { scheduled_at: null } : { scheduled_at: new Date(moment).toISOString(), time_zone: form.zone };
  return { ...contentOf(form), ...times };
}

/** What a preview is asked with; null while there is nothing to show. */
export function previewOf(form: Form): Body | null {
  if (!form.content.trim() || form.channels.length === 0) return null;
  return bodyOf(form, null, false);
}

export function formOf(message: Message, wall: string, zone: string): Form {
  return {
    content: message.content,
    subject: message.subject ?? "",
    channels: message.channels,
    variants: Object.fromEntries(
      Object.entries(message.variants).map(([name, variant]) => [
        name,
        { content: variant.content ?? "", subject: variant.subject ?? "" },
      ]),
    ),
    ownWords: message.own_words,
    media: message.media.map((item) => ({
      uploadId: item.upload_id,
      altText: item.alt_text,
      seenAt: null,
    })),
    when: message.scheduled_at ? "later" : "now",
    wall,
    zone,
    repeated: "earlier",
  };
}

/** Faults that belong to a text: the shared one, or a channel's own. */
export function textFaults(faults: readonly Fault[], channel: string | null): Fault[] {
  const places = channel ? [`/variants/${channel}`] : ["/content"];
  return faults.filter((fault) => places.some((place) => fault.pointer === place || fault.pointer.startsWith(`${place}/content`)));
}

/** Channels that something is wrong with, so that their tabs can say so. */
export function faultyChannels(faults: readonly Fault[]): Set<string> {
  const named = faults.map((fault) => fault.channel ?? /^\/variants\/([^/]+)/.exec(fault.pointer)?.[1]);
  return new Set(named.filter((name) => name !== undefined));
}

/** The preview of the channel that is written for, or all of them, the faulty ones first. */
export function lookedAt(previews: readonly Preview[], tab: string, faulty: ReadonlySet<string>): readonly Preview[] {
  const one = previews.filter((preview) => preview.channel === tab);
  const rank = (preview: Preview) => (faulty.has(preview.channel) ? 0 : 1);
  return one.length > 0 ? one : previews.toSorted((a, b) => rank(a) - rank(b));
}

function contentOf(form: Form) {
  const chosen = Object.entries(form.variants).filter(([name]) => form.channels.includes(name));
  return {
    content: form.content,
    subject: form.subject.trim() || null,
    channels: form.channels as ChannelName[],
    own_words: form.ownWords.filter((name) => form.channels.includes(name)) as ChannelName[],
    media: form.media.map((item) => ({ upload_id: item.uploadId, alt_text: item.altText })),
    variants: Object.fromEntries(
      chosen.map(([name, variant]) => [
        name,
        { content: variant.content, ...(variant.subject.trim() && { subject: variant.subject }) },
      ]),
    ) as Body["variants"],
  };
}
