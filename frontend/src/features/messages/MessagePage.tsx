import { Trans } from "@lingui/react/macro";
import { Skeleton } from "@/components/States";

export default function MessagePage() {
  return (
    <div className="page">
      <h1>
        <Trans>Message</Trans>
      </h1>
      <Skeleton />
    </div>
  );
}
