"""Performs the steps of a channel's conversation: each one exactly once, in limited time.

    nothing was sent                    PlatformUnavailable
    nor may be, so late                 OutOfTime
    sent, no usable answer, publishes   Ambiguous
    sent, no usable answer, otherwise   PlatformUnavailable
    any whole answer                    a Response; what it means is the channel's affair

Channels name the platforms' real hosts. Where a stand-in is configured for a channel its requests
go there instead; without one, only https leaves this process. Pictures travel by reference up to
here.
"""

from __future__ import annotations

import json as jsonlib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import SplitResult, urlencode, urlsplit, urlunsplit

from chalicelib.domain.channels import (
    Account,
    AwsCall,
    HttpRequest,
    MediaBytes,
    MediaUrl,
    Response,
)
from chalicelib.domain.errors import Ambiguous, OutOfTime, PlatformUnavailable, PublisherError
from chalicelib.domain.ports import Clock
from chalicelib.gateways._aws import SINGLE_ATTEMPT, AwsCalls, ClientFactory
from chalicelib.gateways._http import NoAnswer, NotSent, TooLate, Wire

__all__ = ["SINGLE_ATTEMPT", "ClientFactory", "HttpTransport"]

USER_AGENT = "omnichannel-publisher"


class HttpTransport:
    """Implements `ports.Transport` over urllib3 and the AWS SDK."""

    def __init__(
        self,
        *,
        media_url: Callable[[str], str],
        media_bytes: Callable[[str], bytes],
        client: ClientFactory,
        endpoints: Mapping[str, str],
        connect_timeout_seconds: float,
        read_timeout_seconds: float,
        clock: Clock,
    ) -> None:
        self._media_url = media_url
        self._media_bytes = media_bytes
        self._endpoints = {name: base.rstrip("/") for name, base in endpoints.items()}
        self._wire = Wire(connect_timeout_seconds, read_timeout_seconds, clock)
        self._aws = AwsCalls(client, self._wire)

    def perform(
        self, step: HttpRequest | AwsCall, account: Account, until: datetime | None = None
    ) -> Response:
        """Return the platform's answer, whatever it says; the module says what is raised."""
        try:
            if isinstance(step, AwsCall):
                endpoint = self._endpoints.get(account.channel)
                return self._aws.call(step, self._resolved(step.params), endpoint, until)
            url = self._address(step, account)
            headers, body = self._encoded(step)
            alone = step.publishes
            return self._wire.send(step.method, url, headers, body, alone=alone, until=until)
        except TooLate as error:
            raise OutOfTime from error
        except NotSent as error:
            raise PlatformUnavailable(str(error)) from error
        except NoAnswer as error:
            outcome = Ambiguous if step.publishes else PlatformUnavailable
            raise outcome(str(error)) from error

    def _address(self, step: HttpRequest, account: Account) -> str:
        """Return where a request goes, parameters included."""
        params = self._resolved(step.params)
        base = self._endpoints.get(account.channel)
        url = step.url if base is None else _at(base, step.url)
        if base is None and _split(url).scheme != "https":
            raise NotSent("Only https addresses are called.")
        if not params:
            return url
        return f"{url}{'&' if '?' in url else '?'}{urlencode(params)}"

    def _encoded(self, step: HttpRequest) -> tuple[dict[str, str], bytes | None]:
        """Return headers and body as they are sent."""
        headers = {"User-Agent": USER_AGENT, **step.headers}
        if step.body is not None:
            return headers, self._resolved(step.body)
        if step.json is not None:
            text = jsonlib.dumps(self._resolved(step.json), ensure_ascii=False)
            return {"Content-Type": "application/json", **headers}, text.encode()
        if step.form is not None:
            fields = {name: _flat(value) for name, value in self._resolved(step.form).items()}
            kind = "application/x-www-form-urlencoded"
            return {"Content-Type": kind, **headers}, urlencode(fields).encode()
        return headers, None

    def _resolved(self, value: Any) -> Any:
        """Return a value with pictures in place of their references."""
        try:
            return self._with_media(value)
        except PublisherError as error:
            raise NotSent("The picture could not be fetched from our own store.") from error

    def _with_media(self, value: Any) -> Any:
        match value:
            case MediaUrl(ref):
                return self._media_url(ref)
            case MediaBytes(ref):
                return self._media_bytes(ref)
            case Mapping():
                return {name: self._with_media(item) for name, item in value.items()}
            case list() | tuple():
                return [self._with_media(item) for item in value]
        return value


def _at(base: str, url: str) -> str:
    """Return an address of a real host as its stand-in's; the stand-in's own stay."""
    if url == base or url.startswith((f"{base}/", f"{base}?")):
        return url
    target, parts = urlsplit(base), _split(url)
    return urlunsplit((target.scheme, target.netloc, target.path + parts.path, parts.query, ""))


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError as error:
        raise NotSent("The address is malformed.") from error


def _flat(value: Any) -> str:
    """Return a form field; anything nested is JSON."""
    return value if isinstance(value, str) else jsonlib.dumps(value, ensure_ascii=False)
