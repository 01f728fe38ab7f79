import type { ReactNode, SelectHTMLAttributes } from "react";
import { Field } from "./Field";
import { Icon } from "./Icon";

/** The platform's own list: the best there is on a phone, and by keyboard. */
export function Select({
  label,
  hint,
  faults,
  children,
  ...select
}: {
  label: ReactNode;
  hint?: ReactNode;
  faults?: readonly string[];
} & SelectHTMLAttributes<HTMLSelectElement>) {
  return (
    <Field label={label} hint={hint} faults={faults}>
      {(described) => (
        <span className="select">
          <select className="input" {...select} {...described}>
            {children}
          </select>
          <Icon name="down" size={16} />
        </span>
      )}
    </Field>
  );
}
