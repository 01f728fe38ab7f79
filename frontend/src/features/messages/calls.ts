import { useMutation } from "@tanstack/react-query";
import type { ChannelName, Message, Schemas } from "@/lib/api";
import { useApi, useRefresh } from "@/lib/product";

export type Answer = Schemas["ResolveBody"]["answer"];

export type Action =
  | { do: "publish" | "cancel" }
  | { do: "retry" | "unpublish"; channel: ChannelName }
  | { do: "resolve"; channel: ChannelName; answer: Answer; recipient: string | null };

/** Do something with a message; whatever comes back, what is shown is read anew. */
export function useAction(id: string) {
  const api = useApi();
  const refresh = useRefresh();
  return useMutation({
    mutationFn: (action: Action): Promise<Message> => {
      const route = `${id}/${action.do}/${"channel" in action ? action.channel : ""}`;
      return api.once(route, action, async (client, header) => {
        const message = { message_id: id };
        if (!("channel" in action)) {
          const params = { path: message, header };
          return action.do === "publish"
            ? client.POST("/api/v1/messages/{message_id}/publish", { params })
            : client.POST("/api/v1/messages/{message_id}/cancel", { params });
        }
        const params = { path: { ...message, channel: action.channel }, header };
        if (action.do === "retry") {
          return client.POST("/api/v1/messages/{message_id}/deliveries/{channel}/retry", { params });
        }
        if (action.do !== "resolve") {
          return client.POST("/api/v1/messages/{message_id}/deliveries/{channel}/unpublish", {
            params,
          });
        }
        const { answer, recipient } = action;
        const body = { answer, recipient };
        return client.POST("/api/v1/messages/{message_id}/deliveries/{channel}/resolve", {
          params,
          body,
        });
      });
    },
    onSettled: () => refresh(id),
  });
}
