import { msg } from "@lingui/core/macro";
import type { MessageDescriptor } from "@lingui/core";
import { useLingui } from "@lingui/react/macro";
import type { Schemas } from "@/lib/api";
import { Icon, type IconName } from "./Icon";

export type DeliveryStatus = Schemas["Status"];
export type MessageStatus = Schemas["MessageStatus"];
export type Tone = "wait" | "busy" | "good" | "bad" | "warn" | "ask";

interface Look {
  tone: Tone;
  icon: IconName;
  words: MessageDescriptor;
}

/** How each status looks: never by colour alone. */
export const LOOKS: Record<DeliveryStatus | MessageStatus, Look> = {
  pending: { tone: "wait", icon: "clock", words: msg`Waiting` },
  queued: { tone: "busy", icon: "more", words: msg`Queued` },
  sending: { tone: "busy", icon: "announce", words: msg`Sending` },
  retrying: { tone: "warn", icon: "retry", words: msg`Trying again` },
  in_doubt: { tone: "warn", icon: "eye", words: msg`Checking` },
  blocked: { tone: "warn", icon: "lock", words: msg`Blocked` },
  delivered: { tone: "good", icon: "check", words: msg`Delivered` },
  failed: { tone: "bad", icon: "cross", words: msg`Failed` },
  cancelled: { tone: "wait", icon: "slash", words: msg`Cancelled` },
  skipped: { tone: "wait", icon: "skip", words: msg`Skipped` },
  needs_review: { tone: "ask", icon: "question", words: msg`Needs an answer` },
  unpublishing: { tone: "busy", icon: "trash", words: msg`Being deleted` },
  deleted: { tone: "wait", icon: "trash", words: msg`Deleted` },
  draft: { tone: "wait", icon: "pen", words: msg`Draft` },
  pending_review: { tone: "ask", icon: "eye", words: msg`Waiting for approval` },
  rejected: { tone: "bad", icon: "slash", words: msg`Sent back` },
  scheduled: { tone: "wait", icon: "clock", words: msg`Scheduled` },
  publishing: { tone: "busy", icon: "announce", words: msg`Publishing` },
  partially_delivered: { tone: "warn", icon: "alert", words: msg`Partly delivered` },
};

export function useStatusWords(): (status: DeliveryStatus | MessageStatus) => string {
  const { i18n } = useLingui();
  return (status) => i18n._(LOOKS[status].words);
}

export function Status({ status, plain }: { status: DeliveryStatus | MessageStatus; plain?: boolean }) {
  const words = useStatusWords();
  const { tone, icon } = LOOKS[status];
  return (
    <span className={plain ? "status status-plain" : "status"} data-tone={tone} data-status={status}>
      <Icon name={icon} size={14} />
      {words(status)}
    </span>
  );
}

/** A word of its own in the same dress. */
export function Badge({ tone = "wait", icon, children }: { tone?: Tone; icon?: IconName; children: React.ReactNode }) {
  return (
    <span className="status" data-tone={tone}>
      {icon && <Icon name={icon} size={14} />}
      {children}
    </span>
  );
}
