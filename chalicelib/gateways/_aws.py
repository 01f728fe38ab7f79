"""AWS calls, each sent once and by the same rules as any other request.

The SDK repeats a call that went unanswered two or four times; for one that sends a mail or a text
message that means two or four of them. `SINGLE_ATTEMPT` switches that off. Nor is its own HTTP
client used, which limits neither the time of a whole call nor the size of an answer: the SDK signs
requests and reads answers, and `Wire` carries them, each on a connection of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError

from chalicelib.domain.channels import AwsCall, Response
from chalicelib.gateways._http import NoAnswer, NotSent, Wire

ClientFactory = Callable[[str, str | None], Any]
"""Makes a client of a service at an endpoint, None for the real one, with `SINGLE_ATTEMPT`."""

SINGLE_ATTEMPT = Config(retries={"total_max_attempts": 1, "mode": "standard"})
"""With it one call is one request at most."""


@dataclass
class _Sending:
    """How far the call that this thread is making has come."""

    until: datetime | None = None
    has_begun: bool = False
    answer: Response | None = None


_sending: ContextVar[_Sending] = ContextVar("sending")


class AwsCalls:
    """Makes calls with one client per service and endpoint; safe to use from several threads."""

    def __init__(self, make_client: ClientFactory, wire: Wire) -> None:
        self._make_client = make_client
        self._wire = wire
        self._clients: dict[tuple[str, str | None], Any] = {}
        self._making = Lock()

    def call(
        self,
        step: AwsCall,
        params: Mapping[str, Any],
        endpoint: str | None,
        until: datetime | None = None,
    ) -> Response:
        """Return the service's answer, errors included. Raises `NotSent` or `NoAnswer`."""
        sending = _Sending(until)
        entered = _sending.set(sending)
        try:
            answer = getattr(self._client(step.service, endpoint), step.operation)(**params)
        except ClientError as error:
            return _refused(error)
        except (NotSent, NoAnswer):
            raise
        except Exception as error:
            return _unread(sending, step.service, error)
        finally:
            _sending.reset(entered)
        metadata = answer.pop("ResponseMetadata", {})
        return Response(metadata.get("HTTPStatusCode", 200), _headers(metadata), data=answer)

    def _client(self, service: str, endpoint: str | None) -> Any:
        with self._making:  # making clients is not thread-safe
            found = self._clients.get((service, endpoint))
            if found is None:
                found = self._make_client(service, endpoint)
                found.meta.events.register("before-send", self._carry)
                self._clients[service, endpoint] = found
            return found

    def _carry(self, request: AWSPreparedRequest, **_: object) -> AWSResponse:
        """Send a signed request in the SDK's place."""
        headers = {name: _text(value) for name, value in request.headers.items()}
        body = _bytes(request.body)
        sending = _sending.get()
        sending.has_begun = True
        answer = self._wire.send(
            request.method, request.url, headers, body, alone=True, until=sending.until
        )
        sending.answer = answer
        received: Any = answer.headers  # it takes any mapping
        return AWSResponse(request.url, answer.status, received, _Read(answer.body))


class _Read:
    """A body that was read already."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self) -> Iterator[bytes]:
        """Return it as the SDK takes it."""
        yield self._body


def _bytes(body: Any) -> bytes | None:
    """Return a body as it is sent: forms are text, everything else is bytes already."""
    return body.encode() if isinstance(body, str) else body


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _unread(sending: _Sending, service: str, error: Exception) -> Response:
    """Return a refusal of which the SDK could read no more than its status; raise for the rest.

    The rest: no region, no credentials, parameters it can't take; a success that its parsers, which
    raise whatever they trip over, made nothing of.
    """
    name = type(error).__name__
    if not sending.has_begun:
        raise NotSent(f"AWS {service} could not be called ({name}).") from error
    answer = sending.answer
    if answer is None or answer.ok:
        raise NoAnswer(f"AWS {service} gave no usable answer ({name}).") from error
    return Response(answer.status, answer.headers, error=str(answer.status))


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
