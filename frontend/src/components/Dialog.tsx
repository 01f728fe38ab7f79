import { useId, useLayoutEffect, useRef, type ReactNode } from "react";
import { useLingui } from "@lingui/react/macro";
import { Button } from "./Button";

/** The platform's own modal dialog: it keeps the focus, closes with Escape and gives it back. */
export function Dialog(props: {
  open: boolean;
  title: ReactNode;
  onClose(): void;
  children: ReactNode;
  /** Buttons, the usual one last. */
  actions?: ReactNode;
  wide?: boolean;
}) {
  const { open, onClose } = props;
  const { t } = useLingui();
  const title = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  // Before it is taken out of the page, too: only a dialog that is closed gives the focus back.
  useLayoutEffect(() => {
    const found = dialog.current;
    if (!open || !found) return;
    found.showModal();
    return () => found.close();
  }, [open]);
  return (
    <dialog
      ref={dialog}
      className="dialog"
      data-wide={props.wide || undefined}
      aria-labelledby={title}
      onClose={() => open && onClose()}
      onPointerDown={(event) => event.target === dialog.current && onClose()}
    >
      {open && (
        <div className="dialog-body">
          <header className="dialog-head">
            <h2 id={title}>{props.title}</h2>
            <Button kind="quiet" icon="cross" iconOnly onClick={onClose}>
              {t`Close`}
            </Button>
          </header>
          <div className="dialog-content">{props.children}</div>
          {props.actions && <footer className="dialog-actions">{props.actions}</footer>}
        </div>
      )}
    </dialog>
  );
}
