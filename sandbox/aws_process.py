"""The embedded AWS's own process: MiniStack, keeping in memory no more than it has to.

It was made for short tests. Here it runs for days beside everything else on a laptop, so what
grows with every message is kept differently; what a client of it sees stays the same:

    items of tables       packed: dictionaries of dictionaries take eight times as much
    transaction tokens    with a digest of the request, not the request
    versions of objects   on disk, where they are read from after a restart anyway

A browser's sign-in it does otherwise than AWS, and here as AWS does it:

    groups                stand in renewed tokens too: who stays signed in keeps a role
    time of the sign-in   is that of the first token, which OpenID clients compare
    sign-in pages         can be loaded anew, as by a bookmark or a tab that is restored, and tell a
                          browser on a page what is wrong, with the way back to the app

All of this stands in for MiniStack's own, so it starts with the one version it was proved against.

Docker's library stays out: nothing here needs a container, and whatever runs on the developer's
machine is none of our business.
"""

from __future__ import annotations

import hashlib
import html
import json
import marshal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextvars import ContextVar
from importlib.metadata import version
from types import ModuleType
from typing import Any
from urllib.parse import parse_qs, urlencode

MADE_FOR = "1.5.33"
"""The version that `requirements-dev.in` pins."""
PACKED = "__packed__"
"""Marks a partition in MiniStack's state file, where it stands as text: that is much faster."""

_LOGIN = "/login"
_CARRIED = (
    *("client_id", "redirect_uri", "scope", "state", "response_type"),
    *("code_challenge", "code_challenge_method", "nonce"),
)
"""What the form carries of the request that it was asked for with, in its maker's order."""
_REFUSED = 400

Answer = tuple[int, Mapping[str, str], bytes]
Item = dict[str, Any]


class Partition(MutableMapping[str, Item]):
    """The items of one partition key by their sort keys, each packed until somebody reads it."""

    __slots__ = ("_packed",)

    def __init__(self, items: Mapping[str, Item] | None = None) -> None:
        """Pack what is there already."""
        self._packed = {key: marshal.dumps(item) for key, item in (items or {}).items()}

    def __getitem__(self, key: str) -> Item:
        """Return an item of the caller's own."""
        item: Item = marshal.loads(self._packed[key])  # noqa: S302 - only what we packed
        return item

    def __setitem__(self, key: str, item: Item) -> None:
        """Keep an item as it is now."""
        self._packed[key] = marshal.dumps(item)

    def __delitem__(self, key: str) -> None:
        """Forget an item."""
        del self._packed[key]

    def __contains__(self, key: object) -> bool:
        """Say whether there is such an item, without reading it."""
        return key in self._packed

    def __iter__(self) -> Iterator[str]:
        """Yield the keys of this moment: MiniStack's reaper reads beside its other threads."""
        return iter(tuple(self._packed))

    def __len__(self) -> int:
        """Return how many items there are."""
        return len(self._packed)

    def __deepcopy__(self, _: object) -> Partition:
        """Return a copy; the packed items themselves never change."""
        copied = Partition()
        copied._packed = dict(self._packed)
        return copied


class Digest:
    """Equal to every request with the same content as the one it was made of."""

    __slots__ = ("_digest",)

    def __init__(self, request: Mapping[str, Any]) -> None:
        """Keep sixteen bytes."""
        self._digest = _digest(request)

    def __eq__(self, other: object) -> bool:
        """Compare with a request."""
        return isinstance(other, Mapping) and self._digest == _digest(other)

    __hash__ = None  # type: ignore[assignment] # equal to what can't be hashed


def pack_items(dynamodb: ModuleType, persistence: ModuleType) -> None:
    """Keep packed what is written from now on, also in the state file and after a restart."""
    set_item, as_json = dynamodb._set_item, persistence._json_default
    of_json = persistence._json_object_hook

    def set_packed(table: Any, partition_key: str, sort_key: str, item: Item) -> Any:
        table["items"].setdefault(partition_key, Partition())
        return set_item(table, partition_key, sort_key, item)

    def packed_as_json(value: object) -> Any:
        return {PACKED: json.dumps(dict(value))} if isinstance(value, Partition) else as_json(value)

    def packed_of_json(value: dict[str, Any]) -> Any:
        return Partition(json.loads(value[PACKED])) if PACKED in value else of_json(value)

    dynamodb._set_item = set_packed  # type: ignore[attr-defined] # a module of no types
    persistence._json_default = packed_as_json  # type: ignore[attr-defined]
    persistence._json_object_hook = packed_of_json  # type: ignore[attr-defined]


def digest_tokens(dynamodb: ModuleType) -> None:
    """Keep of a transaction only what tells whether the same one comes again."""
    store: Callable[[str, dict[str, Any]], None] = dynamodb._txn_token_store

    def store_digest(token: str, entry: dict[str, Any]) -> None:
        store(token, {**entry, "signature": Digest(entry["signature"])})

    dynamodb._txn_token_store = store_digest  # type: ignore[attr-defined]


def leave_versions_on_disk(s3: ModuleType) -> None:
    """Keep no body of an object's version: `S3_PERSIST` writes each, and reads what is missing."""
    entry_of: Callable[..., dict[str, Any]] = s3._version_entry_from_record

    def entry_without_body(record: dict[str, Any], version_id: str, _: object) -> dict[str, Any]:
        return entry_of(record, version_id, None)

    s3._version_entry_from_record = entry_without_body  # type: ignore[attr-defined]


def keep_groups(cognito: ModuleType) -> None:
    """Name a user's groups also in the tokens that the sign-in pages' refresh grant gives.

    Amazon Cognito does (developer guide, "Understanding the identity (ID) token", 2026-11-21).
    """
    token_of: Callable[..., str] = cognito._fake_token
    pool_of: Callable[[str], Mapping[str, Any] | None] = cognito._get_pool_unscoped

    def token_with_groups(sub: str, pool_id: str, *rest: Any, **named: Any) -> str:
        user = ((pool_of(pool_id) or {}).get("_users") or {}).get(named.get("username"))
        if user is not None and not named.get("groups"):
            named["groups"] = user.get("_groups", [])
        return token_of(sub, pool_id, *rest, **named)

    cognito._fake_token = token_with_groups  # type: ignore[attr-defined]


def keep_time_of_sign_in(cognito: ModuleType) -> None:
    """Give every token of one sign-in the same `auth_time` (OpenID Connect Core 1.0, 12.2)."""
    grant, sign = cognito._oauth2_token, cognito._signed_jwt
    claims_of: Callable[[str], Mapping[str, Any]] = cognito._token_claims
    signed_in_at: ContextVar[int | None] = ContextVar("signed_in_at", default=None)

    def grant_with_time(data: Any, query: Any, body: bytes = b"", headers: Any = None) -> Any:
        form = parse_qs(body.decode("utf-8", "replace"))
        known = claims_of(form.get("refresh_token", [""])[0]) if "refresh_token" in form else {}
        before = signed_in_at.set(known.get("auth_time") or known.get("iat") or int(time.time()))
        try:
            return grant(data, query, body, headers)
        finally:
            signed_in_at.reset(before)

    def sign_with_time(claims: dict[str, Any], *rest: Any) -> Any:
        at = signed_in_at.get()
        return sign(claims if at is None else {**claims, "auth_time": at}, *rest)

    cognito._oauth2_token = grant_with_time  # type: ignore[attr-defined]
    cognito._signed_jwt = sign_with_time  # type: ignore[attr-defined]


def carry_requests(cognito: ModuleType) -> None:
    """Send the form to an address that says what it is for, so that the address can be reloaded."""
    form_of: Callable[..., str] = cognito._login_page_html

    def form_with_address(*request: str, **more: str) -> str:
        given = {name: value for name, value in zip(_CARRIED, request, strict=False) if value}
        action = html.escape(f"{_LOGIN}?{urlencode(given)}")
        return form_of(*request, **more).replace(f'action="{_LOGIN}"', f'action="{action}"')

    cognito._login_page_html = form_with_address  # type: ignore[attr-defined] # a module of no types


def answer_reloads(app: ModuleType, cognito: ModuleType) -> None:
    """Answer a GET of the form's own address as the request that it came from.

    AWS has this address for both (developer guide, "Login endpoint", 2026-11-22).
    """
    answer_of: Callable[..., Any] = app._handle_cognito_get_request

    async def answer(method: str, path: str, headers: Any, query: Any) -> Any:
        if (method, path) == ("GET", _LOGIN):
            return cognito.handle_oauth2_authorize(method, path, headers, query)
        return await answer_of(method, path, headers, query)

    app._handle_cognito_get_request = answer  # type: ignore[attr-defined]


def tell_on_pages(cognito: ModuleType) -> None:
    """Tell a browser on a page why it can't sign in here."""
    for name in ("handle_oauth2_authorize", "handle_login_submit", "handle_logout"):
        setattr(cognito, name, _told(cognito, getattr(cognito, name)))


def _told(cognito: ModuleType, handle: Callable[..., Answer]) -> Callable[..., Answer]:
    def told(method: str, path: str, headers: Mapping[str, str], *rest: Any) -> Answer:
        status, given, body = handle(method, path, headers, *rest)
        accepted = {name.lower(): value for name, value in headers.items()}.get("accept", "")
        if status != _REFUSED or "text/html" not in accepted:
            return status, given, body
        page = _page(cognito, json.loads(body).get("error_description", ""))
        return status, {"Content-Type": "text/html; charset=utf-8"}, page.encode()

    return told


def _page(cognito: ModuleType, reason: str) -> str:
    app = _app(cognito)
    way = f'<p><a href="{html.escape(app)}">Go to the app and sign in from there</a></p>'
    content = f'<p class="error">{html.escape(reason)}</p>{way if app else ""}'
    page: str = cognito._page_shell("Sign in", "You can't sign in from here", content)
    return page


def _app(cognito: ModuleType) -> str:
    """Return where the app is that people sign in to; empty without one."""
    for _, pool in cognito._user_pools.all_items():
        for client in pool["_clients"].values():
            for address in client.get("CallbackURLs") or ():
                return str(address)
    return ""


def _digest(request: Mapping[str, Any]) -> bytes:
    text = json.dumps(request, sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def refuse_another(installed: str) -> None:
    """End with a sentence when MiniStack is not what this was made for."""
    if installed != MADE_FOR:
        sys.exit(
            f"The embedded AWS is made for MiniStack {MADE_FOR}, and {installed} is installed: "
            "pip install -r requirements-dev.txt"
        )


def main() -> None:
    """Run MiniStack until it is asked to end."""
    refuse_another(version("ministack"))
    sys.modules["docker"] = None  # type: ignore[assignment] # "not installed", to an import

    from ministack import app
    from ministack.core import persistence
    from ministack.services import cognito, dynamodb, s3

    pack_items(dynamodb, persistence)
    digest_tokens(dynamodb)
    leave_versions_on_disk(s3)
    keep_groups(cognito)
    keep_time_of_sign_in(cognito)
    carry_requests(cognito)
    answer_reloads(app, cognito)
    tell_on_pages(cognito)
    app.main()


if __name__ == "__main__":
    main()
