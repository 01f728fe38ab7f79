"""AWS calls, each sent once.

The SDK repeats a call that went unanswered two or four times; for one that sends a mail or a text
message that means two or four of them. `single_attempt` switches that off.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator, Mapping
from threading import Lock
from typing import Any

from botocore.config import Config
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
    PartialCredentialsError,
    ProxyConnectionError,
)

from chalicelib.domain.channels import AwsCall, Response
from chalicelib.gateways._http import NoAnswer, NotSent

ClientFactory = Callable[[str, str | None], Any]
"""Makes a client of a service at an endpoint, None for the real one, with `single_attempt`."""

_UNSENT = (
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
    PartialCredentialsError,
    ProxyConnectionError,
)


def single_attempt(connect_timeout_seconds: float, read_timeout_seconds: float) -> Config:
    """Return a configuration with which one call is one request at most."""
    return Config(
        connect_timeout=connect_timeout_seconds,
        read_timeout=read_timeout_seconds,
        retries={"total_max_attempts": 1, "mode": "standard"},
    )


class AwsCalls:
    """Makes calls with one client per service and endpoint; safe to use from several threads."""

    def __init__(self, make_client: ClientFactory) -> None:
        self._make_client = make_client
        self._clients: dict[tuple[str, str | None], Any] = {}
        self._making = Lock()

    def call(self, step: AwsCall, params: Mapping[str, Any], endpoint: str | None) -> Response:
        """Return the service's answer, errors included. Raises `NotSent` or `NoAnswer`."""
        operation = getattr(self._client(step.service, endpoint), step.operation)
        try:
            answer = operation(**params)
        except ClientError as error:
            return _refused(error)
        except Exception as error:
            # Not only botocore's own: its parsers raise whatever they trip over.
            told = f"AWS {step.service} did not answer ({type(error).__name__})."
            raise (NotSent(told) if _is_unsent(error) else NoAnswer(told)) from error
        metadata = answer.pop("ResponseMetadata", {})
        return Response(metadata.get("HTTPStatusCode", 200), _headers(metadata), data=answer)

    def _client(self, service: str, endpoint: str | None) -> Any:
        with self._making:  # making clients is not thread-safe
            found = self._clients.get((service, endpoint))
            if found is None:
                found = self._clients[service, endpoint] = self._make_client(service, endpoint)
                found.meta.events.register("before-send", _close_afterwards)
            return found


def _close_afterwards(request: Any, **_: object) -> None:
    """Ask for a connection of its own, so that no call is lost on one that went stale."""
    request.headers["Connection"] = "close"


def _refused(error: ClientError) -> Response:
    told: Mapping[str, Any] = error.response.get("Error", {})
    metadata: Mapping[str, Any] = error.response.get("ResponseMetadata", {})
    return Response(
        metadata.get("HTTPStatusCode", 0),
        _headers(metadata),
        error=str(told.get("Code") or "Unknown"),
        message=str(told.get("Message") or ""),
    )


def _headers(metadata: Mapping[str, Any]) -> dict[str, str]:
    return {name.lower(): value for name, value in metadata.get("HTTPHeaders", {}).items()}


def _is_unsent(error: Exception) -> bool:
    """Return whether certainly no byte of the request left."""
    return isinstance(error, _UNSENT) or (
        isinstance(error, HTTPClientError)
        and any(isinstance(cause, ssl.SSLCertVerificationError) for cause in _causes(error))
    )


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        yield from (item for item in error.args if isinstance(item, BaseException))
        error = error.__cause__ or error.__context__
