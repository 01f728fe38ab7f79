"""Which way each character of a line runs: Unicode's bidirectional algorithm (UAX #9).

Only for text without embedding, override and isolate controls; `text.clean` removes those, as a
name has no business reordering the card around it. Mirroring of brackets is left to the shaper.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Final

STRONG: Final = frozenset(("L", "R", "AL"))
NEUTRAL: Final = frozenset(("B", "S", "WS", "ON"))
BRACKETS: Final = {"(": ")", "[": "]", "{": "}", "（": "）", "［": "］", "「": "」", "『": "』"}
"""The pairs that names and titles use; rarer ones resolve as plain neutrals."""


def is_right_to_left(text: str) -> bool:
    """Say whether the first strong character runs right to left (rules P2 and P3)."""
    for character in text:
        kind = unicodedata.bidirectional(character)
        if kind in STRONG:
            return kind != "L"
    return False


def levels_of(text: str, base: int) -> list[int]:
    """Return each character's embedding level in a paragraph of level `base` (0 or 1)."""
    original = [unicodedata.bidirectional(character) or "L" for character in text]
    kinds = list(original)
    outer = "R" if base else "L"
    _resolve_weak(kinds, outer)
    _resolve_brackets(text, kinds, original, outer)
    _resolve_neutral(kinds, outer)
    levels = [_implicit(kind, base) for kind in kinds]
    for index in range(len(levels) - 1, -1, -1):  # rule L1: trailing space belongs to the line
        if original[index] not in ("WS", "BN"):
            break
        levels[index] = base
    return levels


def visual_order(levels: Sequence[int]) -> list[int]:
    """Return indexes from left to right (rule L2)."""
    order = list(range(len(levels)))
    if not order:
        return order
    lowest_odd = min((level for level in levels if level % 2), default=max(levels) + 1)
    for level in range(max(levels), lowest_odd - 1, -1):
        start = 0
        while start < len(order):
            if levels[order[start]] < level:
                start += 1
                continue
            end = start
            while end < len(order) and levels[order[end]] >= level:
                end += 1
            order[start:end] = reversed(order[start:end])
            start = end
    return order


def _implicit(kind: str, base: int) -> int:
    """Rules I1 and I2."""
    if base:
        return 1 if kind == "R" else 2
    return {"L": 0, "R": 1}.get(kind, 2)


def _resolve_weak(kinds: list[str], outer: str) -> None:
    """Rules W1 to W7."""
    _resolve_marks_and_digits(kinds, outer)
    for index in range(1, len(kinds) - 1):
        before, kind, after = kinds[index - 1 : index + 2]
        if before == after and (
            (before == "EN" and kind in ("ES", "CS")) or (before == "AN" and kind == "CS")
        ):
            kinds[index] = before
    _spread_terminators(kinds)
    strong = outer
    for index, kind in enumerate(kinds):
        if kind in ("ES", "ET", "CS"):
            kinds[index] = "ON"
        elif kind in ("L", "R"):
            strong = kind
        elif kind == "EN" and strong == "L":
            kinds[index] = "L"


def _resolve_marks_and_digits(kinds: list[str], outer: str) -> None:
    """Rules W1 to W3: marks join their letter, digits after Arabic letters are Arabic."""
    previous, strong = outer, outer
    for index, kind in enumerate(kinds):
        if kind in ("NSM", "BN"):
            kinds[index] = previous
        elif kind == "EN" and strong == "AL":
            kinds[index] = "AN"
        if kind in STRONG:
            strong = kind
        previous = kinds[index]
    kinds[:] = ["R" if kind == "AL" else kind for kind in kinds]


def _spread_terminators(kinds: list[str]) -> None:
    """Rule W5: signs such as % and € join the number they touch."""
    start = 0
    while start < len(kinds):
        if kinds[start] != "ET":
            start += 1
            continue
        end = start
        while end < len(kinds) and kinds[end] == "ET":
            end += 1
        touches = (start > 0 and kinds[start - 1] == "EN") or (
            end < len(kinds) and kinds[end] == "EN"
        )
        if touches:
            kinds[start:end] = ["EN"] * (end - start)
        start = end


def _direction(kind: str) -> str | None:
    """Return L or R for what counts as strong among neutrals; numbers count as R."""
    if kind == "L":
        return "L"
    return "R" if kind in ("R", "EN", "AN") else None


def _resolve_brackets(text: str, kinds: list[str], original: Sequence[str], outer: str) -> None:
    """Rule N0: a pair of brackets runs like what it holds, or like what stands before it."""
    for start, end in _pairs(text, kinds):
        inside = {_direction(kind) for kind in kinds[start + 1 : end]} - {None}
        if outer in inside:
            side = outer
        elif inside:
            before = next(
                (found for kind in reversed(kinds[:start]) if (found := _direction(kind))), outer
            )
            side = before if before in inside else outer
        else:
            continue
        for index in (start, end):
            kinds[index] = side
            for follower in range(index + 1, len(kinds)):
                if original[follower] not in ("NSM", "BN"):
                    break
                kinds[follower] = side


def _pairs(text: str, kinds: Sequence[str]) -> list[tuple[int, int]]:
    """Rule BD16: return the matching brackets, by where they open."""
    open_at: list[tuple[str, int]] = []
    pairs: list[tuple[int, int]] = []
    for index, character in enumerate(text):
        if kinds[index] != "ON":
            continue
        if character in BRACKETS:
            open_at.append((BRACKETS[character], index))
            if len(open_at) > 63:
                return []
        else:
            for depth in range(len(open_at) - 1, -1, -1):
                if open_at[depth][0] == character:
                    pairs.append((open_at[depth][1], index))
                    del open_at[depth:]
                    break
    return sorted(pairs)


def _resolve_neutral(kinds: list[str], outer: str) -> None:
    """Rules N1 and N2: neutrals between two of a kind join it, others follow the paragraph."""
    start = 0
    while start < len(kinds):
        if kinds[start] not in NEUTRAL:
            start += 1
            continue
        end = start
        while end < len(kinds) and kinds[end] in NEUTRAL:
            end += 1
        before = _direction(kinds[start - 1]) if start else outer
        after = _direction(kinds[end]) if end < len(kinds) else outer
        side = before if before is not None and before == after else outer
        kinds[start:end] = [side] * (end - start)
        start = end
