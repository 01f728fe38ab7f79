import { Trans } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { Icon } from "@/components/Icon";
import { ErrorState, Skeleton } from "@/components/States";
import { Status } from "@/components/Status";
import { useApi, useProduct } from "@/lib/product";
import { recipientsQuery } from "./recipientsQuery";
import { usePersonWords } from "./usePersonWords";

/** Who got it on a direct channel: names for managers; for others people are counted. */
export function Recipients({ id, channel }: { id: string; channel: string }) {
  const { config } = useProduct();
  const person = usePersonWords(channel);
  const found = useQuery(recipientsQuery(useApi(), id, channel));
  if (found.isPending) return <Skeleton lines={3} />;
  if (found.isError) return <ErrorState error={found.error} onRetry={() => void found.refetch()} />;
  return (
    <ul className="recipients">
      {found.data.map((one, index) => (
        <li key={one.recipient}>
          <strong dir="auto">{person(one.recipient, index + 1)}</strong>
          <Status status={one.status} plain />
          {one.error && <span>{one.error.detail}</span>}
          {config.wallUrl && one.external_id && (
            <a
              className="lane-link"
              href={`${config.wallUrl}/#/${channel}/${one.external_id}`}
              target="_blank"
              rel="noreferrer"
            >
              <Trans>See it on the wall</Trans>
              <Icon name="external" size={14} />
            </a>
          )}
        </li>
      ))}
    </ul>
  );
}
