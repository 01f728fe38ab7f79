import { Trans } from "@lingui/react/macro";
import { Skeleton } from "@/components/States";

export default function QueuePage() {
  return (
    <div className="page">
      <h1>
        <Trans>Queue</Trans>
      </h1>
      <Skeleton />
    </div>
  );
}
