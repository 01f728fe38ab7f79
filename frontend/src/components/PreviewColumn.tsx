import { Trans } from "@lingui/react/macro";
import type { ReactNode } from "react";
import type { usePreviews } from "@/lib/usePreviews";
import { isModelsAffair } from "@/lib/wordings";
import { PostPreview } from "./PostPreview";
import { EmptyState, ProblemNote, Skeleton } from "./States";
import type { OwnWords } from "./WordsOf";

/** How it will look, channel by channel; `hint` says what is missing until there is anything to show. */
export function PreviewColumn({
  previews,
  faults,
  isCurrent,
  error,
  hint,
  own,
}: ReturnType<typeof usePreviews> & { hint: ReactNode | null; own: OwnWords }) {
  return (
    <div className="stack">
      <h2 id="preview-title">
        <Trans>How it will look</Trans>
      </h2>
      {error !== null && <ProblemNote error={error} />}
      {hint !== null ? (
        <Nothing>{hint}</Nothing>
      ) : previews.length > 0 ? (
        <div className="previews" data-stale={!isCurrent || undefined} aria-busy={!isCurrent}>
          {previews.map((preview) => (
            <PostPreview key={preview.channel} preview={preview} tellsWords={isModelsAffair(previews)} own={own} />
          ))}
        </div>
      ) : faults.length > 0 ? (
        <Nothing>
          <Trans>Correct what is marked, and each channel's post appears here.</Trans>
        </Nothing>
      ) : (
        !isCurrent && <Skeleton lines={6} />
      )}
    </div>
  );
}

function Nothing({ children }: { children: ReactNode }) {
  return (
    <EmptyState level={3} icon="eye" title={<Trans>Nothing to show yet</Trans>}>
      {children}
    </EmptyState>
  );
}
