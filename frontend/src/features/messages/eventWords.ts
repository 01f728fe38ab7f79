import { msg } from "@lingui/core/macro";
import type { MessageDescriptor } from "@lingui/core";
import { useLingui } from "@lingui/react/macro";
import { LOOKS } from "@/components/Status";
import type { TimelineEntry } from "./journey";

const EVENTS: Record<string, MessageDescriptor> = {
  accepted: msg`Accepted for publishing`,
  edited: msg`Edited`,
  approved: msg`Approved`,
  rejected: msg`Sent back`,
  published: msg`Published from a draft`,
  cancelled: msg`Cancelled`,
  late_answer: msg`An answer came late`,
};

/** What a timeline entry says; an event that has no words of its own shows its name. */
export function useEventWords(): (entry: TimelineEntry) => string {
  const { i18n, t } = useLingui();
  return (entry) => {
    if (entry.kind === "attempt") return attempt(entry);
    const known = EVENTS[entry.event];
    if (entry.channel === "message" && known) return i18n._(known);
    const status = entry.after as keyof typeof LOOKS | null;
    if (status && status in LOOKS) return i18n._(LOOKS[status].words);
    return entry.event.replaceAll("_", " ");
  };

  function attempt(entry: TimelineEntry): string {
    const number = entry.attempt ?? 0;
    if (!entry.outcome) return t`Attempt ${number} is under way`;
    const outcomes: Record<string, string> = {
      delivered: t`Attempt ${number}: taken by the platform`,
      transient: t`Attempt ${number}: refused for now`,
      permanent: t`Attempt ${number}: refused`,
      ambiguous: t`Attempt ${number}: no clear answer`,
      credentials: t`Attempt ${number}: the account was refused`,
    };
    return outcomes[entry.outcome] ?? `${t`Attempt ${number}`}: ${entry.outcome.replaceAll("_", " ")}`;
  }
}
