import { Trans } from "@lingui/react/macro";
import { Button } from "@/components/Button";
import { Note } from "@/components/States";
import { isFiltered, type Filters } from "@/lib/filters";
import type { Listing } from "@/lib/listing";
import type { View } from "./moving";

/** How far a long list has been read, and that it is not shown whole. */
export function Progress({ listing, most }: { listing: Listing; most: number }) {
  const count = listing.items.length;
  if (listing.isFull) {
    return (
      <Note tone="warn">
        <Trans>There are more than {most} messages here; the latest are shown. Look at a week or a day to see all.</Trans>
      </Note>
    );
  }
  return (
    <p className="faint reading" role="status">
      {listing.isPending ? <Trans>Reading …</Trans> : !listing.isComplete && <Trans>Reading, {count} so far …</Trans>}
    </p>
  );
}

export function Nothing({ filters, view, onClear }: { filters: Filters; view: View; onClear(): void }) {
  if (isFiltered(filters)) {
    return (
      <div className="note row" data-tone="info">
        <p className="grow">
          <Trans>Nothing here matches your filters.</Trans>
        </p>
        <Button small onClick={onClear}>
          <Trans>Show everything</Trans>
        </Button>
      </div>
    );
  }
  return (
    <Note icon="calendar">
      {view === "month" || view === "week" ? (
        <Trans>Nothing is planned here yet. Choose a place to write for that time.</Trans>
      ) : (
        <Trans>Nothing is planned here yet.</Trans>
      )}
    </Note>
  );
}
