import type { MessageDescriptor } from "@lingui/core";
import { msg } from "@lingui/core/macro";
import { Trans, useLingui } from "@lingui/react/macro";
import type { Preview } from "@/lib/api";
import { whose, type Whose } from "@/lib/wordings";
import { Button } from "./Button";
import { useChannelTitle } from "./ChannelMark";
import { Icon, type IconName } from "./Icon";

/** A person's choice of a channel's own words instead of a model's. */
export interface OwnWords {
  /** Whose they are: an announcement's are made by rule. */
  by: "author" | "rule";
  choose(channel: string, isOwn: boolean): void;
  /** The channel whose choice is being kept. */
  busy?: string | null;
}

const SIGNS: Record<Whose, IconName> = {
  model: "spark",
  open: "clock",
  chosen: "pen",
  declined: "info",
  author: "pen",
  rule: "medal",
};

const TITLES: Record<Whose, MessageDescriptor> = {
  model: msg`A model's words`,
  open: msg`The words may still change`,
  chosen: msg`Own words, as a person chose`,
  declined: msg`No model's words`,
  author: msg`The author's words`,
  rule: msg`The usual words of an announcement`,
};

/** Why a model's words were not used, by the reasons that the API gives. */
const REASONS: Record<string, MessageDescriptor> = {
  language_unsure: msg`Its language is not clearly English or Spanish.`,
  not_an_occasion: msg`It brings bad news or denies something: a model is not asked about that.`,
  too_long_to_ask: msg`It is too long to ask a model about.`,
  reserved_signs: msg`It has signs that are reserved for asking a model.`,
  not_in_the_catalogue: msg`The certification is not in the catalogue any more.`,
  not_in_time: msg`Its time came before the model's answer.`,
  approved_before: msg`It was approved before the model had answered.`,
  model_busy: msg`The model was busy.`,
  model_did_not_answer: msg`The model did not answer.`,
  model_not_allowed: msg`The model may not be used, or is not there.`,
  model_refused: msg`The model declined to answer.`,
  answer_cut: msg`The model's answer was cut off.`,
  answer_malformed: msg`The model's answer could not be read.`,
  channel_left_out: msg`The model left this channel out.`,
  facts_moved_or_missing: msg`The model moved a fact or left one out.`,
  facts_changed: msg`The model changed a fact.`,
  words_added: msg`The model added words that say something new.`,
  signs_added: msg`The model added signs that don't belong there.`,
  over_the_limit: msg`The model's words did not fit the channel.`,
};

/** Whose words a post says, why, what it would say without a model, and the choice of that. */
export function WordsOf(props: { preview: Preview; isStored: boolean; own?: OwnWords | undefined }) {
  const { preview, own } = props;
  const { i18n } = useLingui();
  const kind = whose(preview.words);
  return (
    <div className="words" data-whose={kind}>
      <p className="words-title">
        <Icon name={SIGNS[kind]} size={16} />
        {i18n._(TITLES[kind])}
      </p>
      <Explanation kind={kind} isStored={props.isStored} canBeKept={own?.by === "author"} reason={preview.words.reason} />
      {preview.words.own !== null && (
        <details className="words-own">
          <summary>
            <Trans>What it says without the model</Trans>
          </summary>
          <p className="post-text" dir="auto">
            {preview.words.own}
          </p>
        </details>
      )}
      {own && <Choice preview={preview} kind={kind} isStored={props.isStored} own={own} />}
    </div>
  );
}

function Explanation(props: { kind: Whose; isStored: boolean; canBeKept: boolean; reason: string | null }) {
  const { i18n } = useLingui();
  const { kind, reason } = props;
  if (kind === "declined" && reason) return <p>{REASONS[reason] ? i18n._(REASONS[reason]) : reason.replaceAll("_", " ")}</p>;
  if (kind === "model") {
    return (
      <p>
        <Trans>What it added is underlined. Facts are put in by the product itself.</Trans>
      </p>
    );
  }
  if (kind !== "open") return null;
  if (props.isStored) {
    return (
      <p>
        <Trans>A model is asked for words. Until it has answered this is what is posted.</Trans>
      </p>
    );
  }
  return (
    <p>
      <Trans>A model may put this in other words once you hand it in.</Trans>{" "}
      {props.canBeKept && <Trans>Save a draft to see them before.</Trans>}
    </p>
  );
}

function Choice(props: { preview: Preview; kind: Whose; isStored: boolean; own: OwnWords }) {
  const { preview, kind, own } = props;
  const { t } = useLingui();
  const title = useChannelTitle()(preview.channel);
  const choices = {
    back: [t`Let a model choose the words`, t`Let a model choose the words on ${title}`],
    rule: [t`Post the usual words`, t`Post the usual words on ${title}`],
    author: [t`Post the author's own words`, t`Post the author's own words on ${title}`],
    mine: [t`Post my own words`, t`Post my own words on ${title}`],
  };
  const isBack = kind === "chosen";
  if (!isBack && kind !== "model" && kind !== "open") return null;
  const [words, name] = choices[isBack ? "back" : own.by === "author" && !props.isStored ? "mine" : own.by];
  return (
    <Button
      small
      icon={isBack ? "spark" : SIGNS[own.by]}
      busy={own.busy === preview.channel}
      aria-label={name}
      onClick={() => own.choose(preview.channel, !isBack)}
    >
      {words}
    </Button>
  );
}
