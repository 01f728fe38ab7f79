import { useCallback, useEffect, useRef, useState } from "react";
import { useProduct } from "./product";

const CALM_MS = 400;

/**
 * A form's value that survives a reload, a lost session and a closed tab.
 *
 * `drop` forgets what was kept: it has been sent.
 */
export function useDraft<T extends object>(
  name: string,
  initial: T,
): { value: T; change(part: Partial<T>): void; drop(): void; wasKept: boolean } {
  const { drafts } = useProduct();
  const [kept] = useState(() => drafts.read<Partial<T>>(name));
  const [value, setValue] = useState<T>(() => ({ ...initial, ...kept }));
  const dirty = useRef(false);
  useEffect(() => {
    if (!dirty.current) return;
    const timer = setTimeout(() => drafts.write(name, value), CALM_MS);
    const now = () => drafts.write(name, value);
    window.addEventListener("pagehide", now);
    return () => {
      clearTimeout(timer);
      window.removeEventListener("pagehide", now);
      if (dirty.current) now();
    };
  }, [drafts, name, value]);
  const change = useCallback((part: Partial<T>) => {
    dirty.current = true;
    setValue((before) => ({ ...before, ...part }));
  }, []);
  const drop = useCallback(() => {
    dirty.current = false;
    drafts.drop(name);
  }, [drafts, name]);
  return { value, change, drop, wasKept: kept !== null };
}
