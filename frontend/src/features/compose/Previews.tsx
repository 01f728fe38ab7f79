import { Trans } from "@lingui/react/macro";
import { PostPreview } from "@/components/PostPreview";
import { EmptyState, ProblemNote } from "@/components/States";
import type { usePreviews } from "@/lib/usePreviews";

/** How it will look: the channel that is written for, or all of them, the faulty ones first. */
export function Previews(
  props: ReturnType<typeof usePreviews> & { tab: string; faulty: Set<string>; isEmpty: boolean },
) {
  const { previews, tab, faulty } = props;
  const one = previews.filter((preview) => preview.channel === tab);
  const shown = one.length ? one : previews.toSorted((a, b) => rank(a.channel) - rank(b.channel));
  return (
    <div className="stack">
      <h2 id="preview-title">
        <Trans>How it will look</Trans>
      </h2>
      {props.error !== null && <ProblemNote error={props.error} />}
      {props.isEmpty ? (
        <EmptyState level={3} icon="eye" title={<Trans>Nothing to show yet</Trans>}>
          <Trans>Choose a channel and write: each post appears here as you type.</Trans>
        </EmptyState>
      ) : (
        <div className="previews" data-stale={!props.isCurrent || undefined} aria-busy={!props.isCurrent}>
          {shown.map((preview) => (
            <PostPreview key={preview.channel} preview={preview} />
          ))}
        </div>
      )}
    </div>
  );

  function rank(channel: string): number {
    return faulty.has(channel) ? 0 : 1;
  }
}
