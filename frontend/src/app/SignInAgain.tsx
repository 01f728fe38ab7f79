import { Trans } from "@lingui/react/macro";
import { Button } from "@/components/Button";
import { Dialog } from "@/components/Dialog";
import { useProduct } from "@/lib/product";
import { useState } from "react";

/** The session is over; the page below stays as it is, and what was written is kept. */
export function SignInAgain({ open }: { open: boolean }) {
  const { session } = useProduct();
  const [later, setLater] = useState(false);
  return (
    <Dialog
      open={open && !later}
      title={<Trans>Please sign in again</Trans>}
      onClose={() => setLater(true)}
      actions={
        <>
          <Button onClick={() => setLater(true)}>
            <Trans>Not now</Trans>
          </Button>
          <Button kind="primary" onClick={() => void session.signIn()}>
            <Trans>Sign in</Trans>
          </Button>
        </>
      }
    >
      <p>
        <Trans>
          Your session is over. What you wrote is kept in this browser, and you come back to this
          page.
        </Trans>
      </p>
    </Dialog>
  );
}
