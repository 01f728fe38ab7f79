import { Trans } from "@lingui/react/macro";
import { Skeleton } from "@/components/States";

export default function SubmitPage() {
  return (
    <div className="page">
      <h1>
        <Trans>Announce</Trans>
      </h1>
      <Skeleton />
    </div>
  );
}
