"""Every error a caller may see has a code, a title, a status and a problem document."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest

from chalicelib.domain import errors, ports
from chalicelib.domain.errors import Fault, PublisherError
from chalicelib.edge import problems

EXPECTED = {
    "internal": 500,
    "invalid_message": 400,
    "not_found": 404,
    "forbidden": 403,
    "conflict": 409,
    "version_conflict": 412,
    "version_required": 428,
    "illegal_transition": 409,
    "in_flight": 409,
    "already_announced": 409,
    "already_subscribed": 409,
    "media_not_ready": 409,
    "still_running": 409,
    "idempotency_mismatch": 422,
    "store_unavailable": 503,
    "channel_error": 422,
    "transient": 503,
    "rate_limited": 503,
    "platform_unavailable": 503,
    "out_of_time": 503,
    "permanent": 422,
    "content_rejected": 422,
    "unsupported_content": 422,
    "opted_out": 422,
    "credentials_rejected": 422,
    "no_answer": 502,
    "bad_request": 400,
    "unauthenticated": 401,
    "method_not_allowed": 405,
    "body_too_large": 413,
    "unsupported_media_type": 415,
}
"""Public codes and their statuses: a promise to every client."""


def family(kind: type[PublisherError]) -> Iterator[type[PublisherError]]:
    yield kind
    for child in kind.__subclasses__():
        if child.__module__.startswith("chalicelib."):
            yield from family(child)


FAMILY = sorted(set(family(PublisherError)), key=lambda kind: kind.__name__)


def example(kind: type[PublisherError]) -> PublisherError:
    """Return an error of a class with everything it can carry."""
    if kind is errors.InvalidMessage:
        return errors.InvalidMessage([Fault("/content", "blank", "Nothing to see.")])
    if kind is errors.InFlight:
        return errors.InFlight(["sms", "email"], "Published already: sms, email.")
    if kind is errors.AlreadyAnnounced:
        return errors.AlreadyAnnounced("Announced.", "an-id")
    if kind is errors.RateLimited:
        return errors.RateLimited("Slow down.", timedelta(seconds=90.2))
    return kind("What happened.")


@pytest.mark.parametrize("kind", FAMILY, ids=lambda kind: kind.__name__)
def test_an_error_has_a_code_with_its_promised_status(kind: type[PublisherError]) -> None:
    assert problems.status_of(kind) == EXPECTED[kind.code]


def test_no_promised_code_has_disappeared() -> None:
    assert {kind.code for kind in FAMILY} == EXPECTED.keys()


def test_a_code_means_one_error_only() -> None:
    modules = (errors.__name__, problems.__name__)
    codes = [kind.code for kind in FAMILY if kind.__module__ in modules]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("kind", FAMILY, ids=lambda kind: kind.__name__)
def test_an_error_becomes_a_problem_document(kind: type[PublisherError]) -> None:
    error = example(kind)
    answer = problems.render(error, "correlation")
    document = json.loads(answer.body)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert document["status"] == answer.status
    assert document["code"] == error.code
    assert document["type"].endswith(error.code)
    assert (document["title"], document["detail"]) == (error.title, error.detail)
    assert document["correlation_id"] == "correlation"


def test_an_invalid_message_lists_its_faults() -> None:
    document = json.loads(problems.render(example(errors.InvalidMessage)).body)
    assert document["errors"] == [
        {"pointer": "/content", "code": "blank", "detail": "Nothing to see."}
    ]


def test_a_flood_of_faults_is_cut_but_counted() -> None:
    flood = errors.InvalidMessage([Fault(f"/{n}", "unknown_field", "No.") for n in range(5_000)])
    document = json.loads(problems.render(flood).body)
    assert len(document["errors"]) == problems.MAX_FAULTS_SHOWN
    assert document["detail"].startswith("5000 ")


def test_in_flight_names_the_channels() -> None:
    assert json.loads(problems.render(example(errors.InFlight)).body)["channels"] == [
        "sms",
        "email",
    ]


def test_already_announced_names_what_the_caller_may_read() -> None:
    known = json.loads(problems.render(example(errors.AlreadyAnnounced)).body)
    hidden = json.loads(problems.render(errors.AlreadyAnnounced("Announced.")).body)
    assert known["existing_id"] == "an-id"
    assert "existing_id" not in hidden


def test_a_channel_error_says_what_helps() -> None:
    document = json.loads(problems.render(errors.CredentialsRejected("Expired.")).body)
    assert document["retryable"] is False
    assert "administrator" in document["remedy"]


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (example(errors.RateLimited), "91"),
        (errors.StoreUnavailable(), "2"),
        (errors.StillRunning(), "2"),
        (ports.OnceTaken(), "2"),
        (errors.NotFound(), None),
    ],
)
def test_retry_after_is_said_where_another_try_makes_sense(
    error: PublisherError, seconds: str | None
) -> None:
    assert problems.render(error).headers.get("Retry-After") == seconds


def test_a_refused_token_says_which_scheme_is_wanted() -> None:
    assert "Bearer" in problems.render(problems.Unauthenticated()).headers["WWW-Authenticate"]


def test_a_lone_surrogate_in_a_detail_does_not_break_the_answer() -> None:
    body = problems.render(errors.Conflict("broken \ud83d")).body
    assert json.loads(body.encode("utf-8"))["detail"] == "broken ?"
