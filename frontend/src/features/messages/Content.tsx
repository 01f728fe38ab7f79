import { Trans } from "@lingui/react/macro";
import { ChannelMark, useChannelTitle } from "@/components/ChannelMark";
import { Icon } from "@/components/Icon";
import type { Message } from "@/lib/api";

/** What was written. As text: nothing of it can become markup. */
export function Content({ message }: { message: Message }) {
  const title = useChannelTitle();
  const variants = Object.entries(message.variants);
  return (
    <section className="card stack" aria-labelledby="content-title">
      <h2 id="content-title">
        <Trans>What it says</Trans>
      </h2>
      {message.subject && (
        <p>
          <span className="faint">
            <Trans>Subject</Trans>
          </span>{" "}
          <strong dir="auto">{message.subject}</strong>
        </p>
      )}
      <p className="prose" dir="auto">
        {message.content}
      </p>
      {message.media.length > 0 && (
        <ul className="stack stack-tight">
          {message.media.map((item) => (
            <li key={item.upload_id} className="row">
              <Icon name="image" />
              <span dir="auto">{item.alt_text || <Trans>A picture without a description</Trans>}</span>
            </li>
          ))}
        </ul>
      )}
      {variants.map(([channel, variant]) => (
        <div key={channel} className="variant">
          <p className="row">
            <ChannelMark channel={channel} />
            <strong>
              <Trans>On {title(channel)}</Trans>
            </strong>
          </p>
          {variant.subject && <p dir="auto">{variant.subject}</p>}
          {variant.content && (
            <p className="prose" dir="auto">
              {variant.content}
            </p>
          )}
        </div>
      ))}
    </section>
  );
}
