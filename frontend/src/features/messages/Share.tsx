import { Trans, useLingui } from "@lingui/react/macro";
import { Button } from "@/components/Button";
import { Icon } from "@/components/Icon";
import { useTell } from "@/components/Toast";
import type { Message } from "@/lib/api";
import { firstLine } from "@/lib/text";

/** Carry the news further, once a post can be seen by everyone. */
export function Share({ message }: { message: Message }) {
  const { t } = useLingui();
  const tell = useTell();
  const url = message.deliveries.find((delivery) => delivery.status === "delivered" && delivery.url)?.url;
  if (!url) return null;
  const title = firstLine(message.content);
  const [link, words] = [encodeURIComponent(url), encodeURIComponent(`${title} ${url}`)];
  const places: [string, string][] = [
    ["LinkedIn", `https://www.linkedin.com/sharing/share-offsite/?url=${link}`],
    ["Facebook", `https://www.facebook.com/sharer/sharer.php?u=${link}`],
    ["WhatsApp", `https://wa.me/?text=${words}`],
  ];
  const copy = () => {
    navigator.clipboard.writeText(url).then(
      () => tell(t`The link is copied.`),
      () => tell(t`The browser did not let the link be copied.`, "bad"),
    );
  };
  return (
    <section className="share" aria-labelledby="share-title">
      <h2 id="share-title">
        <Trans>Spread the word</Trans>
      </h2>
      <div className="row">
        <Button icon="copy" small onClick={copy}>
          <Trans>Copy the link</Trans>
        </Button>
        {"share" in navigator && (
          <Button icon="share" small onClick={() => void navigator.share({ title, url }).catch(() => undefined)}>
            <Trans>Share</Trans>
          </Button>
        )}
        {places.map(([name, href]) => (
          <a key={name} className="button button-small" href={href} target="_blank" rel="noreferrer">
            {name}
            <Icon name="external" size={14} />
          </a>
        ))}
      </div>
    </section>
  );
}
