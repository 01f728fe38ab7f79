import "./home.css";
import { Trans, useLingui } from "@lingui/react/macro";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "wouter";
import { Button, ButtonLink } from "@/components/Button";
import { ChannelMarks } from "@/components/ChannelMark";
import { PageHead } from "@/components/PageHead";
import { EmptyState, ErrorState, Skeleton } from "@/components/States";
import { Status } from "@/components/Status";
import { Ago, When } from "@/components/Time";
import type { MessageItem } from "@/lib/api";
import { meQuery } from "@/lib/queries";
import { useApi } from "@/lib/product";
import { isManager } from "@/lib/roles";
import { firstLine } from "@/lib/text";
import { grouped, type Group } from "./grouping";

const PAGE = 50;

/** Where everything stands, what needs somebody first. */
export default function Home() {
  const { t } = useLingui();
  const api = useApi();
  const { data: me } = useQuery(meQuery(api));
  const manages = isManager(me?.role);
  const [mine, setMine] = useState(false);
  const everyone = manages && !mine;
  const list = useInfiniteQuery({
    queryKey: ["messages", everyone ? "all" : "mine"],
    queryFn: ({ pageParam, signal }) => {
      const query = { limit: PAGE, ...(everyone && { scope: "all" as const }), ...(pageParam && { cursor: pageParam }) };
      return api.get((client) => client.GET("/api/v1/messages", { params: { query }, signal }));
    },
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor,
    enabled: me !== undefined,
  });
  const items = list.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <div className="page">
      <PageHead title={<Trans>Overview</Trans>}>
        <div className="row">
          {manages && (
            <fieldset className="choice">
              <legend className="unseen">{t`Whose messages`}</legend>
              <label>
                <input type="radio" name="whose" checked={!mine} onChange={() => setMine(false)} />
                <Trans>Everyone's</Trans>
              </label>
              <label>
                <input type="radio" name="whose" checked={mine} onChange={() => setMine(true)} />
                <Trans>Mine</Trans>
              </label>
            </fieldset>
          )}
          <ButtonLink icon="pen" to="/compose">
            <Trans>Write</Trans>
          </ButtonLink>
          <ButtonLink kind="primary" icon="medal" to="/submit">
            <Trans>Announce</Trans>
          </ButtonLink>
        </div>
      </PageHead>
      {list.isPending ? (
        <Skeleton lines={8} />
      ) : list.isError && items.length === 0 ? (
        <ErrorState error={list.error} onRetry={() => void list.refetch()} />
      ) : items.length === 0 ? (
        <Nothing />
      ) : (
        <>
          {grouped(items, manages).map((group) => (
            <Section key={group.name} group={group} everyone={everyone} />
          ))}
          {list.hasNextPage && (
            <Button busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
              <Trans>Show older</Trans>
            </Button>
          )}
        </>
      )}
    </div>
  );
}

function Nothing() {
  return (
    <EmptyState
      icon="announce"
      title={<Trans>Nothing has been announced yet</Trans>}
      action={
        <ButtonLink kind="primary" icon="medal" to="/submit">
          <Trans>Announce an achievement</Trans>
        </ButtonLink>
      }
    >
      <Trans>
        Tell us who earned which certification. It appears on every channel you choose, once each, and
        you watch it arrive.
      </Trans>
    </EmptyState>
  );
}

function Section({ group, everyone }: { group: Group; everyone: boolean }) {
  const { t } = useLingui();
  const titles = {
    attention: t`Needs you`,
    moving: t`On its way`,
    coming: t`Coming up`,
    drafts: t`Drafts`,
    done: t`Done`,
  };
  const id = `group-${group.name}`;
  return (
    <section className="group" data-group={group.name} aria-labelledby={id}>
      <h2 id={id}>
        {titles[group.name]} <span className="faint">{group.items.length}</span>
      </h2>
      <ul className="list">
        {group.items.map((item) => (
          <Row key={item.id} item={item} everyone={everyone} />
        ))}
      </ul>
    </section>
  );
}

function Row({ item, everyone }: { item: MessageItem; everyone: boolean }) {
  return (
    <li className="list-row">
      <Link className="list-link" to={`/messages/${item.id}`} dir="auto">
        {item.subject ?? firstLine(item.content)}
      </Link>
      <span className="list-facts">
        <ChannelMarks channels={item.channels} />
        <span className="faint">
          {everyone && <>{item.author_name} · </>}
          {item.scheduled_at && item.status === "scheduled" ? (
            <When at={item.scheduled_at} zone={item.time_zone} />
          ) : (
            <Ago at={item.created_at} />
          )}
        </span>
      </span>
      <Status status={item.status} />
    </li>
  );
}
