import { Trans } from "@lingui/react/macro";
import { Skeleton } from "@/components/States";

export default function ChannelsPage() {
  return (
    <div className="page">
      <h1>
        <Trans>Channels</Trans>
      </h1>
      <Skeleton />
    </div>
  );
}
