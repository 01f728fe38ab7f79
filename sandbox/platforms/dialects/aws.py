"""Pass AWS calls on to the embedded AWS, byte for byte, and refuse them as AWS does.

The Host header stays what the client signed. Error codes: the botocore service models of SES v2 and
SNS (checked November 2026). Calls of our own are signed here (Signature Version 4): loading
botocore for that would make this process half as large again.
"""

from __future__ import annotations

import hmac
import http.client
import secrets
from collections.abc import Mapping
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode, urlsplit
from xml.sax.saxutils import escape

from sandbox.embedded import ACCESS_KEY, REGION
from sandbox.platforms.engine.wire import Answer, Request, json_answer
from sandbox.platforms.engine.world import World

PASS_ON_SECONDS = 30
STAMP = "%Y%m%dT%H%M%SZ"
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "upgrade", "expect",
              "content-length"}  # fmt: skip


def pass_on(world: World, request: Request) -> Answer | None:
    """Return the embedded AWS's answer, or None when it can't be reached."""
    kept = {n: value for n, value in request.headers.items() if n.lower() not in HOP_BY_HOP}
    return _sent(world, request.method, request.target, kept, request.body)


def call(
    world: World, service: str, method: str, path: str, fields: Mapping[str, str] | None = None
) -> Answer | None:
    """Call a service of the embedded AWS ourselves; `fields` are sent as a form.

    Return its answer, or None when it can't be reached.
    """
    body = urlencode(fields or {}).encode()
    headers = {"Host": urlsplit(world.aws or "").netloc, "X-Amz-Date": f"{world.now():{STAMP}}"}
    if fields is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    return _sent(world, method, path, signed(service, method, path, headers, body), body)


def signed(
    service: str, method: str, path: str, headers: Mapping[str, str], body: bytes
) -> dict[str, str]:
    """Return the headers with a signature; they hold Host and X-Amz-Date, the path no query."""
    named = sorted((name.lower(), value) for name, value in headers.items())
    names = ";".join(name for name, _ in named)
    written = "".join(f"{name}:{value}\n" for name, value in named)
    request = f"{method}\n{path}\n\n{written}\n{names}\n{sha256(body).hexdigest()}"
    stamp = headers["X-Amz-Date"]
    scope = f"{stamp[:8]}/{REGION}/{service}/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{sha256(request.encode()).hexdigest()}"
    key = f"AWS4{ACCESS_KEY}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    proof = hmac.digest(key, text.encode(), "sha256").hex()
    credential = f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/{scope}"
    authorization = f"{credential}, SignedHeaders={names}, Signature={proof}"
    return {**headers, "Authorization": authorization}


def _sent(
    world: World, method: str, target: str, headers: Mapping[str, str], body: bytes
) -> Answer | None:
    parts = urlsplit(world.aws or "")
    if parts.hostname not in ("127.0.0.1", "localhost", "::1"):
        return None
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=PASS_ON_SECONDS)
    try:
        connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.putheader("Content-Length", str(len(body)))
        connection.putheader("Connection", "close")
        connection.endheaders(body)
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
