"""The page about the commands: what `make help` lists, and what chooses ports and places."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sandbox.docs.data import code, table
from sandbox.ports import Ports
from sandbox.state import PROJECT, State
from sandbox.users import USERS

INTRODUCTION = """# Commands

<!-- Generated from the Makefile by `make docs`; changes here are lost. -->

In the repository's folder. Whatever is missing is installed into `.venv` first.
"""

PLACES = """## Ports and places

Two copies with different ports and state folders run side by side. What speaks to a copy that runs,
`make token` and `make replay`, needs its `OMNICHANNEL_STATE_DIR`; `make demo` starts one, and needs
its ports too. The state folder must not lie in the checkout; it is a new or empty one, or a copy's
own.
"""

USERS_WORDS = """## Who can sign in locally

`make token AS=<user>` prints a fresh ID token of one of them.
"""

TARGET = re.compile(r"^([a-z]+):.*## (.*)$", re.MULTILINE)


def targets() -> Sequence[tuple[str, str]]:
    """Return each target that `make help` lists, with its line."""
    return TARGET.findall((PROJECT / "Makefile").read_text(encoding="utf-8"))


def render() -> str:
    """Return the page."""
    ports = [(code(name), code(str(port))) for name, port in Ports().named().items()]
    state = State.of({"HOME": "/home"}).path.relative_to("/home")
    places = [*ports, (code("OMNICHANNEL_STATE_DIR"), code(f"~/{state}"))]
    users = [(code(login), user.name, code(user.role)) for login, user in USERS.items()]
    parts = (
        INTRODUCTION,
        table(
            ("command", "does"),
            [(code(f"make {name}"), text.replace("|", "\\|")) for name, text in targets()],
        )
        + "\n",
        PLACES,
        table(("variable", "default"), places) + "\n",
        USERS_WORDS,
        table(("user", "name", "role"), users),
        "",
    )
    return "\n".join(parts)
