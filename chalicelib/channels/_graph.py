"""The Graph API, as Facebook, Instagram and WhatsApp share it: addresses, tokens, errors, reading.

    code                                  class
    0, 3, 10, 102, 104, 190, 200 … 299,   CredentialsRejected (368: blocked for abuse)
    368
    4, 17, 32, 341, 613, 80000 … 80014    RateLimited, with the usage header's minutes
    1, 2                                  no answer: a write may have happened all the same
    other                                 by HTTP status
    any, in a success, of a post          no answer: it says two things at once

The HTTP status alone decides nothing. Codes 1 and 2 ask to retry, but posts were seen published
seven times by doing so. Source: developers.facebook.com/docs/graph-api/guides/error-handling and
/overview/rate-limiting, and public issues quoting live answers; checked 2026-11-21.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from chalicelib.channels import _responses as responses
from chalicelib.domain.channels import (
    Account,
    AccountCheck,
    HttpRequest,
    Presence,
    Removal,
    Response,
    Step,
)
from chalicelib.domain.errors import (
    Ambiguous,
    ChannelError,
    ContentRejected,
    CredentialsRejected,
    PlatformUnavailable,
    RateLimited,
)

BASE = "https://graph.facebook.com"
VERSION = "v26.0"
"""Current by the official SDK on 2026-11-21; an account may name another."""

MAX_PAGES = 5
PAGE_SIZE = 100
_CREDENTIALS = frozenset({0, 3, 10, 102, 104, 190, *range(200, 300)})
_LIMITED = frozenset({4, 17, 32, 341, 613, *range(80000, 80015)})
_UNSURE = frozenset({1, 2})
_BLOCKED = 368
_NO_CODE = -999
_BLOCKED_REMEDY = (
    "The platform has blocked this account for a while. Look at its support inbox; "
    "connect the account again when the block is lifted."
)


@dataclass(frozen=True, slots=True)
class GraphError:
    """What the platform says went wrong."""

    code: int
    subcode: int
    message: str

    @property
    def told(self) -> str:
        """Return it as people may read it."""
        number = f"{self.code}/{self.subcode}" if self.subcode else f"{self.code}"
        return f"{responses.quoted(self.message) or 'The platform refuses this'} (code {number})"


class NotReached(CredentialsRejected):
    """The token leads to no object of this id and kind."""


Meaning = Callable[[GraphError], ChannelError | None]
"""What a code means on one platform; None where it means what it means everywhere."""


def get(account: Account, *path: str, **params: str) -> HttpRequest:
    """Return a request that reads."""
    proven = {**params, **_proof(account)}
    return HttpRequest("GET", _url(account, path), headers=_headers(account), params=proven)


def post(account: Account, *path: str, publishes: bool = False, **fields: Any) -> HttpRequest:
    """Return a request that writes; fields that are None or empty are left out."""
    body = {name: value for name, value in fields.items() if value not in (None, "")}
    return HttpRequest(
        "POST",
        _url(account, path),
        headers=_headers(account),
        json={**body, **_proof(account)},
        publishes=publishes,
    )


def delete(account: Account, identifier: str) -> Removal:
    """Delete an object; one that is gone already is no error."""
    request = HttpRequest(
        "DELETE", _url(account, (identifier,)), headers=_headers(account), params=_proof(account)
    )
    try:
        found = answer((yield request), meaning=_missing)
    except _Missing:
        return
    if found.get("success") is not True:
        raise PlatformUnavailable("The platform does not say that it deleted it.")


def is_there(account: Account, name: str) -> Presence:
    """Ask whether there is an object of this id."""
    try:
        identifier(answer((yield get(account, name, fields="id")), meaning=_missing), "id")
    except _Missing:
        return False
    return True


def answer(
    response: Response, *, publishing: bool = False, meaning: Meaning | None = None
) -> Mapping[str, Any]:
    """Return the answer's object; raises what an error or an unusable answer means."""
    error = _error(response)
    if error is not None and response.ok and publishing:
        raise Ambiguous(error.told)
    if error is not None:
        own = meaning(error) if meaning else None
        raise own or _shared(error, response, publishing=publishing)
    if not response.ok:
        raise responses.by_status(response, publishing=publishing)
    return responses.mapping(response, publishing=publishing)


def identifier(found: Mapping[str, Any], *names: str, publishing: bool = False) -> str:
    """Return the first of these ids that an answer carries."""
    value = next((found[name] for name in names if found.get(name)), None)
    return responses.identifier(value, publishing=publishing)


def listing(
    account: Account, *path: str, fields: str, time: str, since: datetime | None
) -> Generator[Step, Response, list[Mapping[str, Any]]]:
    """Return what an edge lists since an instant, newest first.

    Raises `Ambiguous` where the list is too long to be read to its end.
    """
    params = {"fields": fields, "limit": str(PAGE_SIZE)}
    if since is not None:
        params["since"] = str(int(since.timestamp()))
    found: list[Mapping[str, Any]] = []
    for _ in range(MAX_PAGES):
        page = answer((yield get(account, *path, **params)))
        items = responses.mappings(page.get("data"))
        found += [item for item in items if not is_before(item.get(time), since)]
        after = _next(page)
        if after is None or (items and is_before(items[-1].get(time), since)):
            return found
        params["after"] = after
    raise Ambiguous("There are too many posts to find this one among them.")


def is_before(written: object, since: datetime | None) -> bool:
    """Return whether a platform's instant lies before another; unreadable ones do not."""
    if since is None or not isinstance(written, str):
        return False
    try:
        return datetime.fromisoformat(written) < since.replace(microsecond=0)
    except (ValueError, TypeError):
        return False


def check(
    account: Account, field: str, name: str, wanted: tuple[str, ...]
) -> Generator[Step, Response, AccountCheck]:
    """Ask who the account named by a setting is, and what its token may.

    The scopes stay empty if they are not told; an id that leads to no account, or to another one,
    is a fault.
    """
    identity = responses.setting(account, field)
    try:
        owner = answer((yield get(account, identity, fields=f"id,{name}")), meaning=reached)
    except NotReached:
        return responses.unknown_account(account, field)
    if identifier(owner, "id") != identity:
        return responses.unknown_account(account, field)
    token = yield from _inspect(account)
    scopes = tuple(sorted(scope for scope in _list(token.get("scopes")) if isinstance(scope, str)))
    missing = tuple(scope for scope in wanted if scope not in scopes) if scopes else ()
    shown = owner.get(name)
    return AccountCheck(
        identity=shown if isinstance(shown, str) and shown else identity,
        scopes=scopes,
        missing_scopes=missing,
        expires_at=responses.instant(token.get("expires_at")),
    )


def reached(error: GraphError) -> ChannelError | None:
    """What it means that an object asked for by its id can't be read."""
    return NotReached(error.told) if error.code == 100 else None


def usage_wait(response: Response) -> timedelta | None:
    """Return the longest wait among all entries of the usage header, which says minutes."""
    try:
        usage = json.loads(response.headers.get("x-business-use-case-usage", ""))
    except (ValueError, RecursionError):
        return responses.retry_after(response)
    minutes = max(_minutes(usage), default=0)
    return timedelta(minutes=minutes) if minutes else responses.retry_after(response)


def _minutes(usage: object) -> Iterator[int]:
    for entries in usage.values() if isinstance(usage, dict) else ():
        for entry in responses.mappings(entries):
            wait = entry.get("estimated_time_to_regain_access")
            if isinstance(wait, int):
                yield max(0, min(wait, 24 * 60))


def _inspect(account: Account) -> Generator[Step, Response, Mapping[str, Any]]:
    """Return what the platform knows of our token; nothing if it does not tell."""
    # A POST that stands for a GET, so that the token is in no address.
    request = post(
        account, "debug_token", method="GET", input_token=responses.secret(account, "access_token")
    )
    try:
        found = answer((yield request)).get("data")
    except ChannelError:
        return {}
    if not isinstance(found, dict):
        return {}
    if found.get("is_valid") is False:
        raise CredentialsRejected("The access token is not valid any more.")
    return found


class _Missing(ContentRejected):
    """There is no such object, or not for us."""


def _missing(error: GraphError) -> ChannelError | None:
    return _Missing(error.told) if (error.code, error.subcode) == (100, 33) else None


def _shared(error: GraphError, response: Response, *, publishing: bool) -> ChannelError:
    if error.code == _BLOCKED:
        return CredentialsRejected(error.told, remedy=_BLOCKED_REMEDY)
    if error.code in _CREDENTIALS:
        return CredentialsRejected(error.told)
    if error.code in _LIMITED:
        return RateLimited(error.told, usage_wait(response))
    if error.code in _UNSURE:
        return Ambiguous(error.told) if publishing else PlatformUnavailable(error.told)
    return responses.by_status(response, error.told, publishing=publishing)


def _error(response: Response) -> GraphError | None:
    body = responses.lenient(response)
    error = body.get("error") if body is not None else None
    if not isinstance(error, dict):
        return None
    details = error.get("error_data")
    spoken = (
        error.get("error_user_msg")
        or (details.get("details") if isinstance(details, dict) else None)
        or error.get("message")
    )
    return GraphError(
        _number(error.get("code"), _NO_CODE),
        _number(error.get("error_subcode"), 0),
        str(spoken or ""),
    )


def _number(value: object, otherwise: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else otherwise


def _url(account: Account, path: tuple[str, ...]) -> str:
    version = account.api_version or VERSION
    return "/".join([BASE, *(quote(part, safe="") for part in (version, *path))])


def _headers(account: Account) -> dict[str, str]:
    return {"Authorization": f"Bearer {responses.secret(account, 'access_token')}"}


def _proof(account: Account) -> dict[str, str]:
    """Return the proof that whoever holds the token also knows the app's secret."""
    app_secret = account.secrets.get("app_secret")
    if not app_secret:
        return {}
    token = responses.secret(account, "access_token")
    return {"appsecret_proof": hmac.digest(app_secret.encode(), token.encode(), "sha256").hex()}


def _next(page: Mapping[str, Any]) -> str | None:
    paging = page.get("paging")
    if not isinstance(paging, dict) or not paging.get("next"):
        return None
    cursors = paging.get("cursors")
    after = cursors.get("after") if isinstance(cursors, dict) else None
    return after if isinstance(after, str) and after else None


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
