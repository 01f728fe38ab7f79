import { Trans } from "@lingui/react/macro";
import { useChannelTitle } from "@/components/ChannelMark";
import { Icon } from "@/components/Icon";
import type { Preview } from "@/lib/api";
import { quotedOf } from "@/lib/quoting";

/** Which channels have no room for all of somebody's own words, before they are sent. */
export function Cuts({ message, previews }: { message: string; previews: readonly Preview[] }) {
  const title = useChannelTitle();
  const cut = previews
    .map(({ channel, post }) => ({ channel, ...quotedOf(message, post.text) }))
    .filter(({ kept, total }) => kept < total);
  return (
    <div className="cuts" role="status">
      {message.trim() !== "" &&
        cut.map(({ channel, kept }) => (
          <p key={channel} data-channel={channel}>
            <Icon name="alert" size={16} />
            {kept === 0 ? (
              <Trans>{title(channel)} has no room for your message and leaves it out.</Trans>
            ) : (
              <Trans>
                {title(channel)} shows the first {kept} characters of your message.
              </Trans>
            )}
          </p>
        ))}
    </div>
  );
}
