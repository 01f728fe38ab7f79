import { msg } from "@lingui/core/macro";
import { Plural, Trans, useLingui } from "@lingui/react/macro";
import { Fragment } from "react";
import type { Preview } from "@/lib/api";
import { partsOf } from "@/lib/comparing";
import { formatTag } from "@/lib/language";
import { ChannelMark, useChannelTitle } from "./ChannelMark";
import { useFaultWords } from "./faultWords";
import { Faults } from "./Field";
import { Icon } from "./Icon";
import { WordsOf, type OwnWords } from "./WordsOf";

const UNITS = {
  code_points: msg`characters`,
  utf16_units: msg`characters`,
  utf8_bytes: msg`bytes`,
  graphemes: msg`characters`,
  characters: msg`characters`,
};

/** Exactly what a channel is offered, whose words those are, its length and what is wrong with it. */
export function PostPreview(props: {
  preview: Preview;
  /** It is of a message that is kept, not of one that is being written. */
  isStored?: boolean;
  /** Whose words it has is told of all channels where a model has a say in one. */
  tellsWords?: boolean;
  own?: OwnWords | undefined;
}) {
  const { preview, isStored = false, own } = props;
  const title = useChannelTitle();
  const words = useFaultWords();
  const { post, faults, segments } = preview;
  return (
    <article className="post" data-channel={preview.channel} aria-label={title(preview.channel)}>
      <header className="post-head">
        <ChannelMark channel={preview.channel} />
        <strong>{title(preview.channel)}</strong>
        <span className="grow" />
        <Meter used={preview.length.used} limit={preview.length.limit} unit={preview.length.unit} />
      </header>
      {post.subject && (
        <p className="post-subject" dir="auto">
          {post.subject}
        </p>
      )}
      <p className="post-text" dir="auto">
        <Text preview={preview} />
      </p>
      {post.link && <p className="post-link">{post.link}</p>}
      {post.media.map((picture) => (
        <p key={picture.ref} className="post-media">
          <Icon name="image" />
          <span dir="auto">{picture.alt_text || <Trans>A picture</Trans>}</span>
          <span className="faint">
            {picture.width} × {picture.height}
          </span>
        </p>
      ))}
      {segments && (
        <p className="faint">
          {segments.encoding} · <Plural value={segments.count} one="# segment" other="# segments" />
        </p>
      )}
      {props.tellsWords && <WordsOf preview={preview} isStored={isStored} own={own} />}
      <Faults faults={faults.map((fault) => words(fault, { isChannels: true }))} />
    </article>
  );
}

/** The text as it is posted; what a model added to the own words is marked. */
function Text({ preview: { post, words } }: { preview: Preview }) {
  if (words.own === null) return post.text;
  return partsOf(post.text, words.own).map((part, index) =>
    part.isAdded ? <mark key={index}>{part.text}</mark> : <Fragment key={index}>{part.text}</Fragment>,
  );
}

export function Meter({ used, limit, unit }: { used: number; limit: number; unit: keyof typeof UNITS }) {
  const { i18n } = useLingui();
  const number = new Intl.NumberFormat(formatTag());
  return (
    <span className="meter" data-over={used > limit || undefined}>
      {used > limit && <Icon name="alert" size={14} />}
      {number.format(used)} / {number.format(limit)} {i18n._(UNITS[unit])}
    </span>
  );
}
