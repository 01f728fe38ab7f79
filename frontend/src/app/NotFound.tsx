import { Trans } from "@lingui/react/macro";
import { ButtonLink } from "@/components/Button";
import { EmptyState } from "@/components/States";

export function NotFound() {
  return (
    <EmptyState
      level={1}
      icon="search"
      title={<Trans>There is nothing at this address</Trans>}
      action={
        <ButtonLink kind="primary" to="/">
          <Trans>Go to the overview</Trans>
        </ButtonLink>
      }
    >
      <Trans>The link may be old, or something was moved.</Trans>
    </EmptyState>
  );
}
