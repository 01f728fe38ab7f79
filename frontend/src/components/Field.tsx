import { useId, type InputHTMLAttributes, type ReactNode, type TextareaHTMLAttributes } from "react";
import { useLayoutEffect, useRef } from "react";
import { Icon } from "./Icon";

interface Around {
  label: ReactNode;
  hint?: ReactNode;
  /** What is wrong with it; each is a sentence. */
  faults?: readonly string[];
  /** Stands at the label's other end: a counter, an action. */
  aside?: ReactNode;
  optional?: ReactNode;
}

export interface Described {
  id: string;
  "aria-describedby"?: string;
  "aria-invalid"?: boolean;
}

/** A label, a control, a hint and what is wrong, tied together for everyone. */
export function Field({
  label,
  hint,
  faults = [],
  aside,
  optional,
  children,
}: Around & { children: (described: Described) => ReactNode }) {
  const id = useId();
  const notes = [hint && `${id}-hint`, faults.length > 0 && `${id}-faults`].filter(Boolean);
  return (
    <div className="field" data-invalid={faults.length > 0 || undefined}>
      <div className="field-head">
        <label htmlFor={id}>
          {label} {optional && <span className="field-optional">{optional}</span>}
        </label>
        {aside}
      </div>
      {children({
        id,
        "aria-describedby": notes.join(" ") || undefined,
        "aria-invalid": faults.length > 0 || undefined,
      })}
      {hint && (
        <p className="field-hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      <Faults id={`${id}-faults`} faults={faults} />
    </div>
  );
}

export function Faults({ id, faults }: { id?: string; faults: readonly string[] }) {
  if (faults.length === 0) return null;
  return (
    <ul className="faults" id={id}>
      {[...new Set(faults)].map((fault) => (
        <li key={fault}>
          <Icon name="alert" size={16} />
          {fault}
        </li>
      ))}
    </ul>
  );
}

export function TextField({
  label,
  hint,
  faults,
  aside,
  optional,
  ...input
}: Around & InputHTMLAttributes<HTMLInputElement>) {
  return (
    <Field {...{ label, hint, faults, aside, optional }}>
      {(described) => <input className="input" type="text" {...input} {...described} />}
    </Field>
  );
}

/** A text that grows with what is in it. */
export function TextArea({
  label,
  hint,
  faults,
  aside,
  optional,
  ...area
}: Around & TextareaHTMLAttributes<HTMLTextAreaElement>) {
  const box = useRef<HTMLTextAreaElement>(null);
  useLayoutEffect(() => {
    const found = box.current;
    if (!found || CSS.supports("field-sizing", "content")) return;
    found.style.height = "auto";
    found.style.height = `${found.scrollHeight + 2}px`;
  }, [area.value]);
  return (
    <Field {...{ label, hint, faults, aside, optional }}>
      {(described) => (
        <textarea ref={box} className="input textarea" dir="auto" {...area} {...described} />
      )}
    </Field>
  );
}

export function Checkbox({
  children,
  hint,
  faults = [],
  ...input
}: { children: ReactNode; hint?: ReactNode; faults?: readonly string[] } & Omit<
  InputHTMLAttributes<HTMLInputElement>,
  "type"
>) {
  const id = useId();
  return (
    <div className="check" data-invalid={faults.length > 0 || undefined}>
      <input
        {...input}
        id={id}
        type="checkbox"
        aria-describedby={hint || faults.length ? `${id}-hint` : undefined}
        aria-invalid={faults.length > 0 || undefined}
      />
      <label htmlFor={id}>{children}</label>
      <div id={`${id}-hint`} className="check-notes">
        {hint && <p className="field-hint">{hint}</p>}
        <Faults faults={faults} />
      </div>
    </div>
  );
}
