import { Trans } from "@lingui/react/macro";
import { When } from "@/components/Time";
import type { Message } from "@/lib/api";
import { useEventWords } from "./eventWords";
import type { TimelineEntry } from "./journey";

/** What people did with the message as a whole. */
export function History({ message, entries }: { message: Message; entries: readonly TimelineEntry[] }) {
  const words = useEventWords();
  const whole = entries.filter((entry) => entry.channel === "message");
  if (whole.length === 0) return null;
  return (
    <section className="stack stack-tight" aria-labelledby="history-title">
      <h2 id="history-title">
        <Trans>History</Trans>
      </h2>
      <ol className="events">
        {whole.map((entry, index) => (
          <li key={index}>
            <When at={entry.at} />
            <span>
              {words(entry)}
              {entry.actor === message.author && (
                <>
                  {" "}
                  <Trans>by {message.author_name}</Trans>
                </>
              )}
            </span>
            {entry.detail && <span className="soft">{entry.detail}</span>}
          </li>
        ))}
      </ol>
    </section>
  );
}
