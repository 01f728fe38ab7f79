import { Trans } from "@lingui/react/macro";
import { PostPreview } from "@/components/PostPreview";
import { EmptyState, ProblemNote } from "@/components/States";
import type { usePreviews } from "@/lib/usePreviews";

/** How it will look, channel by channel. */
export function Previews({
  previews,
  isCurrent,
  error,
  hasBody,
}: ReturnType<typeof usePreviews> & { hasBody: boolean }) {
  return (
    <div className="stack">
      <h2 id="preview-title">
        <Trans>How it will look</Trans>
      </h2>
      {error !== null && <ProblemNote error={error} />}
      {!hasBody ? (
        <EmptyState level={3} icon="eye" title={<Trans>Nothing to show yet</Trans>}>
          <Trans>Choose the certification and the day, and each channel's post appears here.</Trans>
        </EmptyState>
      ) : (
        <div className="previews" data-stale={!isCurrent || undefined} aria-busy={!isCurrent}>
          {previews.map((preview) => (
            <PostPreview key={preview.channel} preview={preview} />
          ))}
        </div>
      )}
    </div>
  );
}
