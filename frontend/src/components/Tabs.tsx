import { useId, type KeyboardEvent, type ReactNode } from "react";

export interface Tab {
  id: string;
  label: ReactNode;
}

/** Tabs with the arrow keys of the ARIA pattern; the panel shows what the chosen one is about. */
export function Tabs(props: {
  label: string;
  tabs: readonly Tab[];
  value: string;
  onChange(id: string): void;
  children: ReactNode;
}) {
  const { tabs, value, onChange } = props;
  const base = useId();
  const press = (event: KeyboardEvent) => {
    const at = tabs.findIndex((tab) => tab.id === value);
    const isReversed = document.documentElement.dir === "rtl";
    const step = { ArrowRight: isReversed ? -1 : 1, ArrowLeft: isReversed ? 1 : -1 }[event.key];
    const to =
      step !== undefined
        ? (at + step + tabs.length) % tabs.length
        : { Home: 0, End: tabs.length - 1 }[event.key];
    const next = to === undefined ? undefined : tabs[to];
    if (!next) return;
    event.preventDefault();
    onChange(next.id);
    document.getElementById(`${base}-${next.id}`)?.focus();
  };
  return (
    <div className="tabs">
      <div role="tablist" aria-label={props.label} className="tabs-list" onKeyDown={press}>
        {tabs.map((tab) => (
          <button
            key={tab.id}
            type="button"
            role="tab"
            id={`${base}-${tab.id}`}
            className="tab"
            aria-selected={tab.id === value}
            aria-controls={`${base}-panel`}
            tabIndex={tab.id === value ? 0 : -1}
            onClick={() => onChange(tab.id)}
          >
            {tab.label}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${base}-panel`} aria-labelledby={`${base}-${value}`} tabIndex={0}>
        {props.children}
      </div>
    </div>
  );
}
