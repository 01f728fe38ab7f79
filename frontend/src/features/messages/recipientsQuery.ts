import { queryOptions } from "@tanstack/react-query";
import type { Api } from "@/lib/api";

/** The first hundred people of a direct channel, with how it stands with each. */
export function recipientsQuery(api: Api, id: string, channel: string) {
  return queryOptions({
    queryKey: ["message", id, "recipients", channel],
    queryFn: async ({ signal }) => {
      const params = { path: { message_id: id }, query: { channel, limit: 100 } };
      return (
        await api.get((client) =>
          client.GET("/api/v1/messages/{message_id}/recipients", { params: params as never, signal }),
        )
      ).items;
    },
  });
}
