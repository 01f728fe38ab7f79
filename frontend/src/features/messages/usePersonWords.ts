import { useLingui } from "@lingui/react/macro";
import { queryOptions, useQuery } from "@tanstack/react-query";
import type { Api, Schemas } from "@/lib/api";
import { meQuery } from "@/lib/queries";
import { useApi } from "@/lib/product";
import { isManager } from "@/lib/roles";
import { namesOf } from "./people";

const PAGES = 10;

/** Who may be written to on a channel: the first thousand, by id; only managers are told. */
function peopleQuery(api: Api, channel: string) {
  return queryOptions({
    queryKey: ["people", channel],
    queryFn: async ({ signal }) => {
      const found: Schemas["RecipientView"][] = [];
      let cursor: string | null = "";
      for (let page = 0; page < PAGES && cursor !== null; page++) {
        const query: object = { limit: 100, ...(cursor && { cursor }) };
        const params = { path: { channel }, query };
        const { items, next_cursor } = await api.get((client) =>
          client.GET("/api/v1/channels/{channel}/recipients", { params: params as never, signal }),
        );
        found.push(...items);
        cursor = next_cursor;
      }
      return namesOf(found);
    },
    staleTime: 60_000,
  });
}

/** How a recipient is called: by name for managers, else by the place in the list. */
export function usePersonWords(channel: string): (recipient: string, place: number) => string {
  const { t } = useLingui();
  const api = useApi();
  const { data: me } = useQuery(meQuery(api));
  const { data: names } = useQuery({ ...peopleQuery(api, channel), enabled: isManager(me?.role) });
  return (recipient, place) => names?.get(recipient) ?? t`Person ${place}`;
}
