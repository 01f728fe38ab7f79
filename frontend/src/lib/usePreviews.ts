import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { Preview, Schemas } from "./api";
import { asProblem, type Fault } from "./problem";
import { useApi } from "./product";
import { standing } from "./standing";

export type PreviewBody = Schemas["MessageBody"] | Schemas["CertificationPreview"];

const CALM_MS = 350;

/** What each channel would be offered, asked of the API while one types; null: nothing to ask yet. */
export function usePreviews(body: PreviewBody | null): {
  previews: readonly Preview[];
  /** What is wrong with the input as a whole, by pointer, as far as it stands still. */
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
      const { channels } = await api.get((client) =>
        client.POST("/api/v1/previews", { body: asked as never, signal }),
      );
      return { asked, channels };
    },
    enabled: calm !== "null",
    placeholderData: keepPreviousData,
    staleTime: 60_000,
    gcTime: 60_000,
    retry: false,
  });
  const problem = found.isError ? asProblem(found.error) : null;
  const { asked, channels } = (body !== null && found.data) || { asked: null, channels: [] };
  return {
    previews: channels.map((preview) => ({ ...preview, faults: standing(named(preview), asked, body) })),
    faults: standing(problem?.faults ?? [], JSON.parse(calm), body),
    isCurrent: calm === text && !found.isFetching,
    error: problem && problem.faults.length === 0 ? problem : null,
  };
}

/** The faults of a channel's preview, each naming the channel. */
function named({ channel, faults }: Preview): Fault[] {
  return faults.map((fault) => ({ ...fault, channel }));
}

function useCalm(value: string): string {
  const [calm, setCalm] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setCalm(value), CALM_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return calm;
}
