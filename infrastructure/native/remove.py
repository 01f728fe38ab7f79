"""Take away what `chalice delete` leaves: it knows only what it made itself."""

from __future__ import annotations

from infrastructure.harden import log_groups
from infrastructure.native import layer
from infrastructure.native.account import Account, missing_is_nothing
from infrastructure.native.state import Say


def remove(account: Account, say: Say) -> None:
    """Remove the logs, the layer, and nothing that a stack made.

    A stage that keeps its data keeps its logs, too.
    """
    if account.stage.retain:
        say("left     the logs: this stage keeps what it has written (retain)")
    else:
        for group in log_groups(account):
            with missing_is_nothing():
                account.client("logs").delete_log_group(logGroupName=group)
                say(f"removed  {group}")
    if count := layer.remove(account):
        say(f"removed  {count} version(s) of the layer {layer.name(account.stage)}")
