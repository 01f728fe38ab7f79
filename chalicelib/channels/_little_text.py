r"""LinkedIn's "little text": what stands in a post's ``commentary``.

These are written with a backslash even where they mean nothing: ``\ | { } @ [ ] ( ) < > # * _ ~``.
One that is not ends the post there, silently. Hashtags are written as a template so that they stay
hashtags. Source: learn.microsoft.com/linkedin/marketing/community-management/shares/
little-text-format; checked 2026-11-21.
"""

from __future__ import annotations

import re

from chalicelib.domain.text import hashtags, link_spans

_RESERVED = re.compile(r"[\\|{}@\[\]()<>#*_~]")
_MARKUP = re.compile(
    r"\\(?P<escaped>.)"
    r"|\{hashtag\|\\?[#＃]\|(?P<tag>(?:\\.|[^}\\])+)\}"
    r"|@\[(?P<mention>(?:\\.|[^\]\\])+)\]\(urn:[^)\s]+\)",
    re.DOTALL,
)


def escape(text: str) -> str:
    """Return what to send so that readers see exactly this text."""
    written = []
    position = 0
    for start, end in _hashtag_spans(text):
        written.append(_plain(text[position:start]))
        written.append(rf"{{hashtag|\{text[start]}|{_plain(text[start + 1 : end])}}}")
        position = end
    written.append(_plain(text[position:]))
    return "".join(written)


def unescape(commentary: str) -> str:
    """Return what readers see of a commentary."""
    return _MARKUP.sub(_shown, commentary)


def _plain(text: str) -> str:
    return _RESERVED.sub(lambda found: f"\\{found.group()}", text)


def _shown(found: re.Match[str]) -> str:
    if found["escaped"] is not None:
        return found["escaped"]
    if found["tag"] is not None:
        return f"#{unescape(found['tag'])}"
    return unescape(found["mention"])


def _hashtag_spans(text: str) -> list[tuple[int, int]]:
    """Return where hashtags with the ASCII sign stand, outside of links."""
    links = link_spans(text)
    spans = []
    position = 0
    for tag in hashtags(text):
        position = _outside(text, tag, position, links)
        if tag.startswith("#"):
            spans.append((position, position + len(tag)))
        position += len(tag)
    return spans


def _outside(text: str, tag: str, position: int, links: list[tuple[int, int]]) -> int:
    """Return where a tag stands from a position on, not counting what is part of a link."""
    start = text.index(tag, position)
    while covering := next((end for begin, end in links if begin <= start < end), None):
        start = text.index(tag, covering)
    return start
