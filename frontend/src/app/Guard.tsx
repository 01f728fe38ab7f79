import { Trans } from "@lingui/react/macro";
import { Component, type ReactNode } from "react";
import { Button } from "@/components/Button";
import { EmptyState } from "@/components/States";

/** Keeps a view that breaks from taking the others with it. */
export class Guard extends Component<{ children: ReactNode }, { error: unknown }> {
  override state: { error: unknown } = { error: null };

  static getDerivedStateFromError(error: unknown): { error: unknown } {
    return { error };
  }

  override render(): ReactNode {
    const { error } = this.state;
    return error === null ? this.props.children : <Broken error={error} />;
  }
}

/** A view broke, or its file is gone because a newer release took its place. */
function Broken({ error }: { error: unknown }) {
  return (
    <EmptyState
      level={1}
      icon="alert"
      title={<Trans>This page could not be shown</Trans>}
      action={
        <Button kind="primary" icon="retry" onClick={() => window.location.reload()}>
          <Trans>Load it again</Trans>
        </Button>
      }
    >
      <Trans>There may be a newer version. What you wrote is kept in this browser.</Trans>{" "}
      <code>{error instanceof Error ? error.message : String(error)}</code>
    </EmptyState>
  );
}
