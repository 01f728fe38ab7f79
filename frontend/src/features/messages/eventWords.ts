import { msg } from "@lingui/core/macro";
import type { MessageDescriptor } from "@lingui/core";
import { useLingui } from "@lingui/react/macro";
import { LOOKS } from "@/components/Status";
import { happening, type Happening, type TimelineEntry } from "./journey";

const WHOLE: Record<Happening, MessageDescriptor> = {
  kept: msg`Kept as a draft`,
  handed_in: msg`Handed in for approval`,
  scheduled: msg`Scheduled`,
  accepted: msg`Accepted for publishing`,
  draft_scheduled: msg`Scheduled, from a draft`,
  draft_published: msg`Published from a draft`,
  edited: msg`Edited`,
  approved: msg`Approved`,
  rejected: msg`Sent back`,
  cancelled: msg`Cancelled`,
  late_answer: msg`An answer came late`,
  words_adapted: msg`A model found words`,
  words_as_written: msg`The words stay as they were written`,
  words_found_before: msg`A model's words for the same text were known`,
};

/** What a timeline entry says; an event that has no words of its own shows its name. */
export function useEventWords(): (entry: TimelineEntry) => string {
  const { i18n, t } = useLingui();
  return (entry) => {
    if (entry.kind === "attempt") return attempt(entry);
    const known = happening(entry);
    if (known) return i18n._(WHOLE[known]);
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
