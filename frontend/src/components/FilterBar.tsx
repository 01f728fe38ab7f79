import "./filters.css";
import { useLingui } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { useId } from "react";
import { toggled, type Filters } from "@/lib/filters";
import { channelsQuery } from "@/lib/queries";
import { useApi } from "@/lib/product";
import { ChannelMark } from "./ChannelMark";
import { Icon } from "./Icon";
import { LOOKS, useStatusWords, type MessageStatus } from "./Status";

/** What of a list is shown; the statuses with their signs and numbers are its legend, too. */
export function FilterBar(props: {
  filters: Filters;
  onChange(change: Partial<Filters>): void;
  manages: boolean;
  /** How many there are of each status, before the choice of statuses. */
  counts?: ReadonlyMap<MessageStatus, number>;
}) {
  const { filters, onChange, counts } = props;
  const { t } = useLingui();
  const { data: channels = [] } = useQuery(channelsQuery(useApi()));
  const whose = useId();
  return (
    <div className="filters">
      <div className="filters-row">
        <label className="filters-search">
          <span className="unseen">{t`Search in texts and authors`}</span>
          <Icon name="search" size={16} />
          <input
            className="input"
            type="search"
            placeholder={t`Search`}
            value={filters.text}
            onChange={(event) => onChange({ text: event.target.value })}
          />
        </label>
        <div className="chips" role="group" aria-label={t`Channels`}>
          {channels.map(({ name, title }) => (
            <button
              key={name}
              type="button"
              className="chip chip-channel"
              title={title}
              aria-pressed={filters.channels.includes(name)}
              onClick={() => onChange({ channels: toggled(filters.channels, name) })}
            >
              <ChannelMark channel={name} />
              <span className="unseen">{title}</span>
            </button>
          ))}
        </div>
        {props.manages && (
          <fieldset className="choice filters-whose">
            <legend className="unseen">{t`Whose messages`}</legend>
            {[false, true].map((isMine) => (
              <label key={String(isMine)}>
                <input
                  type="radio"
                  name={whose}
                  checked={filters.isMine === isMine}
                  onChange={() => onChange({ isMine })}
                />
                {isMine ? t`Mine` : t`Everyone's`}
              </label>
            ))}
          </fieldset>
        )}
      </div>
      {counts && (
        <StatusChips
          counts={counts}
          chosen={filters.statuses}
          onChange={(statuses) => onChange({ statuses })}
        />
      )}
    </div>
  );
}

function StatusChips(props: {
  counts: ReadonlyMap<MessageStatus, number>;
  chosen: readonly MessageStatus[];
  onChange(chosen: MessageStatus[]): void;
}) {
  const { t } = useLingui();
  const words = useStatusWords();
  const shown = [...props.counts].filter(([status, count]) => count > 0 || props.chosen.includes(status));
  return (
    <div className="chips" role="group" aria-label={t`Statuses`}>
      {shown.map(([status, count]) => (
        <button
          key={status}
          type="button"
          className="chip"
          data-tone={LOOKS[status].tone}
          aria-pressed={props.chosen.includes(status)}
          onClick={() => props.onChange(toggled(props.chosen, status))}
        >
          <Icon name={LOOKS[status].icon} size={14} />
          {words(status)} <b>{count}</b>
        </button>
      ))}
    </div>
  );
}
