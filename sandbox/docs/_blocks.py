"""Generated parts of pages that people write: between two comments that name them."""

from __future__ import annotations

import re


def replaced(text: str, name: str, body: str) -> str:
    """Return a page with the block of this name made anew; ValueError if it has none."""
    begin, end = f"<!-- {name}: made by `make docs` -->", f"<!-- {name}: end -->"
    pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    if not pattern.search(text):
        raise ValueError(f"The page has no block {name}.")
    return pattern.sub(lambda _: f"{begin}\n{body.strip()}\n{end}", text)
