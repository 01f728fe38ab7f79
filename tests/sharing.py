"""Share the tests out to processes: what is in one file stays together, for its fixtures' sake.

pytest-xdist's own `loadgroup` does nothing under pytest 9.2 (pytest-xdist issue 1386), and says so
nowhere: a product or a browser was then started once for each process.
"""

from __future__ import annotations

from pathlib import PurePosixPath

from xdist.scheduler import LoadFileScheduling


class Sharing(LoadFileScheduling):
    """Gives a process one group of tests after the other."""

    def _split_scope(self, nodeid: str) -> str:
        return group(nodeid)


def group(nodeid: str) -> str:
    """Return what must not be torn apart: a file, with few exceptions.

    Simulations share nothing. All files that use the one set of deployed stacks belong together.
    """
    path = PurePosixPath(nodeid.partition("::")[0])
    if path.parent.name == "simulation":
        return nodeid
    if path.parent.name == "deployed" and path.stem != "test_native":
        return str(path.parent)
    return str(path)
