import type { ChannelName, Schemas } from "@/lib/api";
import type { Fault } from "@/lib/problem";

export type Body = Schemas["CertificationBody"];

/** The form as it is typed; empty means not given. */
export interface Form {
  memberName: string;
  type: string;
  certifiedOn: string;
  credentialUrl: string;
  linkedinUrl: string;
  message: string;
  language: "en" | "es";
  channels: string[];
  /** Those that announce it without a model's words. */
  ownWords: string[];
  photo: { uploadId: string; altText: string; seenAt: string | null }[];
  consent: boolean;
  when: "now" | "later";
  wall: string;
  zone: string;
  repeated: "earlier" | "later";
}

export const CERTIFICATION = "/certification";

/** The API's own bounds (`chalicelib/domain/certifications.py`): visible characters, code points. */
export const LONGEST_NAME = 100;
export const LONGEST_MESSAGE = 2_000;

/** Where the form shows what is wrong. */
export const PLACES = [
  "/certification_type",
  "/member_name",
  "/certified_on",
  "/personal_message",
  "/photo_upload_id",
  "/credential_url",
  "/linkedin_url",
  "/channels",
  "/language",
  "/scheduled_at",
  "/consent",
];

/** What is sent of a form; `moment` is when it is to go out, null for now. */
export function bodyOf(form: Form, moment: number | null): Body {
  const optional = (text: string) => text.trim() || null;
  return {
    member_name: optional(form.memberName),
    certification_type: form.type as Body["certification_type"],
    certified_on: form.certifiedOn,
    channels: form.channels as ChannelName[],
    own_words: form.ownWords.filter((name) => form.channels.includes(name)) as ChannelName[],
    credential_url: optional(form.credentialUrl),
    linkedin_url: optional(form.linkedinUrl),
    personal_message: optional(form.message),
    language: form.language,
    photo_upload_id: form.photo[0]?.uploadId ?? null,
    scheduled_at: moment === null ? null : new Date(moment).toISOString(),
    time_zone: moment === null ? null : form.zone,
    consent: form.consent as true,
  };
}

/** What a preview is asked with, once there is enough to show; consent comes at the end. */
export function sketchOf(form: Form): Schemas["CertificationPreview"] | null {
  if (!form.type || !form.certifiedOn || form.channels.length === 0) return null;
  const { consent: _, scheduled_at: __, time_zone: ___, ...sketch } = bodyOf(form, null);
  return { certification: sketch } as Schemas["CertificationPreview"];
}

/** Faults of a preview, at the places of the form. */
export function unsketched(faults: readonly Fault[]): Fault[] {
  return faults.map((fault) => ({ ...fault, pointer: fault.pointer.replace(CERTIFICATION, "") }));
}
