import { msg } from "@lingui/core/macro";
import { Plural, Trans, useLingui } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import type { MessageDescriptor } from "@lingui/core";
import type { ReactNode } from "react";
import { Button } from "@/components/Button";
import { ChannelMark } from "@/components/ChannelMark";
import type { IconName } from "@/components/Icon";
import { Badge, type Tone } from "@/components/Status";
import { Ago, dateTime, relative, When } from "@/components/Time";
import { Note } from "@/components/States";
import type { Channel } from "@/lib/api";
import { formatTag } from "@/lib/language";
import { useApi } from "@/lib/product";
import { healthOf, hostOf, type Health } from "./health";

const LOOKS: Record<Health, { tone: Tone; icon: IconName; words: MessageDescriptor }> = {
  good: { tone: "good", icon: "check", words: msg`Connected` },
  expiring: { tone: "warn", icon: "clock", words: msg`Expires soon` },
  expired: { tone: "bad", icon: "clock", words: msg`Expired` },
  paused: { tone: "warn", icon: "clock", words: msg`Paused by the platform` },
  blocked: { tone: "bad", icon: "lock", words: msg`Credentials refused` },
  missing: { tone: "wait", icon: "unplugged", words: msg`Not connected` },
};

const UNITS: Record<Channel["limits"]["unit"], MessageDescriptor> = {
  characters: msg`characters`,
  code_points: msg`code points`,
  utf16_units: msg`UTF-16 units`,
  utf8_bytes: msg`bytes of UTF-8`,
  graphemes: msg`visible characters`,
};

const DOUBTS: Record<Channel["reconcilability"], MessageDescriptor> = {
  key: msg`The same request is sent again under its key; the platform publishes it once.`,
  handle: msg`The post is prepared first, so we ask for it by its handle.`,
  lookup: msg`We look for it among our own recent posts.`,
  event: msg`We wait for the platform's report of it.`,
  none: msg`The platform can't be asked: a person looks and answers.`,
};

const RECIPIENTS = 100;

/** One channel: how it does, as whom we are there, what it takes. */
export function ChannelPanel(props: {
  channel: Channel;
  now: number;
  onConnect: (() => void) | null;
  countsRecipients: boolean;
}) {
  const { channel, now, onConnect } = props;
  const { i18n } = useLingui();
  const { account } = channel;
  const health = healthOf(channel, now);
  const look = LOOKS[health];
  return (
    <article className="card channel" data-health={health} aria-labelledby={`channel-${channel.name}`}>
      <header className="channel-head">
        <ChannelMark channel={channel.name} size={20} />
        <div className="grow">
          <h2 id={`channel-${channel.name}`}>{channel.title}</h2>
          <p className="soft channel-as">{account.identity ?? <Trans>Nobody yet</Trans>}</p>
        </div>
        <Badge tone={look.tone} icon={look.icon}>
          {i18n._(look.words)}
        </Badge>
      </header>
      {account.problem && (
        <Note tone="warn">
          {account.problem}{" "}
          {health === "blocked" && <Trans>Deliveries wait, and go on once the account is connected again.</Trans>}
        </Note>
      )}
      <dl className="facts">
        {channel.token_expires_at && (
          <Fact name={<Trans>Access expires</Trans>}>
            <span title={dateTime(channel.token_expires_at, formatTag())}>
              {relative(Date.parse(channel.token_expires_at), now, formatTag())}
            </span>{" "}
            <span className="faint">
              <When at={channel.token_expires_at} />
            </span>
          </Fact>
        )}
        {health === "paused" && account.paused_until && (
          <Fact name={<Trans>Goes on</Trans>}>
            <Ago at={account.paused_until} />
          </Fact>
        )}
        {props.countsRecipients && <Recipients channel={channel} />}
        <Limits channel={channel} />
        <Pictures channel={channel} />
        <Fact name={<Trans>If no answer comes</Trans>}>{i18n._(DOUBTS[channel.reconcilability])}</Fact>
        {account.scopes.length > 0 && (
          <Fact name={<Trans>Permissions</Trans>}>
            <code className="scopes">{account.scopes.join(", ")}</code>
          </Fact>
        )}
      </dl>
      <footer className="channel-foot">
        <span className="faint">
          {account.checked_at && (
            <Trans>
              Checked <Ago at={account.checked_at} />
            </Trans>
          )}
        </span>
        {onConnect && (
          <Button small icon="plug" kind={health === "good" ? "plain" : "primary"} onClick={onConnect}>
            {health === "missing" ? (
              <Trans>
                Connect<span className="unseen"> {channel.title}</span>
              </Trans>
            ) : (
              <Trans>
                Replace credentials<span className="unseen"> {channel.title}</span>
              </Trans>
            )}
          </Button>
        )}
      </footer>
    </article>
  );
}

function Fact({ name, children }: { name: ReactNode; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Limits({ channel }: { channel: Channel }) {
  const { i18n } = useLingui();
  const { limits } = channel;
  const number = new Intl.NumberFormat(formatTag());
  const size = number.format(limits.max_text);
  const unit = i18n._(UNITS[limits.unit]);
  return (
    <Fact name={<Trans>Text</Trans>}>
      <Trans>
        up to {size} {unit}
      </Trans>
      {limits.max_subject !== null && (
        <>
          , <Trans>subject up to {limits.max_subject}</Trans>
        </>
      )}
      {limits.max_hashtags !== null && (
        <>
          , <Plural value={limits.max_hashtags} one="# hashtag" other="# hashtags" />
        </>
      )}
      {limits.max_mentions !== null && (
        <>
          , <Plural value={limits.max_mentions} one="# mention" other="# mentions" />
        </>
      )}
      <Source of={limits} />
    </Fact>
  );
}

function Pictures({ channel }: { channel: Channel }) {
  const { media_rules: rules } = channel;
  const number = new Intl.NumberFormat(formatTag(), { maximumFractionDigits: 1 });
  const megabytes = number.format(rules.max_bytes / 1_000_000);
  if (rules.max_items === 0) {
    return (
      <Fact name={<Trans>Pictures</Trans>}>
        <Trans>none</Trans>
      </Fact>
    );
  }
  return (
    <Fact name={<Trans>Pictures</Trans>}>
      {rules.required ? (
        <Plural value={rules.max_items} one="one, at least" other="one at least, up to #" />
      ) : (
        <Plural value={rules.max_items} one="one" other="up to #" />
      )}
      {", "}
      <Trans>{megabytes} MB each</Trans>
      <Source of={rules} />
    </Fact>
  );
}

/** Where a limit was read, and when. */
function Source({ of }: { of: { source: string; date: string } }) {
  const host = hostOf(of.source);
  const day = new Intl.DateTimeFormat(formatTag(), { dateStyle: "medium", timeZone: "UTC" }).format(Date.parse(of.date));
  return (
    <span className="faint source">
      <a href={of.source} target="_blank" rel="noreferrer">
        {host}
      </a>
      , {day}
    </span>
  );
}

function Recipients({ channel }: { channel: Channel }) {
  const api = useApi();
  const { data } = useQuery({
    queryKey: ["recipients", channel.name, "count"],
    queryFn: ({ signal }) =>
      api.get((client) =>
        client.GET("/api/v1/channels/{channel}/recipients", {
          params: { path: { channel: channel.name }, query: { limit: RECIPIENTS } },
          signal,
        }),
      ),
    staleTime: 60_000,
  });
  if (!data) return null;
  const count = data.items.filter((one) => one.opted_out_at === null && one.undeliverable_at === null).length;
  return (
    <Fact name={<Trans>Recipients</Trans>}>
      {data.next_cursor ? (
        <Trans>more than {count}</Trans>
      ) : (
        <Plural value={count} _0="nobody yet" one="# person" other="# people" />
      )}
    </Fact>
  );
}
