import { useLingui } from "@lingui/react/macro";
import { useId } from "react";
import { Button } from "@/components/Button";
import { Icon } from "@/components/Icon";
import { browserZone } from "@/lib/zones";
import { turned, type View } from "./moving";
import type { Day } from "@/lib/days";
import { zoneText } from "./words";

/** Where in time one is, how it is looked at, and whose clocks are meant. */
export function Toolbar(props: {
  view: View;
  on: Day;
  today: Day;
  zone: string;
  profileZone: string | undefined;
  now: number;
  onChange(values: Readonly<Record<string, string>>): void;
}) {
  const { view, on, zone, now, onChange } = props;
  const { t } = useLingui();
  const name = useId();
  const views: [View, string][] = [
    ["month", t`Month`],
    ["week", t`Week`],
    ["day", t`Day`],
    ["list", t`List`],
  ];
  const zones = [...new Set([zone, browserZone(), props.profileZone ?? "UTC", "UTC"])];
  return (
    <div className="toolbar">
      <div className="row">
        <Button kind="plain" small icon="left" iconOnly onClick={() => onChange({ on: turned(view, on, -1) })}>
          {t`Earlier`}
        </Button>
        <Button kind="plain" small onClick={() => onChange({ on: "" })} disabled={on === props.today}>
          {t`Today`}
        </Button>
        <Button kind="plain" small icon="right" iconOnly onClick={() => onChange({ on: turned(view, on, 1) })}>
          {t`Later`}
        </Button>
      </div>
      <fieldset className="choice">
        <legend className="unseen">{t`View`}</legend>
        {views.map(([value, label]) => (
          <label key={value}>
            <input type="radio" name={name} checked={view === value} onChange={() => onChange({ view: value === "month" ? "" : value })} />
            {label}
          </label>
        ))}
      </fieldset>
      <label className="zone">
        <Icon name="clock" size={16} />
        <span className="unseen">{t`Time zone`}</span>
        <span className="select">
          <select
            className="input"
            value={zone}
            onChange={(event) => onChange({ zone: event.target.value === browserZone() ? "" : event.target.value })}
          >
            {zones.map((one) => (
              <option key={one} value={one}>
                {zoneText(one, now)}
              </option>
            ))}
          </select>
          <Icon name="down" size={16} />
        </span>
      </label>
    </div>
  );
}
