import { useEffect, useRef, useState, type DragEvent, type KeyboardEvent, type MouseEvent } from "react";

export interface GridActions {
  /** The cell that a key leads to from another; null if none. It may be beyond what is shown. */
  next(cell: string, key: string): string | null;
  /** Show what is around a cell that is not in the grid. */
  reveal(cell: string): void;
  isShown(cell: string): boolean;
  write(cell: string): void;
  pickUp(id: string): void;
  drop(id: string, cell: string): void;
}

/**
 * The keys, clicks and drags of a grid of cells with entries in them (the ARIA grid pattern).
 *
 * Cells carry `data-cell`, entries `data-entry`; one cell at a time, and what is in it, is reached
 * with the tab key.
 */
export function useGrid(first: string, actions: GridActions) {
  const [active, setActive] = useState(first);
  const [over, setOver] = useState<string | null>(null);
  const grid = useRef<HTMLTableElement>(null);
  const dragged = useRef<string | null>(null);
  const wantsFocus = useRef(false);
  useEffect(() => {
    const cell = wantsFocus.current ? cellOf(grid.current, active) : null;
    if (!cell) return; // it may have to be revealed first
    wantsFocus.current = false;
    cell.focus();
  });
  const at = actions.isShown(active) ? active : first;

  const go = (cell: string) => {
    wantsFocus.current = true;
    setActive(cell);
    if (!actions.isShown(cell)) actions.reveal(cell);
  };
  const press = (event: KeyboardEvent) => {
    const place = placeOf(event);
    if (!place || event.ctrlKey || event.metaKey || event.altKey) return;
    if (answer(event.key, place)) {
      event.preventDefault();
      event.stopPropagation();
    }
  };
  const answer = (key: string, { cell, name, stop }: Place): boolean => {
    if (stop && (key === "ArrowDown" || key === "ArrowUp" || key === "Escape")) {
      const stops = stopsOf(cell);
      const to = stops[stops.indexOf(stop) + (key === "ArrowDown" ? 1 : -1)];
      (key === "Escape" ? cell : (to ?? cell)).focus();
      return true;
    }
    const letter = key.toLowerCase();
    if (letter === "m" && stop?.dataset.movable) return did(actions.pickUp(stop.dataset.entry as string));
    if (letter === "n") return did(actions.write(name));
    if (key === "Enter" && !stop) {
      const inside = cell.querySelector<HTMLElement>("[data-entry], [data-more]");
      return did(inside ? inside.focus() : actions.write(name));
    }
    const next = actions.next(name, key);
    return next === null ? false : did(go(next));
  };
  return {
    active: at,
    over,
    props: {
      ref: grid,
      onKeyDown: press,
      onFocus: (event: React.FocusEvent) => {
        const place = placeOf(event);
        if (place && place.name !== active) setActive(place.name);
      },
      onClick: (event: MouseEvent) => {
        const place = placeOf(event);
        if (place && !(event.target as Element).closest("a, button")) actions.write(place.name);
      },
      onDragStart: (event: DragEvent) => {
        const id = (event.target as HTMLElement).closest<HTMLElement>("[data-movable]")?.dataset.entry;
        if (!id) return event.preventDefault();
        dragged.current = id;
        event.dataTransfer.effectAllowed = "move";
        event.dataTransfer.setData("text/plain", id);
      },
      onDragOver: (event: DragEvent) => {
        const place = placeOf(event);
        if (dragged.current === null || place === null) return setOver(null);
        // Also over what is past: only what is dropped can be told why it stays.
        event.preventDefault();
        setOver(place.name);
      },
      onDragEnd: () => {
        dragged.current = null;
        setOver(null);
      },
      onDrop: (event: DragEvent) => {
        const place = placeOf(event);
        const id = dragged.current;
        dragged.current = null;
        setOver(null);
        if (!place || !id) return;
        event.preventDefault();
        actions.drop(id, place.name);
      },
    },
  };
}

interface Place {
  cell: HTMLElement;
  name: string;
  /** What is reached inside the cell. */
  stop: HTMLElement | null;
}

function placeOf(event: { target: EventTarget }): Place | null {
  const target = event.target as HTMLElement;
  const cell = target.closest<HTMLElement>("[data-cell]");
  if (!cell) return null;
  return { cell, name: cell.dataset.cell as string, stop: target.closest<HTMLElement>("a") };
}

function stopsOf(cell: HTMLElement): HTMLElement[] {
  return [...cell.querySelectorAll<HTMLElement>("[data-entry], [data-more]")];
}

function cellOf(grid: HTMLElement | null, name: string): HTMLElement | null {
  return grid?.querySelector<HTMLElement>(`[data-cell="${name}"]`) ?? null;
}

/** Give the focus back to an entry, or to the cell where it is one of many. */
export function focusEntry(id: string, cell: string): void {
  const found = document.querySelector<HTMLElement>(`[data-entry="${id}"]`);
  (found ?? cellOf(document.body, cell))?.focus();
}

function did(_: void): true {
  return true;
}
