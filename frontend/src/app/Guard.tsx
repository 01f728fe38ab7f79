import { Trans } from "@lingui/react/macro";
import { Component, type ReactNode } from "react";
import { Button } from "@/components/Button";
import { EmptyState } from "@/components/States";
import type { Healing } from "./healing";
import { Missing, PageMissing } from "./PageMissing";

/** Keeps a view that breaks from taking the others with it. */
export class Guard extends Component<{ children: ReactNode; healing: Healing }, { error: unknown }> {
  override state: { error: unknown } = { error: null };

  static getDerivedStateFromError(error: unknown): { error: unknown } {
    return { error };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (error === null) return this.props.children;
    const broken = <Broken error={error} />;
    if (!(error instanceof PageMissing)) return broken;
    return <Missing error={error} healing={this.props.healing} broken={broken} />;
  }
}

/** A view broke, or its file stays missing. */
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
      <code>{wordsOf(error)}</code>
    </EmptyState>
  );
}

function wordsOf(error: unknown): string {
  const last = error instanceof PageMissing ? error.cause : error;
  return last instanceof Error ? last.message : String(last);
}
