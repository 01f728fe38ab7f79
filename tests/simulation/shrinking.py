"""Makes a failing run small, and tells its story.

Authors and faults are left out as long as the same promise is still broken (delta debugging). That
works because no draw depends on another: what is left out shifts nothing else.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.simulation.chance import LEVELS
from tests.simulation.operating import LAST, NAMES
from tests.simulation.people import MESSAGES
from tests.simulation.simulation import Result, Simulation

REGRESSIONS = Path(__file__).parent / "regressions"
PATIENCE_SECONDS = 50.0


@dataclass(frozen=True)
class Case:
    """A run with only these authors and faults, and the promise that it breaks (or broke)."""

    seed: int
    level: str
    kind: str
    authors: tuple[str, ...]
    faults: tuple[str, ...]
    story: str = ""

    def play(self, *, told: bool = False) -> Result:
        """Play it again."""
        simulation = Simulation(
            self.seed,
            LEVELS[self.level],
            only=frozenset(self.faults),
            authors=frozenset(self.authors),
            told=told,
        )
        return simulation.play()

    def save(self, name: str) -> Path:
        """Keep it among the regressions."""
        path = REGRESSIONS / f"{name}.json"
        path.write_text(json.dumps(self.__dict__, indent=1) + "\n", encoding="utf-8")
        return path

    @classmethod
    def load(cls, path: Path) -> Case:
        """Return a case that was kept."""
        fields = json.loads(path.read_text(encoding="utf-8"))
        lists = {name: tuple(fields[name]) for name in ("authors", "faults")}
        return cls(**{**fields, **lists})


def shrink(seed: int, level: str, kind: str, patience: float = PATIENCE_SECONDS) -> Case:
    """Return the smallest case found that still breaks this promise."""
    end = time.monotonic() + patience
    everybody = (*(f"m{number}" for number in range(MESSAGES)), *NAMES, LAST)
    whole = Simulation(seed, LEVELS[level]).play()
    faults = tuple(fired.id for fired in whole.fired)
    culprits = [v.who.split("#")[0].split(".")[0] for v in whole.violations if v.kind == kind]

    def breaks(case: Case) -> bool:
        return any(v.kind == kind for v in case.play().violations)

    case = Case(seed, level, kind, everybody, faults)
    alone = Case(seed, level, kind, tuple(dict.fromkeys(culprits))[:1], faults)
    if breaks(alone):
        case = alone
    else:
        kept = _minimal(
            everybody, lambda some: breaks(Case(seed, level, kind, tuple(some), faults)), end
        )
        case = Case(seed, level, kind, tuple(kept), faults)
    fired = case.play().fired
    few = _minimal(
        [fault.id for fault in fired],
        lambda some: breaks(Case(seed, level, kind, case.authors, tuple(some))),
        end,
    )
    return Case(seed, level, kind, case.authors, tuple(few))


def _minimal(
    parts: Sequence[str], fails: Callable[[Sequence[str]], bool], end: float
) -> Sequence[str]:
    """Return a part of the parts that still fails and of which none can be left out."""
    if fails([]):
        return []
    many = 2
    while len(parts) > 1 and time.monotonic() < end:
        size = -(-len(parts) // many)
        chunks = [parts[start : start + size] for start in range(0, len(parts), size)]
        smaller = _smaller(parts, chunks, fails, end)
        if smaller is not None:
            parts, many = smaller, max(2, many - 1) if len(smaller) > size else 2
        elif many >= len(parts):
            break
        else:
            many = min(len(parts), many * 2)
    return parts


def _smaller(
    parts: Sequence[str],
    chunks: Sequence[Sequence[str]],
    fails: Callable[[Sequence[str]], bool],
    end: float,
) -> Sequence[str] | None:
    for chunk in chunks if len(chunks) == 2 else ():
        if fails(chunk):
            return chunk
    for chunk in chunks:
        if time.monotonic() > end:
            return None
        rest = [part for part in parts if part not in chunk]
        if fails(rest):
            return rest
    return None


def story(case: Case) -> Iterator[str]:
    """Yield what happened, line by line."""
    result = case.play(told=True)
    for at, who, what in result.log:
        minutes, milliseconds = divmod(at, 60_000)
        yield f"{minutes:>4}:{milliseconds / 1000:06.3f}  {who:<34} {what}"
