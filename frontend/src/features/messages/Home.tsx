import { Trans } from "@lingui/react/macro";
import { Skeleton } from "@/components/States";

export default function Home() {
  return (
    <div className="page">
      <h1>
        <Trans>Overview</Trans>
      </h1>
      <Skeleton />
    </div>
  );
}
