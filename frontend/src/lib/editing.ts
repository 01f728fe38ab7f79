import { useMutation } from "@tanstack/react-query";
import type { Message, Schemas } from "./api";
import { useApi, useRefresh } from "./product";

export type Edit = Schemas["MessageEdit"];

/** Change a message as it was looked at: an edit of another revision is refused. */
export function useEdit({ id, revision }: Message) {
  const api = useApi();
  const refresh = useRefresh();
  return useMutation({
    mutationFn: (body: Edit) => {
      const params = { path: { message_id: id }, header: { "If-Match": `"${revision}"` } };
      return api.get((client) => client.PATCH("/api/v1/messages/{message_id}", { params, body }));
    },
    onSettled: () => refresh(id),
  });
}
