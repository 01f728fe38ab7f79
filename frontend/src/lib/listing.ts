/** A list of messages read to its end, page by page; what is there is shown while the rest comes. */
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import type { MessageItem, Schemas } from "./api";
import { useApi } from "./product";

const PAGE = 100;
/** No view shows more; one that is full says so. */
export const MOST = 4_000;

export interface Wanted {
  scope: "own" | "all";
  status?: Schemas["MessageStatus"];
  /** Bounds of when they are due, both inclusive. */
  from?: string;
  to?: string;
  /** How many are wanted at most. */
  most?: number;
}

export interface Listing {
  items: readonly MessageItem[];
  /** Nothing has come yet. */
  isPending: boolean;
  isComplete: boolean;
  /** There are more than are shown. */
  isFull: boolean;
  error: unknown;
  retry(): void;
}

export function useListing(wanted: Wanted, isEnabled = true): Listing {
  const api = useApi();
  const { most = MOST, ...query } = wanted;
  const list = useInfiniteQuery({
    queryKey: ["messages", "listing", query, most],
    queryFn: ({ pageParam, signal }) => {
      const asked = { ...query, limit: Math.min(PAGE, most), ...(pageParam && { cursor: pageParam }) };
      return api.get((client) => client.GET("/api/v1/messages", { params: { query: asked }, signal }));
    },
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor,
    enabled: isEnabled,
    placeholderData: keepPreviousData,
  });
  const { data, hasNextPage, isFetching, isError, isPlaceholderData, fetchNextPage } = list;
  const items = useMemo(() => data?.pages.flatMap((page) => page.items) ?? [], [data]);
  const isFull = hasNextPage && items.length >= most;
  useEffect(() => {
    if (hasNextPage && !isFull && !isFetching && !isError && !isPlaceholderData) void fetchNextPage();
  }, [hasNextPage, isFull, isFetching, isError, isPlaceholderData, fetchNextPage]);
  return {
    items,
    isPending: list.isPending || isPlaceholderData,
    isComplete: !hasNextPage && !isPlaceholderData,
    isFull,
    error: list.error,
    retry: () => void list.refetch(),
  };
}
