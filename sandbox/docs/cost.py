"""What a stage costs a month: the page, and the README's table."""

from __future__ import annotations

from infrastructure.cost.report import Report
from sandbox.docs._blocks import replaced

BLOCK = "cost"


def render() -> str:
    """Return the page."""
    return Report.read().page()


def told_in(page: str) -> str:
    """Return a page with the totals in its block."""
    return replaced(page, BLOCK, Report.read().summary())
