"""What the cold-start comparison is made of; no wall times."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection

from benchmarks import init, runtime
from chalicelib.edge.operations import OPERATIONS


def test_the_other_side_serves_every_route_of_ours() -> None:
    assert {name for _, _, name in init._routes()} == set(OPERATIONS)


def test_the_runtime_api_gives_an_event_to_who_asks_and_tells_what_was_answered() -> None:
    with runtime.runtime_api() as api, ThreadPoolExecutor(1) as threads:
        assert _said(api, "POST", "runtime/init/error", b"{}")[0] == 202
        given = threads.submit(_said, api, "GET", "runtime/invocation/next")
        assert api.asked(10) == {}
        api.send({"number": 1})
        assert given.result(10) == (200, b'{"number": 1}')
        assert _said(api, "POST", "runtime/invocation/1/response", b'{"a": 2}')[0] == 202
        given = threads.submit(_said, api, "GET", "runtime/invocation/next")
        assert api.asked(10) == {"a": 2}
        api.send({})


def _said(api: runtime.RuntimeApi, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
    client = HTTPConnection(api.address, timeout=10)
    client.request(method, f"/2018-06-01/{path}", body)
    answer = client.getresponse()
    found = (answer.status, answer.read())
    client.close()
    return found


def test_both_sides_are_locked_to_the_same_libraries() -> None:
    ours, theirs = (
        set(init.wheels.locked(path)) for path in (init.PROJECT / "requirements.txt", init.LOCK)
    )
    assert ours < theirs
