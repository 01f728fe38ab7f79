import "./channels.css";
import { Trans } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { PageHead } from "@/components/PageHead";
import { EmptyState, ErrorState, ProblemNote, Skeleton } from "@/components/States";
import { useNow } from "@/components/Time";
import { channelsQuery, meQuery } from "@/lib/queries";
import { useApi } from "@/lib/product";
import { isAdmin, isManager } from "@/lib/roles";
import { ChannelPanel } from "./ChannelPanel";
import { Connect } from "./Connect";

/** Where we publish, as whom, whether that works, and what each platform takes. */
export default function ChannelsPage() {
  const api = useApi();
  const { data: me } = useQuery(meQuery(api));
  const channels = useQuery({ ...channelsQuery(api), refetchInterval: 60_000 });
  const [connecting, setConnecting] = useState<string | null>(null);
  const now = useNow(30_000);
  const chosen = channels.data?.find((channel) => channel.name === connecting);
  return (
    <div className="page">
      <PageHead
        title={<Trans>Channels</Trans>}
        lead={<Trans>Where we publish, as whom, and what each platform takes.</Trans>}
      />
      {channels.isPending ? (
        <Skeleton lines={9} />
      ) : channels.data === undefined ? (
        <ErrorState error={channels.error} onRetry={() => void channels.refetch()} />
      ) : channels.data.length === 0 ? (
        <EmptyState icon="plug" title={<Trans>There are no channels</Trans>}>
          <Trans>This copy of the product was built without any.</Trans>
        </EmptyState>
      ) : (
        <>
          {channels.isError && <ProblemNote error={channels.error} />}
          <div className="channels">
            {channels.data.map((channel) => (
              <ChannelPanel
                key={channel.name}
                channel={channel}
                now={now}
                onConnect={isAdmin(me?.role) ? () => setConnecting(channel.name) : null}
                countsRecipients={channel.direct && isManager(me?.role)}
              />
            ))}
          </div>
          {chosen && <Connect key={chosen.name} channel={chosen} onClose={() => setConnecting(null)} />}
        </>
      )}
    </div>
  );
}
