"""The smoke test finds a healthy API well, and says what is wrong with any other."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from chalice.test import Client

import app as application
from chalicelib import __version__
from infrastructure import smoke
from infrastructure.smoke import NotWell, check, main

Answer = tuple[int, bytes]
Answers = Callable[[str], Answer]


@contextmanager
def served(answers: Answers) -> Iterator[str]:
    """Serve answers by path and give the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = answers(self.path)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1"
        finally:
            server.shutdown()
            thread.join()


def well(path: str) -> Answer:
    """Answer as a healthy API does, in few bytes."""
    bodies: dict[str, tuple[int, Any]] = {
        "/v1/health": (200, {"status": "ok", "version": __version__}),
        "/v1/openapi.json": (200, {"paths": {smoke.ROUTE: {}}}),
        f"/v1{smoke.ROUTE}": (401, {"code": "unauthenticated"}),
    }
    status, body = bodies[path]
    return status, json.dumps(body).encode()


def but(wrong: str, answer: Answer) -> Answers:
    """Answer as a healthy API does, but for one path."""
    return lambda path: answer if path == f"/v1{wrong}" else well(path)


@pytest.mark.filterwarnings("ignore:CognitoUserPoolAuthorizer is not a supported")
def test_the_application_itself_is_found_well() -> None:
    with Client(application.app) as client:

        def answers(path: str) -> Answer:
            answer = client.http.get(path.removeprefix("/v1"))
            return answer.status_code, answer.body

        with served(answers) as url:
            check(url, sleep=lambda _: None)


@pytest.mark.parametrize(
    ("path", "answer", "says"),
    [
        ("/health", (503, b"{}"), "/health answers 503 instead of 200"),
        ("/health", (200, b"<html>"), "/health does not answer with a JSON object"),
        ("/health", (200, b"[]"), "/health does not answer with a JSON object"),
        ("/health", (200, b'{"status": "ill"}'), "says 'ill' instead of 'ok'"),
        ("/health", (200, b'{"status": "ok", "version": "0"}'), "runs version '0'"),
        ("/openapi.json", (200, b'{"paths": {}}'), "does not describe /api/v1/messages"),
        (smoke.ROUTE, (200, b'{"items": []}'), "/api/v1/messages answers 200 instead of 401"),
    ],
)
def test_what_is_wrong_is_said(path: str, answer: Answer, says: str) -> None:
    with served(but(path, answer)) as url, pytest.raises(NotWell, match=says):
        check(url, sleep=lambda _: None)


def test_an_api_that_needs_a_while_is_asked_again() -> None:
    waits: list[float] = []

    def answers(path: str) -> Answer:
        return well(path) if len(waits) == smoke.TRIES - 1 else (403, b'{"message": "Forbidden"}')

    with served(answers) as url:
        check(url, sleep=waits.append)

    assert waits == [smoke.SECONDS_BETWEEN] * (smoke.TRIES - 1)


def test_nobody_listening_is_said_in_a_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smoke, "TRIES", 1)
    with served(well) as url:
        pass

    assert main([url]) == 1
    assert "/health can't be reached" in capsys.readouterr().err


def test_a_healthy_api_is_status_zero(capsys: pytest.CaptureFixture[str]) -> None:
    with served(well) as url:
        assert main([url]) == 0
    assert f"is well and runs version {__version__}" in capsys.readouterr().out


@pytest.mark.parametrize("given", [[], [""], ["example.org"], ["https://a", "https://b"]])
def test_no_address_is_status_two(given: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(given) == 2
    assert "make smoke URL=" in capsys.readouterr().err
