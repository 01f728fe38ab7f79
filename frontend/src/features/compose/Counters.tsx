import { Plural, useLingui } from "@lingui/react/macro";
import { ChannelMark } from "@/components/ChannelMark";
import { Meter } from "@/components/PostPreview";
import type { Channel } from "@/lib/api";
import { lengthIn, smsPlan } from "@/lib/counting";

/** How long a text is for each channel that takes it, while one types. */
export function Counters({ channels, text }: { channels: readonly Channel[]; text: string }) {
  const { t } = useLingui();
  if (channels.length === 0) return null;
  return (
    <ul className="counters" aria-label={t`Lengths`}>
      {channels.map((channel) => (
        <li key={channel.name}>
          <ChannelMark channel={channel.name} size={14} />
          <span className="unseen">{channel.title}</span>
          <Counter channel={channel} text={text} />
        </li>
      ))}
    </ul>
  );
}

export function Counter({ channel, text }: { channel: Channel; text: string }) {
  const { max_text: limit, unit } = channel.limits;
  if (channel.name !== "sms") return <Meter used={lengthIn(unit, text)} limit={limit} unit={unit} />;
  const plan = smsPlan(text);
  return (
    <span className="counter-sms">
      <Meter used={plan.used} limit={limit} unit={unit} />
      <span className="faint">
        {plan.encoding} · <Plural value={plan.segments} one="# segment" other="# segments" />
      </span>
    </span>
  );
}
