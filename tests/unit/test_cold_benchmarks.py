"""What the cold-start comparison is made of; no wall times."""

from __future__ import annotations

from http.client import HTTPConnection

from benchmarks import init
from chalicelib.edge.operations import OPERATIONS


def test_the_other_side_serves_every_route_of_ours() -> None:
    assert {name for _, _, name in init._routes()} == set(OPERATIONS)


def test_the_runtime_api_tells_that_an_application_asked_for_its_first_event() -> None:
    with init._runtime_api() as (address, asked):
        host, _, port = address.partition(":")
        client = HTTPConnection(host, int(port), timeout=10)
        client.request("POST", "/2018-06-01/runtime/init/error", body=b"")
        assert (client.getresponse().status, asked.is_set()) == (202, False)
        client.close()
        client.request("GET", "/2018-06-01/runtime/invocation/next")
        assert asked.wait(10)
        client.close()


def test_both_sides_are_locked_to_the_same_libraries() -> None:
    ours, theirs = (
        set(init.wheels.locked(path)) for path in (init.PROJECT / "requirements.txt", init.LOCK)
    )
    assert ours < theirs
