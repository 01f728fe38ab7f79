"""Speak the Graph API: parameters in any encoding, tokens, errors, field selection, paging.

Source of codes and shapes: the project's channel fact sheet, sections 4.1 to 4.3 (checked
November 2026). Messages are our own words; clients decide by code.
"""

from __future__ import annotations

import base64
import hmac
import json
import re
import secrets
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, ClassVar

from sandbox.platforms.engine.moments import moment
from sandbox.platforms.engine.wire import Answer, Request, Upload, json_answer, read_json
from sandbox.platforms.engine.world import Refusal, World

VERSION = re.compile(r"v\d+\.\d+")
MAX_PAGE = 100


class GraphError(Exception):
    """An error the platform answers with."""

    def __init__(
        self,
        code: int,
        message: str,
        *,
        subcode: int | None = None,
        status: int = 400,
        is_transient: bool = False,
        kind: str = "OAuthException",
        details: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Describe it; ``details`` is WhatsApp's further explanation."""
        super().__init__(message)
        self.status, self.headers = status, headers
        self.body: dict[str, Any] = {
            "message": f"(#{code}) {message}",
            "type": kind,
            "code": code,
            "is_transient": is_transient,
            "fbtrace_id": "A" + secrets.token_urlsafe(16),
        }
        if subcode is not None:
            self.body["error_subcode"] = subcode
            self.body["error_user_title"] = "This did not work"
            self.body["error_user_msg"] = message
        if details is not None:
            self.body["error_data"] = {"messaging_product": "whatsapp", "details": details}

    def answer(self) -> Answer:
        """Return it as an answer; always an object under ``error``."""
        return json_answer(self.status, {"error": self.body}, self.headers)


@dataclass(frozen=True)
class Call:
    """One request as the Graph API reads it."""

    request: Request

    @cached_property
    def path(self) -> list[str]:
        """Return the path without its version."""
        parts = self.request.segments
        return parts[1:] if parts and VERSION.fullmatch(parts[0]) else parts

    @property
    def node(self) -> str:
        """Return the object's id, the path's first part; empty when there is none."""
        return self.path[0] if self.path else ""

    @cached_property
    def fields(self) -> dict[str, Any]:
        """Return query and body parameters together; JSON inside a form is decoded."""
        merged: dict[str, Any] = {**self.request.arguments, **self.request.form}
        return {name: _decoded(value) for name, value in merged.items()}

    @property
    def method(self) -> str:
        """Return the verb; a ``method`` parameter may override it."""
        override = self.fields.get("method")
        return override.upper() if isinstance(override, str) else self.request.method

    @property
    def token(self) -> str | None:
        """Return the access token from header, query or body."""
        found = self.request.bearer or self.fields.get("access_token")
        return found if isinstance(found, str) else None

    def text(self, name: str) -> str:
        """Return a parameter as text, empty when absent."""
        raw = {**self.request.arguments, **self.request.form}.get(name, "")
        return raw if isinstance(raw, str) else json.dumps(raw)

    def flag(self, name: str, *, default: bool) -> bool:
        """Return a boolean parameter in any of its spellings."""
        value = self.fields.get(name, default)
        return value if isinstance(value, bool) else str(value).lower() in ("1", "true", "yes")

    def upload(self) -> Upload | None:
        """Return the first file of a multipart body."""
        return next(iter(self.request.uploads.values()), None)

    @property
    def is_malformed(self) -> bool:
        """Say whether a JSON body can't be read."""
        request = self.request
        return (
            request.content_type == "application/json"
            and bool(request.body)
            and not isinstance(request.json, dict)
        )


class GraphPlatform(ABC):
    """What Facebook, Instagram and WhatsApp share; a subclass answers ``serve``."""

    channel: ClassVar[str]
    hosts: ClassVar[tuple[str, ...]] = ("graph.facebook.com",)
    scopes: ClassVar[tuple[str, ...]]
    foreign_code: ClassVar[int] = 10
    throttle: ClassVar[tuple[int, int]]
    """HTTP status and code of this platform's rate limit."""
    rejection: ClassVar[tuple[int, int | None]]
    """Code and subcode of content it won't take."""

    def __init__(self, world: World) -> None:
        """Seed or read back the account."""
        self.world = world
        self.seed = world.account(self.channel, self.new_account)

    @abstractmethod
    def new_account(self) -> dict[str, Any]:
        """Return a fresh development account."""

    def account(self) -> dict[str, Any]:
        """Return the development account."""
        return self.seed

    @abstractmethod
    def identity(self) -> dict[str, Any]:
        """Return what ``/me`` shows, with every field it may be asked for."""

    @abstractmethod
    def owns(self, node: str) -> bool:
        """Say whether there is, or was, an object of this id here."""

    @abstractmethod
    def serve(self, call: Call) -> Any:
        """Answer an authorised call to an object of ours. Raise GraphError."""

    def claims(self, request: Request) -> bool:
        """Say whether the call is to an object of ours, or asks about our token."""
        call = Call(request)
        if call.node == "debug_token":
            return bool(call.fields.get("input_token") == self.seed["access_token"])
        return self.owns(call.node)

    def knows(self, request: Request) -> bool:
        """Say whether the caller holds our token, and so is told by us what nobody here has."""
        return bool(Call(request).token == self.seed["access_token"])

    def publishes(self, request: Request) -> bool:
        """Say whether the request would make a post visible."""
        call = Call(request)
        return call.method == "POST" and self.makes_visible(call)

    @abstractmethod
    def makes_visible(self, call: Call) -> bool:
        """Say whether a POST is the one that publishes."""

    def answer(self, request: Request) -> Answer:
        """Authenticate, serve, and turn what went wrong into the platform's error."""
        call = Call(request)
        try:
            self._authorise(call)
            if call.is_malformed:
                raise GraphError(100, "the body is not valid JSON")
            return json_answer(200, self.of_token(call) or self._of_object(call))
        except GraphError as error:
            return error.answer()

    def refuse(self, refusal: Refusal, request: Request, seconds: float) -> Answer:
        """Refuse in the Graph API's words."""
        return self.refusal(refusal, seconds).answer()

    def refusal(self, refusal: Refusal, seconds: float) -> GraphError:
        """Return the error of a refusal."""
        if refusal is Refusal.TOKEN_EXPIRED:
            return GraphError(190, "the access token has expired", subcode=463, status=401)
        if refusal is Refusal.RATE_LIMIT:
            status, code = self.throttle
            headers = self._usage(seconds)
            return GraphError(
                code, "too many calls were made", status=status, is_transient=True, headers=headers
            )
        if refusal is Refusal.REJECT_CONTENT:
            code, subcode = self.rejection
            return GraphError(code, "this content is not accepted here", subcode=subcode)
        status = 503 if refusal is Refusal.UNAVAILABLE else 500
        return GraphError(2, "the service is unavailable for now", status=status, is_transient=True)

    def _usage(self, seconds: float) -> dict[str, str]:
        """Return the usage headers; the wait is in whole minutes, so 0 below one minute."""
        calls = {"call_count": 100, "total_cputime": 25, "total_time": 25}
        business = {
            self.identity()["id"]: [
                {
                    "type": self.channel,
                    **calls,
                    "estimated_time_to_regain_access": int(seconds // 60),
                }
            ]
        }
        return {
            "X-App-Usage": json.dumps(calls),
            "X-Business-Use-Case-Usage": json.dumps(business),
        }

    def _authorise(self, call: Call) -> None:
        if call.token is None:
            raise GraphError(104, "an access token is required", status=401)
        if call.token == self.seed["access_token"]:
            self._require_proof(call)
            return
        known = {
            account.get("access_token") for account in self.world.journal.of("account").values()
        }
        if call.token in known:
            raise GraphError(self.foreign_code, "the token lacks permission here", status=403)
        raise GraphError(190, "the access token can't be decoded", status=401)

    def _require_proof(self, call: Call) -> None:
        """Refuse a proof that was not made with the app's secret; none is asked for."""
        given, secret = call.text("appsecret_proof"), self.seed.get("app_secret")
        if given and secret:
            proof = hmac.digest(secret.encode(), self.seed["access_token"].encode(), "sha256").hex()
            if given != proof:
                raise GraphError(100, "invalid appsecret_proof provided in the API argument")

    def of_token(self, call: Call) -> Any:
        """Answer what a token may ask about itself; None for anything else."""
        path = call.path
        if call.method != "GET" or not path:
            return None
        if path == ["me"]:
            return chosen(self.identity(), call, ("id", "name"))
        if path == ["me", "permissions"]:
            return {"data": [{"permission": scope, "status": "granted"} for scope in self.scopes]}
        if path == ["debug_token"]:
            return {"data": self._introspection(call.fields.get("input_token"))}
        return None

    def _of_object(self, call: Call) -> Any:
        """Answer for an object, which must be one of ours: a token alone opens nothing."""
        if not self.owns(call.node):
            raise nothing_there(call.node)
        return self.serve(call)

    def _introspection(self, token: Any) -> dict[str, Any]:
        if token != self.seed["access_token"]:
            error = {"code": 190, "message": "the access token can't be decoded"}
            return {"is_valid": False, "error": error, "scopes": []}
        return {
            "app_id": "100000000000042",
            "application": "Sandbox publisher",
            "type": "PAGE" if self.channel == "facebook" else "SYSTEM_USER",
            "expires_at": 0,
            "data_access_expires_at": 0,
            "is_valid": True,
            "profile_id": self.identity()["id"],
            "scopes": list(self.scopes),
            "granular_scopes": [
                {"scope": scope, "target_ids": [self.identity()["id"]]} for scope in self.scopes
            ],
        }


def chosen(value: Mapping[str, Any], call: Call, default: Iterable[str]) -> dict[str, Any]:
    """Return the fields a call asks for, or the default ones; ``id`` is always there."""
    asked = call.text("fields")
    names = [re.split(r"[.({]", name)[0] for name in _split(asked)] if asked else list(default)
    unknown = [name for name in names if name not in value]
    if unknown:
        raise GraphError(100, f"there is no field {unknown[0]} on this object")
    wanted = {name: value[name] for name in names if value[name] is not None}
    return {"id": value["id"], **wanted} if "id" in value else wanted


def page(items: list[dict[str, Any]], call: Call, default: Iterable[str], time_field: str) -> Any:
    """Return one page of ``items`` (newest first) by since, until, limit and after."""
    since, until = moment(call.text("since")), moment(call.text("until"))
    kept = [
        item
        for item in items
        if (since is None or _graph_time(item[time_field]) >= since.replace(microsecond=0))
        and (until is None or _graph_time(item[time_field]) <= until)
    ]
    limit = call.text("limit") or "25"
    if not limit.isdigit() or not int(limit) >= 1:
        raise GraphError(100, "limit is a positive number")
    size = min(int(limit), MAX_PAGE)
    start = _after(call.text("after"), kept)
    shown = kept[start : start + size]
    answer: dict[str, Any] = {"data": [chosen(item, call, default) for item in shown]}
    if shown:
        answer["paging"] = {"cursors": {"before": _cursor(shown[0]), "after": _cursor(shown[-1])}}
    if start + size < len(kept):
        path = f"{call.request.base}{call.request.path}"
        answer["paging"]["next"] = f"{path}?limit={size}&after={_cursor(shown[-1])}"
        if asked := call.text("fields"):
            answer["paging"]["next"] += f"&fields={asked}"
    return answer


def graph_time(at: str) -> str:
    """Return an instant as the Graph API writes it: whole seconds and ``+0000``."""
    return at[:19] + "+0000"


def nothing_there(node: str) -> GraphError:
    """Return the error for an object that is not there."""
    message = f"object {node} does not exist or can't be used this way"
    return GraphError(100, message, subcode=33, kind="GraphMethodException")


def _graph_time(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S%z").astimezone(UTC)


def _cursor(item: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(str(item["id"]).encode()).decode().rstrip("=")


def _after(cursor: str, items: list[dict[str, Any]]) -> int:
    if not cursor:
        return 0
    return next((n + 1 for n, item in enumerate(items) if _cursor(item) == cursor), len(items))


def _split(fields: str) -> list[str]:
    """Split a field list at its outer commas, however deep the inner ones are."""
    names, depth = [""], 0
    for sign in fields:
        depth += (sign in "({") - (sign in ")}")
        if sign == "," and not depth:
            names.append("")
        else:
            names[-1] += sign
    return [name.strip() for name in names if name.strip()]


def _decoded(value: Any) -> Any:
    if not isinstance(value, str) or value[:1] not in "[{":
        return value
    found = read_json(value)
    return value if found is None else found
