import { useQuery } from "@tanstack/react-query";
import { channelsQuery } from "@/lib/queries";
import { useApi } from "@/lib/product";
import { Icon, type IconName } from "./Icon";

const ICONS: Record<string, IconName> = {
  facebook: "page",
  instagram: "camera",
  linkedin: "network",
  whatsapp: "bubble",
  email: "mail",
  sms: "phone",
};

/** A channel's sign. One that was added later has the common one until it gets its own. */
export function ChannelMark({ channel, size = 16 }: { channel: string; size?: number }) {
  return (
    <span className="channel-mark" data-channel={channel}>
      <Icon name={ICONS[channel] ?? "announce"} size={size} />
    </span>
  );
}

/** Channels' titles as the API gives them; a channel's name until they are there. */
export function useChannelTitle(): (name: string) => string {
  const { data } = useQuery(channelsQuery(useApi()));
  return (name) => data?.find((channel) => channel.name === name)?.title ?? name;
}

export function ChannelMarks({ channels }: { channels: readonly string[] }) {
  const title = useChannelTitle();
  return (
    <span className="channel-marks">
      {channels.map((name) => (
        <span key={name} title={title(name)}>
          <ChannelMark channel={name} size={14} />
          <span className="unseen">{title(name)}</span>
        </span>
      ))}
    </span>
  );
}
