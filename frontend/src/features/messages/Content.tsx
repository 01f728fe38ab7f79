import { Trans } from "@lingui/react/macro";
import { Icon } from "@/components/Icon";
import type { Message } from "@/lib/api";

/** What its author wrote, before any channel. As text: nothing of it can become markup. */
export function Content({ message }: { message: Message }) {
  return (
    <section className="card stack" aria-labelledby="content-title">
      <h2 id="content-title">
        <Trans>What was written</Trans>
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
    </section>
  );
}
