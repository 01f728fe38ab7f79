"""Write and read instants; everything is UTC."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """Return the present, aware."""
    return datetime.now(UTC)


def instant(moment: datetime) -> str:
    """Return fixed-width RFC 3339 with milliseconds, which sorts as text."""
    return (
        moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"
    )


def moment(text: str) -> datetime | None:
    """Read RFC 3339 or Unix seconds; None when it is neither."""
    try:
        if text.strip().lstrip("-").isdigit():
            return datetime.fromtimestamp(int(text), UTC)
        parsed = datetime.fromisoformat(text.strip())
    except (ValueError, OverflowError, OSError):
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
