"""Let this process die, or freeze, exactly at a chosen port call.

    OMNICHANNEL_CRASH_AT=Unit.commit:after:3            at the third commit, once it has happened
    OMNICHANNEL_FREEZE_AT=Transport.perform:before:1    before anything is sent to a platform
    OMNICHANNEL_CALLS_TO=<file>                         write down every call instead

A correlation id behind an ``@`` leaves all other work alone. Which calls there are is read from
`chalicelib.domain.ports`, and who answers them from what `chalicelib.wiring` makes.
"""

from __future__ import annotations

import importlib
import inspect
import json
import os
import pkgutil
import re
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, NamedTuple

from chalicelib import gateways, repositories, wiring
from chalicelib.domain import ports
from sandbox.errands import Errands
from sandbox.state import Trouble
from sandbox.ticker import Ticker

CRASH_AT = "OMNICHANNEL_CRASH_AT"
FREEZE_AT = "OMNICHANNEL_FREEZE_AT"
CALLS_TO = "OMNICHANNEL_CALLS_TO"
SIGNALS = {CRASH_AT: signal.SIGKILL, FREEZE_AT: signal.SIGSTOP}
BEFORE, AFTER = "before", "after"
INSIDE = (
    ports.Clock,
    ports.Ids,
    ports.Telemetry,
    ports.Signer,
    ports.Adapter,
    ports.Studio,
    ports.Observers,
)
"""Ports that reach nothing outside of the process: to die there is to die between two calls."""
_MOMENT = re.compile(r"(\w+\.\w+):(before|after):([1-9]\d*)(?:@(.+))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Passed:
    """A port call that is about to begin, or has just ended."""

    call: str
    when: str
    correlation_id: str


@dataclass(frozen=True, slots=True)
class Moment:
    """The `number`-th time that a call begins or ends, in any work or under one correlation id."""

    call: str
    when: str
    number: int
    correlation_id: str | None = None

    @classmethod
    def parse(cls, text: str) -> Moment:
        """Read what `str` writes; Trouble for anything else."""
        found = _MOMENT.fullmatch(text)
        known = {answered.call for answered in answered_calls()}
        if found is None or found[1] not in known:
            raise Trouble(f"{text!r} is no moment: write Unit.commit:after:3, or a call of these: "
                          f"{', '.join(sorted(known))}.")  # fmt: skip
        return cls(found[1], found[2], int(found[3]), found[4])

    def __str__(self) -> str:
        tail = "" if self.correlation_id is None else f"@{self.correlation_id}"
        return f"{self.call}:{self.when}:{self.number}{tail}"

    def fits(self, passed: Passed) -> bool:
        """Say whether this may be the moment, but for the number."""
        is_meant = self.correlation_id in (None, passed.correlation_id)
        return is_meant and (passed.call, passed.when) == (self.call, self.when)


class Answered(NamedTuple):
    """A port's call and the class that answers it."""

    call: str
    owner: type
    method: str


Witness = Callable[[Passed], object]


def arm(environment: Mapping[str, str]) -> None:
    """Do what the environment asks for; nothing, without one of the variables."""
    witnesses: list[Witness] = []
    if path := environment.get(CALLS_TO):
        witnesses.append(_Recorder(Path(path)))
    for name, number in SIGNALS.items():
        if text := environment.get(name):
            witnesses.append(_Striker(Moment.parse(text), number))
    if witnesses:
        watch(witnesses)


def watch(witnesses: Sequence[Witness]) -> None:
    """Tell `witnesses` of each port call of this process, in the thread that makes it."""
    for call, owner, method in answered_calls():
        setattr(owner, method, _told(call, getattr(owner, method), witnesses))


def answered_calls() -> list[Answered]:
    """Return every call of every port that leads out of the process, and who answers it."""
    classes = [*_made(), Ticker, Errands]  # who locally starts other functions
    return [
        Answered(f"{port.__name__}.{name}", owner, name)
        for port in _ports()
        for owner in classes
        if _implements(owner, port)
        for name in _calls(port)
    ]


def _ports() -> Iterator[type]:
    for value in vars(ports).values():
        is_own = isinstance(value, type) and value.__module__ == ports.__name__
        if is_own and getattr(value, "_is_protocol", False) and value not in INSIDE:
            yield value


def _methods(port: type) -> list[str]:
    return [name for name, value in vars(port).items() if name[0] != "_" and callable(value)]


def _calls(port: type) -> list[str]:
    """Return the methods that do something; those that return `Writes` only make values."""
    return [
        name for name in _methods(port) if getattr(port, name).__annotations__["return"] != "Writes"
    ]


def _made() -> list[type]:
    """Return the classes of adapters that the composition root makes, imported there or not yet."""
    adapters = _adapters()
    made = [
        inspect.get_annotations(value)["return"]
        for value in vars(wiring).values()
        if hasattr(value, "cache_info")
    ]
    return [adapters[name] for name in made if name in adapters]


def _adapters() -> Mapping[str, type]:
    """Return the classes that our modules at the edge of the process define, by name."""
    modules = [
        importlib.import_module(f"{package.__name__}.{found.name}")
        for package in (gateways, repositories)
        for found in pkgutil.iter_modules(package.__path__)
        if not found.ispkg
    ]
    return {
        name: value
        for module in modules
        for name, value in vars(module).items()
        if isinstance(value, type) and value.__module__ == module.__name__
    }


def _implements(owner: type, port: type) -> bool:
    """Say whether a class has all of a port's methods, with parameters of the same names."""
    return all(
        _parameters(getattr(owner, name, None)) == _parameters(getattr(port, name))
        for name in _methods(port)
    )


def _parameters(function: Any) -> list[str] | None:
    return None if function is None else list(inspect.signature(function).parameters)


def _told(
    call: str, method: Callable[..., Any], witnesses: Sequence[Witness]
) -> Callable[..., Any]:
    def tell(when: str) -> None:
        for witness in witnesses:
            witness(Passed(call, when, wiring.telemetry().correlation_id))

    @wraps(method)
    def told(*args: Any, **kwargs: Any) -> Any:
        tell(BEFORE)
        try:
            return method(*args, **kwargs)
        finally:
            tell(AFTER)

    return told


class _Striker:
    """Sends this process a signal at one moment."""

    def __init__(self, moment: Moment, number: signal.Signals) -> None:
        self._moment = moment
        self._signal = number
        self._guard = threading.Lock()
        self._left = moment.number

    def __call__(self, passed: Passed) -> None:
        if not self._moment.fits(passed):
            return
        with self._guard:
            self._left -= 1
            is_now = self._left == 0
        if is_now:
            # To this thread, which is then stopped before it can do anything more.
            signal.pthread_kill(threading.get_ident(), self._signal)


class _Recorder:
    """Writes down what happens, a line each."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def __call__(self, passed: Passed) -> None:
        line = [passed.call, passed.when, passed.correlation_id]
        os.write(self._descriptor, json.dumps(line).encode() + b"\n")
