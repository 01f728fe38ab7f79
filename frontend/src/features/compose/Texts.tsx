import { Trans, useLingui } from "@lingui/react/macro";
import { Button } from "@/components/Button";
import { ChannelMark } from "@/components/ChannelMark";
import { useFaultWords } from "@/components/faultWords";
import { TextArea } from "@/components/Field";
import { Icon } from "@/components/Icon";
import { Tabs } from "@/components/Tabs";
import type { Channel } from "@/lib/api";
import type { Fault } from "@/lib/problem";
import { type Form, faultyChannels, textFaults } from "./composing";
import { Counter, Counters } from "./Counters";

/** The text for all, and for each channel that is unlocked one of its own. */
export function Texts(props: {
  channels: readonly Channel[];
  form: Form;
  change(part: Partial<Form>): void;
  tab: string;
  onTab(tab: string): void;
  faults: readonly Fault[];
  missing: string | null;
}) {
  const { channels, form, change, faults } = props;
  const { t } = useLingui();
  const tab = channels.some((channel) => channel.name === props.tab) ? props.tab : "all";
  const faulty = faultyChannels(faults);
  const shown = channels.find((channel) => channel.name === tab);
  const own = shown && form.variants[shown.name];
  const shared = channels.filter((channel) => !(channel.name in form.variants));
  const said = useFaultWords();
  const words = (channel: string | null) =>
    textFaults(faults, channel).map((fault) => said(fault, { isChannels: channel !== null }));
  const tailor = (name: string, content: string | null) => {
    const { [name]: _, ...others } = form.variants;
    change({ variants: content === null ? others : { ...others, [name]: { content, subject: "" } } });
  };
  return (
    <Tabs
      label={t`Texts`}
      value={tab}
      onChange={props.onTab}
      tabs={[
        { id: "all", label: <Trans>For all</Trans> },
        ...channels.map((channel) => ({
          id: channel.name,
          label: (
            <>
              <ChannelMark channel={channel.name} size={14} />
              {channel.title}
              {channel.name in form.variants && (
                <>
                  <Icon name="pen" size={14} />
                  <span className="unseen">{t`has a text of its own`}</span>
                </>
              )}
              {faulty.has(channel.name) && (
                <span className="tab-fault">
                  <Icon name="alert" size={14} />
                  <span className="unseen">{t`something is wrong`}</span>
                </span>
              )}
            </>
          ),
        })),
      ]}
    >
      {!shown && (
        <div className="stack stack-tight">
          <TextArea
            label={<Trans>Message</Trans>}
            value={form.content}
            onChange={(event) => change({ content: event.target.value })}
            faults={[...(props.missing ? [props.missing] : []), ...words(null)]}
          />
          <Counters channels={shared} text={form.content} />
        </div>
      )}
      {shown && own === undefined && (
        <div className="locked">
          <p className="prose" dir="auto">
            {form.content || <span className="faint">{t`The text for all comes here.`}</span>}
          </p>
          <Button icon="pen" small onClick={() => tailor(shown.name, form.content)}>
            <Trans>Tailor it for {shown.title}</Trans>
          </Button>
        </div>
      )}
      {shown && own !== undefined && (
        <div className="stack stack-tight">
          <TextArea
            label={<Trans>Message on {shown.title}</Trans>}
            aside={<Counter channel={shown} text={own.content} />}
            value={own.content}
            onChange={(event) => tailor(shown.name, event.target.value)}
            faults={words(shown.name)}
          />
          <div>
            <Button icon="lock" small onClick={() => tailor(shown.name, null)}>
              <Trans>Use the text for all again</Trans>
            </Button>
          </div>
        </div>
      )}
    </Tabs>
  );
}
