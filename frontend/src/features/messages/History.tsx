import { Trans } from "@lingui/react/macro";
import { When } from "@/components/Time";
import type { Message } from "@/lib/api";
import { useEventWords } from "./eventWords";
import { isWhole, type TimelineEntry } from "./journey";

/** What was done with the message as a whole, and who chose its words. */
export function History({ message, entries }: { message: Message; entries: readonly TimelineEntry[] }) {
  const words = useEventWords();
  const whole = entries.filter(isWhole);
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
            {entry.channel === "message" && entry.detail && <span className="soft">{entry.detail}</span>}
          </li>
        ))}
      </ol>
    </section>
  );
}
