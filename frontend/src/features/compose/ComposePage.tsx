import "./compose.css";
import { useQuery } from "@tanstack/react-query";
import { useParams, useSearchParams } from "wouter";
import { ErrorState, Skeleton } from "@/components/States";
import type { Schemas } from "@/lib/api";
import { channelsQuery, meQuery, messageQuery } from "@/lib/queries";
import { useApi } from "@/lib/product";
import { browserZone, isZone, wallAt } from "@/lib/zones";
import { Composer } from "./Composer";
import { type Form, formOf } from "./composing";

/** Write a message, or change one that is not out yet. */
export default function ComposePage() {
  const { id } = useParams<{ id?: string }>();
  const [query] = useSearchParams();
  const api = useApi();
  const me = useQuery(meQuery(api));
  const channels = useQuery(channelsQuery(api));
  const message = useQuery({ ...messageQuery(api, id ?? ""), enabled: id !== undefined, refetchOnWindowFocus: false });
  const failed = [me, channels, message].find((one) => one.isError);
  if (failed) return <ErrorState level={1} error={failed.error} onRetry={() => void failed.refetch()} />;
  if (!me.data || !channels.data || (id && !message.data)) return <Skeleton lines={10} />;
  const home = zoneOf(me.data);
  if (!message.data) {
    return <Composer key="new" channels={channels.data} initial={blank(zoneIn(query) ?? home, query.get("at"))} name="compose" />;
  }
  const { value, etag } = message.data;
  const zone = value.time_zone ?? home;
  const wall = value.scheduled_at ? wallAt(Date.parse(value.scheduled_at), zone) : "";
  return (
    <Composer
      key={value.id}
      channels={channels.data}
      initial={formOf(value, wall, zone)}
      name={`edit.${value.id}.${value.revision}`}
      editing={{ message: value, etag }}
    />
  );
}

function zoneOf(me: Schemas["MeView"]): string {
  return me.time_zone && me.time_zone !== "UTC" ? me.time_zone : browserZone();
}

/** The zone whose clocks `at` is read on, if the address names one. */
function zoneIn(query: URLSearchParams): string | null {
  const named = query.get("zone");
  return named !== null && isZone(named) ? named : null;
}

/** An empty form; `at` is a wall time that the calendar chose. */
function blank(zone: string, at: string | null): Form {
  const wall = at !== null && /^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(at) ? at : "";
  return {
    content: "",
    subject: "",
    channels: [],
    variants: {},
    ownWords: [],
    media: [],
    when: wall ? "later" : "now",
    wall,
    zone,
    repeated: "earlier",
  };
}
