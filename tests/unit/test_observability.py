"""Lines and metrics: one id on all of them, and nothing secret on any."""

from __future__ import annotations

import io
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.observability import HIDDEN, NAMESPACE, JsonTelemetry, redacted
from tests.fakes.platforms import answers, broken
from tests.fakes.world import World

CANARIES = {
    "token": "EAAGm0PX4ZCpsBAJZAcanary",
    "phone": "+447700900123",
    "spaced phone": "+44 7700 900-123",
    "mail": "grace.hopper+x@mail.example.org",
    "jwt": "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJl",
    "signature": "c4n4ry51gn4tur3",
}
PRESIGNED = (
    "https://bucket.s3.amazonaws.com/media/a.jpg?X-Amz-Credential=c4n4ry51gn4tur3%2F20261121"
    "&X-Amz-Security-Token=c4n4ry51gn4tur3&X-Amz-Signature=c4n4ry51gn4tur3"
)


def voice() -> tuple[JsonTelemetry, io.StringIO]:
    """Return a telemetry and what it writes to."""
    out = io.StringIO()
    return JsonTelemetry(out), out


def lines(out: io.StringIO) -> list[dict[str, Any]]:
    """Return what was written, line by line."""
    return [json.loads(line) for line in out.getvalue().splitlines()]


# --- lines ------------------------------------------------------------------------------------


def test_an_event_is_one_json_line_with_its_level() -> None:
    telemetry, out = voice()
    telemetry.event("opened", door="left", count=2)

    assert lines(out) == [{"level": "INFO", "event": "opened", "door": "left", "count": 2}]


def test_an_error_tells_where_it_was_but_not_with_what_values() -> None:
    telemetry, out = voice()
    try:
        _deep("hush")
    except KeyError as error:
        telemetry.failure("broke", error)
    (line,) = lines(out)

    assert (line["level"], line["event"], line["error"]) == ("ERROR", "broke", "KeyError")
    assert line["where"][-1].startswith("_deep:")
    assert "hush" not in out.getvalue()


def _deep(secret: str) -> None:
    raise KeyError(f"access_token={secret}")


def test_a_correlation_id_stands_on_every_line_inside() -> None:
    telemetry, out = voice()
    telemetry.event("before")
    with telemetry.correlated("c-1", delivery="m#sms"):
        telemetry.event("inside")
        telemetry.failure("broke", ValueError())
        telemetry.count("Things")
    telemetry.event("after")

    ids = [(line.get("correlation_id"), line.get("delivery")) for line in lines(out)]
    assert ids == [(None, None), *[("c-1", "m#sms")] * 3, (None, None)]


def test_the_present_correlation_id_can_be_asked_for() -> None:
    telemetry, _ = voice()
    with telemetry.correlated("outer"):
        with telemetry.correlated("inner"):
            assert telemetry.correlation_id == "inner"
        assert telemetry.correlation_id == "outer"

    assert telemetry.correlation_id == ""


def test_an_error_inside_ends_the_correlation() -> None:
    telemetry, _ = voice()
    with pytest.raises(ValueError), telemetry.correlated("c-1"):
        raise ValueError

    assert telemetry.correlation_id == ""


def test_threads_do_not_mix_up_their_ids() -> None:
    telemetry, out = voice()

    def work(name: str) -> None:
        with telemetry.correlated(name):
            telemetry.event("worked", name=name)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, map(str, range(50))))

    assert len(lines(out)) == 50
    assert all(line["correlation_id"] == line["name"] for line in lines(out))


def test_without_a_place_to_write_lines_go_to_standard_output(
    capsys: pytest.CaptureFixture[str],
) -> None:
    JsonTelemetry().event("opened")

    assert json.loads(capsys.readouterr().out)["event"] == "opened"


def test_half_a_character_does_not_stop_a_line() -> None:
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, "utf-8")
    JsonTelemetry(out).event("odd", key="a\ud800é")

    assert json.loads(raw.getvalue())["key"] == "a\ud800é"


def test_values_that_are_no_json_are_written_as_text() -> None:
    telemetry, out = voice()
    telemetry.event("odd", value=ValueError("x"), group={1}, pair=(1, 2.5, None, True))

    (line,) = lines(out)
    assert (line["value"], line["group"], line["pair"]) == ("x", [1], [1, 2.5, None, True])


# --- metrics ----------------------------------------------------------------------------------


def test_a_metric_is_a_valid_embedded_metric() -> None:
    telemetry, out = voice()
    telemetry.count("AttemptDuration", 12.5, "Milliseconds", outcome="delivered", channel="sms")
    (line,) = lines(out)
    directive = line["_aws"]["CloudWatchMetrics"][0]

    assert isinstance(line["_aws"]["Timestamp"], int)
    assert directive == {
        "Namespace": NAMESPACE,
        "Dimensions": [["stage"], ["channel", "outcome", "stage"]],
        "Metrics": [{"Name": "AttemptDuration", "Unit": "Milliseconds"}],
    }
    assert line["AttemptDuration"] == 12.5
    assert {name: line[name] for name in ("channel", "outcome")} == {
        "channel": "sms",
        "outcome": "delivered",
    }


def test_a_metric_without_dimensions_is_its_stages_alone() -> None:
    out = io.StringIO()
    JsonTelemetry(out, stage="prod").count("Ticks")
    (line,) = lines(out)

    assert line["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["stage"]]
    assert (line["Ticks"], line["stage"]) == (1, "prod")


# --- redaction --------------------------------------------------------------------------------


@pytest.mark.parametrize("canary", [CANARIES[n] for n in ("phone", "spaced phone", "mail", "jwt")])
@pytest.mark.parametrize("sentence", ["{}", "Could not reach {}.", "to={}&x=1", "<{}>", "({})"])
def test_what_looks_secret_is_hidden_wherever_it_stands(canary: str, sentence: str) -> None:
    assert canary not in redacted(sentence.format(canary))


@pytest.mark.parametrize(
    "sentence",
    [
        "Authorization: Bearer {}",
        "https://graph.facebook.com/me?access_token={}&fields=id",
        '{{"access_token": "{}"}}',
        "{{'client_secret': '{}'}}",
        "appsecret_proof={}",
    ],
)
def test_a_token_is_hidden_by_what_stands_before_it(sentence: str) -> None:
    assert CANARIES["token"] not in redacted(sentence.format(CANARIES["token"]))


def test_a_presigned_address_keeps_its_place_and_loses_its_proof() -> None:
    shown = redacted(f"GET {PRESIGNED} failed")

    assert CANARIES["signature"] not in shown
    assert "https://bucket.s3.amazonaws.com/media/a.jpg" in shown


@pytest.mark.parametrize(
    "name", ["access_token", "Authorization", "secrets", "to_address", "phone", "email", "apiKey"]
)
@pytest.mark.parametrize("value", ["x", ["x"], {"page": "x"}, 447700900123])
def test_what_is_named_as_secret_is_hidden_whatever_it_is(name: str, value: object) -> None:
    assert redacted({name: value}) == {name: HIDDEN}


def test_secrets_deep_inside_are_hidden() -> None:
    value = {"a": [{"b": ({"token": "x"}, CANARIES["mail"])}]}

    assert redacted(value) == {"a": [{"b": [{"token": HIDDEN}, HIDDEN]}]}


def test_a_secret_that_is_a_name_itself_is_hidden() -> None:
    assert redacted({CANARIES["mail"]: 1}) == {HIDDEN: 1}


@pytest.mark.parametrize("value", [None, True, False])
def test_whether_there_is_a_secret_may_be_told(value: object) -> None:
    assert redacted({"token": value}) == {"token": value}


@pytest.mark.parametrize(
    "value",
    [
        "2026-11-21T12:00:00.000Z",
        "2026-11-21 12:00:00+00:00",
        "01a1fdfa-4600-7000-8000-000000000011#sms#r-1",
        "urn:li:share:7265432109876543210",
        "1+1=2",
        "127.0.0.1:8000",
        1795259123456,
    ],
)
def test_ordinary_values_are_left_as_they_are(value: object) -> None:
    assert redacted(value) == value


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
def test_whatever_is_logged_becomes_one_line(value: object) -> None:
    telemetry, out = voice()
    telemetry.event("any", value=value)

    assert len(out.getvalue().split("\n")) == 2


def test_nothing_secret_reaches_a_line_of_the_worker() -> None:
    telemetry, out = voice()
    world = World(telemetry=telemetry)
    world.subscribe("email", 2)
    world.subscribe("sms", 2)
    secret = " ".join(CANARIES.values())
    refusal = answers(400, {"error": {"code": 1, "message": f"{secret} {PRESIGNED}"}})
    world.platforms.arm("facebook", refusal)
    world.platforms.arm("email", broken)
    world.submit(f"Hello {secret}", "facebook", "linkedin", "email", "sms")
    world.run()

    written = out.getvalue()
    assert len(written) > 1000
    addresses = [post.recipient or "" for post in world.platforms.posts]
    for canary in (*CANARIES.values(), *filter(None, addresses), "facebook-token"):
        assert canary not in written
