"""An AWS client whose answers are scripted, checked against the service's own model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)
from botocore.stub import Stubber

from chalicelib.domain.channels import Response

URL = "https://aws.example"
SILENCE = ReadTimeoutError(endpoint_url=URL)
NOT_REACHED = EndpointConnectionError(endpoint_url=URL)
NOT_CONNECTED = ConnectTimeoutError(endpoint_url=URL)


@contextmanager
def scripted(service: str) -> Iterator[Stubber]:
    """Return a stubber of a client; every scripted answer must be asked for."""
    client = boto3.client(
        service,  # type: ignore[call-overload] # given by the test
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(
            retries={"total_max_attempts": 1},
            signature_version="s3v4" if service == "s3" else None,
            s3={"addressing_style": "path"},
        ),
    )
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


class Raising:
    """A client every operation of which raises."""

    meta = SimpleNamespace(region_name="us-east-1")

    def __init__(self, error: Exception) -> None:
        self._error = error

    def __getattr__(self, name: str) -> Any:
        def operation(**_: object) -> None:
            raise self._error

        return operation


def response_of(status: int, data: Mapping[str, Any], error: str = "") -> Response:
    """Return an AWS call's response as the transport makes it of a service's answer."""
    return Response(status, data={} if error else data, error=error)
