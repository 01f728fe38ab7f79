import { QueryClient } from "@tanstack/react-query";
import { Api } from "@/lib/api";
import { loadConfig } from "@/lib/config";
import { Drafts } from "@/lib/drafts";
import { Intentions } from "@/lib/intentions";
import { browserSurroundings, Live } from "@/lib/live";
import { Problem } from "@/lib/problem";
import { concerns, type Product } from "@/lib/product";
import { channelsQuery, meQuery } from "@/lib/queries";
import { openSession } from "@/lib/session";

const TRIES = 2;

export interface Started {
  product: Product;
  queries: QueryClient;
}

/** Learn where everything is, see who is signed in, and put the parts together. */
export async function start(base: string): Promise<Started> {
  const config = await loadConfig(base);
  const { session, returnTo } = await openSession(config, base);
  if (returnTo !== null) window.history.replaceState(null, "", returnTo);
  const api = new Api(config.apiUrl, session, new Intentions(window.sessionStorage));
  const queries = newQueries();
  const live = new Live(
    {
      websocketUrl: config.websocketUrl,
      ticket: () => ticket(api),
      changed: (id) =>
        void queries.invalidateQueries({ predicate: (query) => concerns(query.queryKey, id) }),
    },
    browserSurroundings,
  );
  for (const [target, event] of [
    [document, "visibilitychange"],
    [window, "online"],
    [window, "offline"],
  ] as const) {
    target.addEventListener(event, () => live.look());
  }
  // Every page needs these: they are asked for before anything is drawn.
  if (session.state() === "signed-in") {
    void queries.prefetchQuery(meQuery(api));
    void queries.prefetchQuery(channelsQuery(api));
  }
  const drafts = new Drafts(window.localStorage, session.userId() ?? "nobody");
  return { product: { config, session, api, live, drafts }, queries };
}

function newQueries(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        retry: (count, error) => count < TRIES && isPassing(error),
        staleTime: 2_000,
        refetchOnWindowFocus: true,
      },
      mutations: { retry: false, networkMode: "always" },
    },
  });
}

/** An error that another try may not meet again. */
function isPassing(error: unknown): boolean {
  return !(error instanceof Problem) || error.isUncertain;
}

async function ticket(api: Api): Promise<string> {
  return (await api.get((client) => client.POST("/api/v1/live-tickets"))).ticket;
}
