import { Trans } from "@lingui/react/macro";
import { Skeleton } from "@/components/States";

export default function CalendarPage() {
  return (
    <div className="page">
      <h1>
        <Trans>Calendar</Trans>
      </h1>
      <Skeleton />
    </div>
  );
}
