import { Trans } from "@lingui/react/macro";
import { useState } from "react";
import { Button } from "@/components/Button";
import { Dialog } from "@/components/Dialog";

/** What the keyboard can do here. */
export function Shortcuts() {
  const [open, setOpen] = useState(false);
  const command = /Mac|iPhone|iPad/.test(navigator.userAgent) ? "⌘" : "Ctrl";
  return (
    <>
      <Button kind="quiet" small icon="keyboard" onClick={() => setOpen(true)}>
        <Trans>Keyboard</Trans>
      </Button>
      <Dialog open={open} title={<Trans>Keyboard</Trans>} onClose={() => setOpen(false)}>
        <dl className="shortcuts">
          <div>
            <dt>
              <kbd>{command}</kbd> <kbd>Enter</kbd>
            </dt>
            <dd>
              <Trans>Publish or schedule</Trans>
            </dd>
          </div>
          <div>
            <dt>
              <kbd>{command}</kbd> <kbd>S</kbd>
            </dt>
            <dd>
              <Trans>Save as draft</Trans>
            </dd>
          </div>
          <div>
            <dt>
              <kbd>←</kbd> <kbd>→</kbd>
            </dt>
            <dd>
              <Trans>On the tabs: from channel to channel</Trans>
            </dd>
          </div>
        </dl>
      </Dialog>
    </>
  );
}
