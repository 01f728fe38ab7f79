"""Pass AWS calls on to the embedded AWS, byte for byte, and refuse them as AWS does.

The Host header stays what the client signed. Error codes: the botocore service models of SES v2 and
SNS (checked November 2026).
"""

from __future__ import annotations

import http.client
import re
import secrets
from typing import Any
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from sandbox.platforms.engine.wire import Answer, Request, json_answer
from sandbox.platforms.engine.world import World

PASS_ON_SECONDS = 30
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "upgrade", "expect",
              "content-length"}  # fmt: skip
KEY_ID = re.compile(r"Credential=([^/,\s]+)")


def pass_on(world: World, request: Request) -> Answer | None:
    """Return the embedded AWS's answer, or None when it can't be reached."""
    parts = urlsplit(world.aws or "")
    if parts.hostname not in ("127.0.0.1", "localhost", "::1"):
        return None
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=PASS_ON_SECONDS)
    try:
        connection.putrequest(
            request.method, request.target, skip_host=True, skip_accept_encoding=True
        )
        for name, value in request.headers.items():
            if name.lower() not in HOP_BY_HOP:
                connection.putheader(name, value)
        connection.putheader("Content-Length", str(len(request.body)))
        connection.putheader("Connection", "close")
        connection.endheaders(request.body)
        response = connection.getresponse()
        return Answer(response.status, response.read(), dict(response.getheaders()))
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()


def rest_json_error(status: int, code: str, message: str) -> Answer:
    """Return an error of a REST-JSON service such as SES v2."""
    headers = {"x-amzn-ErrorType": code, "x-amzn-RequestId": secrets.token_hex(16)}
    return json_answer(status, {"message": message}, headers)


def query_error(status: int, code: str, message: str, namespace: str) -> Answer:
    """Return an error of a query service such as SNS."""
    fault = "Sender" if status < 500 else "Receiver"
    request_id = secrets.token_hex(16)
    body = (
        f'<ErrorResponse xmlns="{namespace}"><Error><Type>{fault}</Type><Code>{code}</Code>'
        f"<Message>{escape(message)}</Message></Error><RequestId>{request_id}</RequestId>"
        "</ErrorResponse>"
    )
    headers = {"Content-Type": "text/xml", "x-amzn-RequestId": request_id}
    return Answer(status, body.encode(), headers)


def mapping(value: Any) -> dict[str, Any]:
    """Return ``value`` if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}
