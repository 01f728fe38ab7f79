import { Trans } from "@lingui/react/macro";
import { useMutation, useQuery } from "@tanstack/react-query";
import type { Message } from "@/lib/api";
import { useApi, useRefresh } from "@/lib/product";
import { postsQuery } from "@/lib/queries";
import { canChooseWords, isModelsAffair, tenseOf, withOwnWords } from "@/lib/wordings";
import { PostPreview } from "./PostPreview";
import { ErrorState, ProblemNote, Skeleton } from "./States";

/** Exactly what each channel is offered, or was, and whose words those are. */
export function MessagePosts({ message }: { message: Message }) {
  const posts = useQuery(postsQuery(useApi(), message.id));
  const choice = useOwnWords(message);
  return (
    <section className="stack" aria-labelledby="posts-title">
      <h2 id="posts-title">
        <Title message={message} />
      </h2>
      {choice.isError && <ProblemNote error={choice.error} />}
      {posts.isPending ? (
        <Skeleton lines={4} />
      ) : posts.isError && !posts.data ? (
        <ErrorState error={posts.error} onRetry={() => void posts.refetch()} />
      ) : (
        <div className="posts">
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

/** Choose a channel's own words: an edit of the revision that was looked at. */
function useOwnWords(message: Message) {
  const api = useApi();
  const refresh = useRefresh();
  const { id, revision, own_words } = message;
  const edit = useMutation({
    mutationFn: ({ channel, isOwn }: { channel: string; isOwn: boolean }) => {
      const params = { path: { message_id: id }, header: { "If-Match": `"${revision}"` } };
      const body = { own_words: withOwnWords(own_words, channel, isOwn) };
      return api.get((client) => client.PATCH("/api/v1/messages/{message_id}", { params, body }));
    },
    onSettled: () => refresh(id),
  });
  return {
    by: message.certification_id === null ? ("author" as const) : ("rule" as const),
    isError: edit.isError,
    error: edit.error,
    busy: edit.isPending ? edit.variables.channel : null,
    choose: (channel: string, isOwn: boolean) => edit.mutate({ channel, isOwn }),
  };
}
