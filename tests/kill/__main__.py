"""`make kill`: kill and freeze the real product everywhere, then count what its platforms hold."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

from chalicelib.channels import CHANNELS
from sandbox.supervisor import Signals, Stopped
from tests.kill import phases, report
from tests.kill.phases import Part
from tests.kill.product import Product, running
from tests.simulation.record import commit

CROWD = 40
ALONE = (
    "Killing a product of its own, on free ports and with a state of its own: one that runs is "
    "left alone. {duration} on 2 cores."
)
BRIEF = ("instagram", "sms")
"""A platform with two phases and a direct one."""
BRIEF_STRIDE = 17


def play(product: Product, chosen: argparse.Namespace) -> list[Part]:
    """Do everything that was asked for."""
    api = product.start()
    product.connect(recipients=1)
    product.nursery.kill(api)
    if chosen.brief:
        return [phases.every_call(product, BRIEF, say, BRIEF_STRIDE)]
    found = []
    channels = chosen.channels or tuple(CHANNELS)
    if "calls" in chosen.only:
        found.append(phases.every_call(product, channels, say))
        found.append(phases.every_release(product, say))
    if "frozen" in chosen.only:
        found.append(phases.frozen(product, channels, say))
    if "crowd" in chosen.only:
        found.append(phases.crowded(product, CROWD, say))
    if "random" in chosen.only:
        random = Random(chosen.seed)
        found.append(phases.at_random(product, chosen.kills, chosen.deliveries, random, say))
    return found


def say(text: str) -> None:
    """Tell a person who waits how far it is."""
    print(text, file=sys.stderr, flush=True)


def main() -> int:
    """Play, report; 1 if a promise was broken."""
    chosen = _parser().parse_args()
    signals, began = Signals(), time.monotonic()
    say(ALONE.format(duration="About a minute" if chosen.brief else "All of it: about 25 minutes"))
    try:
        with (
            tempfile.TemporaryDirectory(prefix="kill-") as folder,
            running(Path(folder), signals) as product,
        ):
            parts = play(product, chosen)
    except Stopped:
        return 130
    for line in report.lines(parts, time.monotonic() - began):
        print(line)
    if chosen.record:
        report.record(parts, commit(), chosen.seed)
    return 0 if all(part.is_kept for part in parts) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make kill", description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="at random")
    parser.add_argument("--deliveries", type=int, default=2000, help="meanwhile")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=_some_of(PHASES), default=PHASES, metavar="PART,…")
    parser.add_argument("--channels", type=_some_of(list(CHANNELS)), metavar="CHANNEL,…")
    parser.add_argument("--brief", action="store_true", help="a share that takes about a minute")
    parser.add_argument("--record", action="store_true", help="keep the result for the page")
    return parser


def _some_of(known: Sequence[str]) -> Callable[[str], list[str]]:
    def read(text: str) -> list[str]:
        names = text.split(",")
        if unknown := [name for name in names if name not in known]:
            raise argparse.ArgumentTypeError(f"{unknown[0]!r} is none of {', '.join(known)}")
        return names

    return read


PHASES = ["calls", "frozen", "crowd", "random"]

if __name__ == "__main__":
    sys.exit(main())
