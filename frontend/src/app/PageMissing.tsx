import { Trans } from "@lingui/react/macro";
import { useEffect, useState } from "react";
import { EmptyState, Skeleton } from "@/components/States";
import { browserSurroundings, type Healing, keepTrying, type Outcome } from "./healing";

/** The file of a page could not be fetched. */
export class PageMissing extends Error {
  constructor(
    readonly page: string,
    options: ErrorOptions,
  ) {
    super(`The page ${page} could not be fetched.`, options);
  }
}

/** Wait for a connection and load what is missing; `broken` is shown if that does not help. */
export function Missing(props: { error: PageMissing; healing: Healing; broken: React.ReactNode }) {
  const { error, healing } = props;
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  useEffect(
    () => keepTrying(() => healing.heal(error.page), setOutcome, browserSurroundings),
    [error, healing],
  );
  if (outcome === "broken") return props.broken;
  if (outcome !== "away") return <Skeleton lines={6} />;
  return (
    <div role="alert">
      <EmptyState
        level={1}
        icon="unplugged"
        title={navigator.onLine ? <Trans>The product does not answer</Trans> : <Trans>You are offline</Trans>}
      >
        <Trans>
          This page was not opened before. It comes by itself as soon as there is a connection; what you
          wrote is kept in this browser.
        </Trans>
      </EmptyState>
    </div>
  );
}
