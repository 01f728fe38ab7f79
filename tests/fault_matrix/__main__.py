"""Play every fault and write the page: ``python -m tests.fault_matrix [--check]``."""

from __future__ import annotations

import sys

from tests.fault_matrix.page import ROOT, made


def main() -> int:
    """Write both pages; with ``--check`` say instead which are behind, and answer 1."""
    texts = made()
    if sys.argv[1:] == ["--check"]:
        behind = [place for place, text in texts.items() if place.read_text("utf-8") != text]
        for place in behind:
            sys.stdout.write(f"{place.relative_to(ROOT)} is behind: run make docs\n")
        return 1 if behind else 0
    for place, text in texts.items():
        place.write_text(text, "utf-8")
        sys.stdout.write(f"{place.relative_to(ROOT)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
