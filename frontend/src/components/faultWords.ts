/** What a person does about a fault, in their language; a fault that is not known says it itself. */
import { useLingui } from "@lingui/react/macro";
import type { Fault } from "@/lib/problem";
import { useChannelTitle } from "./ChannelMark";

const LINKEDIN = "https://www.linkedin.com/in/…";

export type FaultWords = (fault: Fault, where?: { isChannels: boolean }) => string;

/** Say a fault; `isChannels` where a channel's own place shows it and need not be named. */
export function useFaultWords(): FaultWords {
  const { t } = useLingui();
  const title = useChannelTitle();
  const sentence = (fault: Fault): string => {
    const { pointer, code, detail } = fault;
    const place = `${code} ${pointer.split("/").at(-1)}`;
    const numbers = (detail.match(/\d+/g) ?? []).map(Number);
    const limit = numbers.at(-1) ?? 0;
    const count = numbers[0] ?? 0;
    const over = count - limit;
    const said: Record<string, () => string> = {
      "in_the_past": () => t`This time is over. Choose a later one, or publish now.`,
      "invalid_instant": () => t`Choose a date and a time.`,
      "future_date": () => t`This day has not come yet. Choose the day on the certificate.`,
      "invalid_date": () => t`There is no such day. Choose it from the calendar.`,
      "unknown_certification": () => t`Choose the certification from the list.`,
      "consent_required": () => t`Without their consent it can't be announced.`,
      "unknown_time_zone": () => t`Choose a time zone from the list.`,
      "invalid_url credential_url": () => t`Give a public address that begins with https://.`,
      "invalid_url linkedin_url": () => t`Give the address of the profile: ${LINKEDIN}`,
      "too_long member_name": () => t`Shorten the name: ${limit} characters at most.`,
      "too_long personal_message": () => t`Shorten the message: ${limit} characters at most.`,
      "too_long": () => (over > 0 ? t`Too long by ${over}: at most ${limit} fit.` : t`Too long: at most ${limit} fit.`),
      "blank member_name": () => t`Write the name of the person.`,
      "blank": () => t`Write something here.`,
      "empty": () => t`Fill this in.`,
      "required": () => t`Fill this in.`,
      "control_character member_name": () => t`Write the name on one line, in plain letters.`,
      "control_character": () => t`There is a character in it that can't be published. Write this part anew.`,
      "lone_surrogate": () => t`There is a character in it that can't be published. Write this part anew.`,
      "null_character": () => t`There is a character in it that can't be published. Write this part anew.`,
      "media_required": () => t`A picture is needed: add one, or leave this channel out.`,
      "too_many_media": () => t`Take pictures out: ${limit} at most.`,
      "repeated_media": () => t`The same picture stands here twice. Take one out.`,
      "unknown_upload": () => t`This picture is not there any more. Take it out and choose it again.`,
      "media_not_ready": () => t`The picture is still being looked at. Send it again in a moment.`,
      "too_many_hashtags": () => t`Take hashtags out: ${limit} at most, and there are ${count}.`,
      "too_many_mentions": () => t`Take mentions out: ${limit} at most, and there are ${count}.`,
      "member_name_missing member_name": () => t`The name can't be shown there as it is. Shorten it, or leave this channel out.`,
      "unknown_channel": () => t`Choose the channels again.`,
      "repeated_channel": () => t`Choose the channels again.`,
      "variant_without_channel": () => t`Choose the channels again.`,
    };
    return (said[place] ?? said[code])?.() ?? detail;
  };
  return (fault, where) => {
    const words = sentence(fault);
    if (fault.channel === undefined || where?.isChannels || words === fault.detail) return words;
    return `${title(fault.channel)}: ${words}`;
  };
}
