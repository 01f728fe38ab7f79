/** What several views read: its key and how it is asked for. Keys begin with what is read. */
import { queryOptions } from "@tanstack/react-query";
import type { Api, Message, Preview } from "./api";

const MINUTE = 60_000;

export function meQuery(api: Api) {
  return queryOptions({
    queryKey: ["me"],
    queryFn: ({ signal }) => api.get((client) => client.GET("/api/v1/me", { signal })),
    staleTime: 5 * MINUTE,
  });
}

export function channelsQuery(api: Api) {
  return queryOptions({
    queryKey: ["channels"],
    queryFn: async ({ signal }) =>
      (await api.get((client) => client.GET("/api/v1/channels", { signal }))).items,
    staleTime: MINUTE,
  });
}

/** A message with the revision that an edit of it has to name. */
export function messageQuery(api: Api, id: string) {
  return queryOptions({
    queryKey: ["message", id],
    queryFn: ({ signal }) =>
      api.ask((client) =>
        client.GET("/api/v1/messages/{message_id}", {
          params: { path: { message_id: id } },
          signal,
        }),
      ),
  });
}

const WORDS_MS = 3_000;
const WORDS_LOOKS = 20;

/**
 * What each channel of a message's revision is offered; looked at again for a minute while a model is
 * asked. Until a new revision's posts are there, those of the last one are its placeholder.
 */
export function postsQuery(api: Api, { id, revision }: Pick<Message, "id" | "revision">) {
  return queryOptions({
    queryKey: ["message", id, "posts", revision],
    queryFn: async ({ signal }) => {
      const path = { message_id: id };
      return (
        await api.get((client) =>
          client.GET("/api/v1/messages/{message_id}/posts", { params: { path }, signal }),
        )
      ).channels;
    },
    placeholderData: (before: Preview[] | undefined, query) => (query?.queryKey[1] === id ? before : undefined),
    refetchInterval: ({ state }) => {
      const isOpen = state.data?.some(({ words }) => !words.final) ?? false;
      return isOpen && state.dataUpdateCount < WORDS_LOOKS ? WORDS_MS : false;
    },
  });
}

export function timelineQuery(api: Api, id: string) {
  return queryOptions({
    queryKey: ["message", id, "timeline"],
    queryFn: async ({ signal }) => {
      const path = { message_id: id };
      return (
        await api.get((client) =>
          client.GET("/api/v1/messages/{message_id}/timeline", { params: { path }, signal }),
        )
      ).items;
    },
  });
}

export function catalogueQuery(api: Api) {
  return queryOptions({
    queryKey: ["catalogue"],
    queryFn: async ({ signal }) =>
      (await api.get((client) => client.GET("/api/v1/certifications/types", { signal }))).items,
    staleTime: 60 * MINUTE,
  });
}
