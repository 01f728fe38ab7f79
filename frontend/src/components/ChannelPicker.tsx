import { Trans } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { channelsQuery } from "@/lib/queries";
import { useApi } from "@/lib/product";
import { ChannelMark } from "./ChannelMark";
import { Faults } from "./Field";
import { ErrorState, Skeleton } from "./States";

/** Which channels it goes to. A channel that can't publish now can be chosen still: it waits. */
export function ChannelPicker(props: {
  value: readonly string[];
  onChange(value: string[]): void;
  faults?: readonly string[];
}) {
  const { value, onChange, faults = [] } = props;
  const channels = useQuery(channelsQuery(useApi()));
  if (channels.isPending) return <Skeleton lines={2} />;
  if (channels.isError) return <ErrorState error={channels.error} onRetry={() => void channels.refetch()} />;
  return (
    <fieldset className="stack stack-tight">
      <legend className="legend">
        <Trans>Channels</Trans>
      </legend>
      <div className="picker">
        {channels.data.map((channel) => {
          const chosen = value.includes(channel.name);
          return (
            <label key={channel.name} className="pick" data-chosen={chosen || undefined}>
              <input
                type="checkbox"
                checked={chosen}
                onChange={() =>
                  onChange(
                    channels.data
                      .map((one) => one.name)
                      .filter((name) => (name === channel.name ? !chosen : value.includes(name))),
                  )
                }
              />
              <ChannelMark channel={channel.name} />
              <span>
                {channel.title}
                {channel.account_state !== "connected" && (
                  <span className="faint">
                    {" "}
                    {channel.account_state === "missing" ? <Trans>not connected</Trans> : <Trans>blocked</Trans>}
                  </span>
                )}
              </span>
            </label>
          );
        })}
      </div>
      <Faults faults={faults} />
    </fieldset>
  );
}
