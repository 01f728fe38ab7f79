import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { Preview, Schemas } from "./api";
import { asProblem, type Fault } from "./problem";
import { useApi } from "./product";

export type PreviewBody = Schemas["MessageBody"] | Schemas["CertificationPreview"];

const CALM_MS = 350;

/** What each channel would be offered, asked of the API while one types; null: nothing to ask yet. */
export function usePreviews(body: PreviewBody | null): {
  previews: readonly Preview[];
  /** What is wrong with the input as a whole, by pointer. */
  faults: readonly Fault[];
  isCurrent: boolean;
  error: unknown;
} {
  const api = useApi();
  const text = JSON.stringify(body);
  const calm = useCalm(text);
  const found = useQuery({
    queryKey: ["preview", calm],
    queryFn: async ({ signal }) => {
      const asked = JSON.parse(calm) as PreviewBody;
      return (
        await api.get((client) => client.POST("/api/v1/previews", { body: asked as never, signal }))
      ).channels;
    },
    enabled: calm !== "null",
    placeholderData: keepPreviousData,
    staleTime: 60_000,
    gcTime: 60_000,
    retry: false,
  });
  const problem = found.isError ? asProblem(found.error) : null;
  return {
    previews: body === null ? [] : (found.data ?? []),
    faults: problem?.faults ?? [],
    isCurrent: calm === text && !found.isFetching,
    error: problem && problem.faults.length === 0 ? problem : null,
  };
}

function useCalm(value: string): string {
  const [calm, setCalm] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setCalm(value), CALM_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return calm;
}
