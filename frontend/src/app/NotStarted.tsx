import { Trans } from "@lingui/react/macro";
import { Button } from "@/components/Button";
import { EmptyState } from "@/components/States";

/** The app could not learn where the API is; it begins anew as soon as that can be learned. */
export function NotStarted({ error }: { error: unknown }) {
  return (
    <main className="main">
      <h1 className="unseen">Omnichannel Publisher</h1>
      <EmptyState
        icon="unplugged"
        title={<Trans>The product does not answer</Trans>}
        action={
          <Button kind="primary" icon="retry" onClick={() => window.location.reload()}>
            <Trans>Try again</Trans>
          </Button>
        }
      >
        <Trans>It may be starting still. Nothing you wrote is lost.</Trans>{" "}
        <code>{error instanceof Error ? error.message : String(error)}</code>
      </EmptyState>
    </main>
  );
}
