import { Trans } from "@lingui/react/macro";
import { Skeleton } from "@/components/States";

export default function ComposePage() {
  return (
    <div className="page">
      <h1>
        <Trans>Write</Trans>
      </h1>
      <Skeleton />
    </div>
  );
}
