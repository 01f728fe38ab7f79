import { createContext, useCallback, useContext, useMemo, useRef, useState, type ReactNode } from "react";
import { useLingui } from "@lingui/react/macro";
import { Button } from "./Button";
import { Icon } from "./Icon";

type Tone = "good" | "bad";
interface Toast {
  id: number;
  tone: Tone;
  text: ReactNode;
}
type Tell = (text: ReactNode, tone?: Tone) => void;

const STAYS_MS = 6_000;
const Telling = createContext<Tell>(() => undefined);

/** Say in passing that something is done; what has to be read stays in the page instead. */
export function useTell(): Tell {
  return useContext(Telling);
}

export function Toasts({ children }: { children: ReactNode }) {
  const { t } = useLingui();
  const [toasts, setToasts] = useState<readonly Toast[]>([]);
  const next = useRef(0);
  const drop = useCallback(
    (id: number) => setToasts((all) => all.filter((toast) => toast.id !== id)),
    [],
  );
  const tell = useCallback<Tell>(
    (text, tone = "good") => {
      const id = ++next.current;
      setToasts((all) => [...all.slice(-2), { id, tone, text }]);
      if (tone === "good") window.setTimeout(() => drop(id), STAYS_MS);
    },
    [drop],
  );
  const shown = useMemo(
    () =>
      toasts.map((toast) => (
        <div key={toast.id} className="toast" data-tone={toast.tone}>
          <Icon name={toast.tone === "good" ? "check" : "alert"} />
          <p>{toast.text}</p>
          <Button kind="quiet" small icon="cross" iconOnly onClick={() => drop(toast.id)}>
            {t`Dismiss`}
          </Button>
        </div>
      )),
    [toasts, drop, t],
  );
  return (
    <Telling.Provider value={tell}>
      {children}
      <div className="toasts" role="status" aria-live="polite">
        {shown}
      </div>
    </Telling.Provider>
  );
}
