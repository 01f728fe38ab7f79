import { Trans, useLingui } from "@lingui/react/macro";
import { useId, useMemo } from "react";
import { formatTag } from "@/lib/language";
import { offsetText, resolve, zones } from "@/lib/zones";
import { Field } from "./Field";
import { Note } from "./States";
import { dateTime } from "./Time";

export interface Schedule {
  when: "now" | "later";
  /** What the clocks of `zone` show then, as `2026-12-01T15:00`. */
  wall: string;
  zone: string;
  /** Which of the two moments is meant in an hour that clocks repeat. */
  repeated: "earlier" | "later";
}

/** The moment that a schedule means; null while there is none. */
export function momentOf(schedule: Schedule): number | null {
  if (schedule.when === "now" || !schedule.wall) return null;
  const found = resolve(schedule.wall, schedule.zone);
  if (found.kind === "overlap") return found[schedule.repeated];
  return found.at;
}

/** Now, or at a time in a zone; what clocks skip or show twice is explained where it matters. */
export function ScheduleField(props: {
  value: Schedule;
  onChange(value: Schedule): void;
  faults?: readonly string[];
}) {
  const { value, onChange, faults } = props;
  const { t } = useLingui();
  const name = useId();
  const known = useMemo(() => [...new Set([value.zone, ...zones()])], [value.zone]);
  return (
    <fieldset className="stack stack-tight">
      <legend className="legend">
        <Trans>When</Trans>
      </legend>
      <div className="choice">
        {(["now", "later"] as const).map((when) => (
          <label key={when}>
            <input
              type="radio"
              name={name}
              checked={value.when === when}
              onChange={() => onChange({ ...value, when })}
            />
            {when === "now" ? <Trans>Now</Trans> : <Trans>At a time</Trans>}
          </label>
        ))}
      </div>
      {value.when === "later" && (
        <>
          <div className="pair">
            <Field label={<Trans>Date and time</Trans>} faults={faults}>
              {(described) => (
                <input
                  {...described}
                  className="input"
                  type="datetime-local"
                  value={value.wall}
                  onChange={(event) => onChange({ ...value, wall: event.target.value.slice(0, 16) })}
                />
              )}
            </Field>
            <Field label={<Trans>Time zone</Trans>}>
              {(described) => (
                <select
                  {...described}
                  className="input"
                  value={value.zone}
                  onChange={(event) => onChange({ ...value, zone: event.target.value })}
                >
                  {known.map((zone) => (
                    <option key={zone} value={zone}>
                      {zone.replaceAll("_", " ")}
                    </option>
                  ))}
                </select>
              )}
            </Field>
          </div>
          {value.wall && <Explained value={value} onChange={onChange} label={t`Which of the two`} />}
        </>
      )}
    </fieldset>
  );
}

function Explained(props: { value: Schedule; onChange(value: Schedule): void; label: string }) {
  const { value, onChange } = props;
  const name = useId();
  const found = resolve(value.wall, value.zone);
  const tag = formatTag();
  const shown = (at: number) => `${dateTime(at, tag, value.zone)} (UTC${offsetText(at, value.zone)})`;
  if (found.kind === "gap") {
    return (
      <Note tone="warn" icon="clock" title={<Trans>Clocks skip this time</Trans>}>
        <Trans>
          In {value.zone} the clocks are put on in that night. It goes out at {shown(found.at)}.
        </Trans>
      </Note>
    );
  }
  if (found.kind === "overlap") {
    return (
      <Note tone="warn" icon="clock" title={<Trans>Clocks show this time twice</Trans>}>
        <fieldset className="stack stack-tight">
          <legend className="unseen">{props.label}</legend>
          {(["earlier", "later"] as const).map((which) => (
            <label key={which} className="row">
              <input
                type="radio"
                name={name}
                checked={value.repeated === which}
                onChange={() => onChange({ ...value, repeated: which })}
              />
              {shown(found[which])}
            </label>
          ))}
        </fieldset>
      </Note>
    );
  }
  return <p className="field-hint">{shown(found.at)}</p>;
}
