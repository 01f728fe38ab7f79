import { useQueryClient } from "@tanstack/react-query";
import { createContext, useContext, useSyncExternalStore } from "react";
import type { Api } from "./api";
import type { Config } from "./config";
import type { Drafts } from "./drafts";
import type { Live, LiveMode } from "./live";
import type { Session, SessionState } from "./session";

/** What every view may use; made once where the app starts. */
export interface Product {
  config: Config;
  session: Session;
  api: Api;
  live: Live;
  drafts: Drafts;
}

const Context = createContext<Product | null>(null);

export const ProductProvider = Context.Provider;

export function useProduct(): Product {
  const product = useContext(Context);
  if (!product) throw new Error("There is no product around this view.");
  return product;
}

export function useApi(): Api {
  return useProduct().api;
}

export function useSessionState(session: Session): SessionState {
  return useSyncExternalStore(session.subscribe, session.state);
}

export function useLiveMode(): LiveMode {
  const { live } = useProduct();
  return useSyncExternalStore(live.subscribe, live.current);
}

/** Read anew whatever is on the screen that a change of a message shows in. */
export function useRefresh(): (id?: string | null) => Promise<void> {
  const queries = useQueryClient();
  const { live } = useProduct();
  return async (id) => {
    live.hurry();
    await queries.invalidateQueries({ predicate: (query) => concerns(query.queryKey, id ?? null) });
  };
}

/** Tell whether a query reads messages, and if an id is given that one or a list. */
export function concerns(key: readonly unknown[], id: string | null): boolean {
  const [kind, of] = key;
  if (kind === "messages" || kind === "certifications") return true;
  return kind === "message" && (id === null || of === id);
}
