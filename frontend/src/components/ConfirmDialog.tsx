import { Trans } from "@lingui/react/macro";
import type { ReactNode } from "react";
import { Button } from "./Button";
import { Dialog } from "./Dialog";
import type { IconName } from "./Icon";

/** The question before something that can't be taken back; what is wrong with it stands inside. */
export function ConfirmDialog(props: {
  open: boolean;
  title: ReactNode;
  icon: IconName;
  confirm: ReactNode;
  busy: boolean;
  onConfirm(): void;
  onClose(): void;
  children: ReactNode;
}) {
  return (
    <Dialog
      open={props.open}
      title={props.title}
      onClose={props.onClose}
      actions={
        <>
          <Button onClick={props.onClose}>
            <Trans>Keep it</Trans>
          </Button>
          <Button kind="danger" icon={props.icon} busy={props.busy} onClick={props.onConfirm}>
            {props.confirm}
          </Button>
        </>
      }
    >
      {props.children}
    </Dialog>
  );
}
