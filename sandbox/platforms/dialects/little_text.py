"""Read LinkedIn's "little text", the markup of a post's ``commentary``.

Reserved characters are written with a backslash. Where one stands bare and belongs to no markup,
the platform silently ends the text: so does this reader. Source: the project's channel fact
sheet, section 4.4 (checked November 2026).
"""

from __future__ import annotations

import re

RESERVED = r"\|{}@[]()<>#*_~"
ESCAPED = re.compile(r"\\(.)", re.DOTALL)
MENTION = re.compile(r"@\[((?:\\.|[^\]\\])+)\]\(urn:li:(?:organization|person|member):[^)\s]+\)")
HASHTAG_TEMPLATE = re.compile(r"\{hashtag\|\\?#\|((?:\\.|[^}\\])+)\}")
HASHTAG = re.compile(r"#\w+")


def reader_text(commentary: str) -> str:
    """Return what a reader sees, up to the first bare reserved character."""
    shown: list[str] = []
    at = 0
    while at < len(commentary):
        if match := ESCAPED.match(commentary, at) or HASHTAG.match(commentary, at):
            shown.append(match[match.lastindex or 0])
        elif match := MENTION.match(commentary, at):
            shown.append(ESCAPED.sub(r"\1", match[1]))
        elif match := HASHTAG_TEMPLATE.match(commentary, at):
            shown.append("#" + ESCAPED.sub(r"\1", match[1]))
        elif commentary[at] in RESERVED:
            break
        else:
            shown.append(commentary[at])
            at += 1
            continue
        at = match.end()
    return "".join(shown)
