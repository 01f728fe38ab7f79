import { Trans } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Message } from "@/lib/api";
import { useEdit } from "@/lib/editing";
import { useApi } from "@/lib/product";
import { postsQuery } from "@/lib/queries";
import { canChooseWords, isModelsAffair, tenseOf, withOwnWords } from "@/lib/wordings";
import { PostPreview } from "./PostPreview";
import { ErrorState, ProblemNote, Skeleton } from "./States";

/** Exactly what each channel is offered, or was, and whose words those are. */
export function MessagePosts({ message }: { message: Message }) {
  const posts = useQuery(postsQuery(useApi(), message));
  const choice = useOwnWords(message);
  return (
    <section className="stack" aria-labelledby="posts-title">
      <h2 id="posts-title">
        <Title message={message} />
      </h2>
      {choice.error !== null && <ProblemNote error={choice.error} />}
      {posts.isPending ? (
        <Skeleton lines={4} />
      ) : posts.isError && !posts.data ? (
        <ErrorState error={posts.error} onRetry={() => void posts.refetch()} />
      ) : (
        <div className="posts" data-stale={posts.isPlaceholderData || undefined} aria-busy={posts.isPlaceholderData}>
          {posts.data.map((preview) => (
            <PostPreview
              key={preview.channel}
              preview={preview}
              isStored
              tellsWords={isModelsAffair(posts.data)}
              own={canChooseWords(message) ? choice : undefined}
            />
          ))}
        </div>
      )}
    </section>
  );
}

function Title({ message }: { message: Message }) {
  switch (tenseOf(message)) {
    case "will":
      return <Trans>What will be posted</Trans>;
    case "is":
      return <Trans>What is posted</Trans>;
    case "was":
      return <Trans>What was posted</Trans>;
    case "would":
      return <Trans>What would have been posted</Trans>;
  }
}

/** The choice of a channel's own words, as an edit of what was looked at. */
function useOwnWords(message: Message) {
  const edit = useEdit(message);
  const [channel, setChannel] = useState<string | null>(null);
  return {
    by: message.certification_id === null ? ("author" as const) : ("rule" as const),
    error: edit.error,
    busy: edit.isPending ? channel : null,
    choose: (name: string, isOwn: boolean) => {
      setChannel(name);
      edit.mutate({ own_words: withOwnWords(message.own_words, name, isOwn) });
    },
  };
}
