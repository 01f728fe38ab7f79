"""What an answer means: by its status here, by the platform's own code in the channel.

    status                              class
    401, 403                            CredentialsRejected
    429                                 RateLimited, with Retry-After if there is one
    other 4xx but 408 and 499           ContentRejected
    everything else that is no success  no answer: Ambiguous for a step that publishes,
                                        PlatformUnavailable for any other

408 and 499 (a proxy's word for "the client has gone") say when somebody stopped waiting, not what
came of it. A success that can't be read is no answer either.

What a platform says reaches people only through `quoted`, which takes out addresses, numbers and
tokens.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Never

from chalicelib.domain.channels import Account, AccountCheck, Lookup, Response, Step
from chalicelib.domain.errors import (
    Ambiguous,
    ChannelError,
    ContentRejected,
    CredentialsRejected,
    Fault,
    PlatformUnavailable,
    RateLimited,
    UnsupportedContent,
)
from chalicelib.domain.retry import parse_retry_after
from chalicelib.domain.text import mended

MAX_QUOTED = 300
_STOPPED_WAITING = (408, 499)
_IDENTIFIER = re.compile(r"[!-~]{1,2048}")
_PRIVATE = re.compile(
    r"(?P<query>(?<=[\w/])\?[\w%.~-]+=\S+)"
    r"|(?P<address>[^\s@<>()\[\],;:\"']+@[^\s@<>()\[\],;:\"']+)"
    r"|(?P<number>\+?(?<![\w:.])\d(?:[\s().-]?\d){6,14}(?![\w]))"
    r"|(?P<token>(?<![\w:/])(?=[\w+/=-]*\d)[\w+/=-]{24,})"
)


def quoted(message: object) -> str:
    """Return a platform's own words, short, in one line and without anything private."""
    text = " ".join(mended(message).split()) if isinstance(message, str) else ""
    text = _PRIVATE.sub("…", text[: 2 * MAX_QUOTED])
    return text if len(text) <= MAX_QUOTED else f"{text[: MAX_QUOTED - 1]}…"


def unanswered(detail: str, *, publishing: bool) -> ChannelError:
    """Return what it means that a step brought no usable answer."""
    return Ambiguous(detail) if publishing else PlatformUnavailable(detail)


def by_status(response: Response, detail: str = "", *, publishing: bool) -> ChannelError:
    """Return what an answer that is no success means, by nothing but its status."""
    status = response.status
    told = detail or f"The platform answered {status}."
    if status in (401, 403):
        return CredentialsRejected(told)
    if status == 429:
        return RateLimited(told, retry_after(response))
    if 400 <= status < 500 and status not in _STOPPED_WAITING:
        return ContentRejected(told)
    return unanswered(told, publishing=publishing)


def retry_after(response: Response) -> timedelta | None:
    """Return the wait that ``Retry-After`` asks for; a date counts from the answer's own date.

    A date without one to count from is the shortest wait.
    """
    return parse_retry_after(response.headers.get("retry-after"), _answered_at(response))


def _answered_at(response: Response) -> datetime:
    try:
        moment = parsedate_to_datetime(response.headers.get("date", ""))
    except (ValueError, TypeError, OverflowError, IndexError):
        return datetime.max.replace(tzinfo=UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def mapping(response: Response, *, publishing: bool) -> Mapping[str, Any]:
    """Return the answer's JSON object; one that can't be read is no answer."""
    found = lenient(response)
    if found is None:
        raise unanswered("The platform's answer could not be read.", publishing=publishing)
    return found


def lenient(response: Response) -> Mapping[str, Any] | None:
    """Return the answer's JSON object; None if it is anything else."""
    try:
        found = response.json()
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def identifier(value: object, *, publishing: bool) -> str:
    """Return an id that an answer must carry; without it the answer is none.

    One that no platform gives out, which could neither be stored nor asked for again, is none.
    """
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if isinstance(text, str) and _IDENTIFIER.fullmatch(text):
        return text
    raise unanswered("The platform's answer names no id.", publishing=publishing)


def mappings(value: object) -> list[Mapping[str, Any]]:
    """Return the objects of a list; none if it is no list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def instant(seconds: object) -> datetime | None:
    """Return a moment that a platform writes as seconds of the epoch; 0 means never."""
    if not isinstance(seconds, int) or not 0 < seconds < 2**36:
        return None
    return datetime.fromtimestamp(seconds, UTC)


def nobody_knows(detail: str) -> Lookup:
    """Answer a look-up for a platform that can't be asked."""
    yield from ()
    raise Ambiguous(detail)


def nothing_to_take_back(detail: str) -> Generator[Step, Response, Never]:
    """Answer for a platform on which what was sent stays sent."""
    yield from ()
    raise UnsupportedContent(detail)


def unknown_account(account: Account, field: str) -> AccountCheck:
    """Return a check that failed on whom a field names: for this token it is nobody."""
    detail = f"With this token the platform knows no account whose {field} this is."
    fault = Fault(f"/{field}", "unknown_account", detail)
    return AccountCheck(identity=setting(account, field), faults=(fault,))


def setting(account: Account, name: str) -> str:
    """Return a field that an account can't do without."""
    return _field(account.settings, name)


def secret(account: Account, name: str) -> str:
    """Return a secret that an account can't do without."""
    return _field(account.secrets, name)


def _field(fields: Mapping[str, str], name: str) -> str:
    value = fields.get(name, "")
    if not value:
        raise CredentialsRejected(f"The account has no {name}.")
    return value
