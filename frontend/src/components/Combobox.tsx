import { useId, useMemo, useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import { matching } from "@/lib/matching";
import { Field } from "./Field";
import { Icon } from "./Icon";

export interface Choice {
  value: string;
  label: string;
  group: string;
  /** Further words it is found by. */
  words?: string;
  note?: ReactNode;
}

/** A long list that is searched by typing (ARIA combobox with a list box). */
export function Combobox(props: {
  label: ReactNode;
  hint?: ReactNode;
  faults?: readonly string[];
  choices: readonly Choice[];
  value: string;
  onChange(value: string): void;
  placeholder?: string;
  nothingFound: string;
}) {
  const { choices, value, onChange } = props;
  const list = useId();
  const [typed, setTyped] = useState<string | null>(null);
  const [open, setOpen] = useState(false);
  const [at, setAt] = useState(0);
  const box = useRef<HTMLDivElement>(null);
  const chosen = choices.find((choice) => choice.value === value);
  const found = useMemo(() => matching(choices, typed ?? ""), [choices, typed]);
  const active = open ? found[at] : undefined;

  const show = () => {
    setOpen(true);
    setAt(Math.max(0, typed === null ? found.findIndex((choice) => choice.value === value) : 0));
  };
  const take = (choice: Choice) => {
    onChange(choice.value);
    setTyped(null);
    setOpen(false);
  };
  const close = () => {
    setOpen(false);
    setTyped(null);
  };
  const move = (to: number) => {
    if (!open) return show();
    const next = Math.min(Math.max(to, 0), found.length - 1);
    setAt(next);
    document.getElementById(`${list}-${next}`)?.scrollIntoView({ block: "nearest" });
  };
  const press = (event: KeyboardEvent) => {
    const moves: Record<string, () => void> = {
      ArrowDown: () => move(at + 1),
      ArrowUp: () => move(at - 1),
      Home: () => move(0),
      End: () => move(found.length - 1),
      Enter: () => active && take(active),
      Escape: close,
    };
    const act = moves[event.key];
    if (!act || (!open && (event.key === "Enter" || event.key === "Home" || event.key === "End"))) return;
    event.preventDefault();
    act();
  };

  return (
    <Field label={props.label} hint={props.hint} faults={props.faults}>
      {(described) => (
        <div
          className="combobox"
          ref={box}
          onBlur={(event) => {
            if (!box.current?.contains(event.relatedTarget)) close();
          }}
        >
          <Icon name="search" size={16} />
          <input
            {...described}
            className="input"
            role="combobox"
            autoComplete="off"
            spellCheck={false}
            placeholder={props.placeholder}
            aria-expanded={open}
            aria-controls={list}
            aria-autocomplete="list"
            aria-activedescendant={active ? `${list}-${at}` : undefined}
            value={typed ?? chosen?.label ?? ""}
            onChange={(event) => {
              setTyped(event.target.value);
              setOpen(true);
              setAt(0);
            }}
            onFocus={(event) => event.target.select()}
            onClick={show}
            onKeyDown={press}
          />
          <div id={list} role="listbox" aria-label={String(props.placeholder ?? "")} hidden={!open} className="combobox-list">
            {found.length === 0 && <p className="combobox-nothing">{props.nothingFound}</p>}
            {groupsOf(found).map(([group, members]) => (
              <div key={group} role="group" aria-label={group}>
                <p className="combobox-group" aria-hidden="true">
                  {group}
                </p>
                {members.map(({ choice, index }) => (
                  <div
                    key={choice.value}
                    id={`${list}-${index}`}
                    role="option"
                    aria-selected={choice.value === value}
                    className="combobox-option"
                    data-active={index === at || undefined}
                    onPointerDown={(event) => event.preventDefault()}
                    onClick={() => take(choice)}
                  >
                    <span>{choice.label}</span>
                    {choice.note && <span className="combobox-note">{choice.note}</span>}
                  </div>
                ))}
              </div>
            ))}
          </div>
        </div>
      )}
    </Field>
  );
}

type Placed = { choice: Choice; index: number };

function groupsOf(choices: readonly Choice[]): [string, Placed[]][] {
  const groups = new Map<string, Placed[]>();
  choices.forEach((choice, index) => {
    const members = groups.get(choice.group) ?? [];
    groups.set(choice.group, [...members, { choice, index }]);
  });
  return [...groups];
}
