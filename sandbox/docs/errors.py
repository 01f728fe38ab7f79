"""The page about the errors: what each code means, and what helps."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from random import Random

from chalicelib.domain import errors, steps
from chalicelib.domain.channels import ChannelName
from chalicelib.domain.deliveries import Delivery, DeliveryKey, Policy, Problem
from chalicelib.domain.errors import ChannelError, PublisherError
from chalicelib.domain.reports import PROBLEMS
from chalicelib.domain.states import Status
from chalicelib.edge import problems
from sandbox.docs.data import code, table

Kind = type[PublisherError]

INTRODUCTION = """# Errors

<!-- Generated from chalicelib/domain/errors.py and chalicelib/edge/problems.py by `make docs`; \
changes here are lost. -->

Every error is a problem document (RFC 9457, `application/problem+json`) with `type`, `title`,
`status`, `detail`, `code` and, where there is one, `correlation_id`. `code` is stable: decide by
it, show `detail`. Input faults are listed in `errors`, each with a JSON pointer, a code and a
sentence.

## The tree
"""

CALLERS = """## What the caller does

`Retry-After` is sent wherever another try makes sense.
"""

PLATFORMS = """## What a platform answered

These stand in a delivery's `error`, with `retryable` and `remedy`. As the answer to a request they
come only when an account is being connected and its platform is asked; hence their status. The two
columns on the right say where the answer leads a delivery that is `sending`: for the first time,
and when an earlier attempt had stayed unanswered.
"""

REASONS = """## Reasons that are no errors

They stand in a delivery's `error` too, but nothing went wrong while it was published.
"""

INSIDE = """## Never seen by a caller
"""

ADVICE: Mapping[Kind, str] = {
    PublisherError: "Try again later; tell us the `correlation_id` if it stays.",
    errors.InvalidMessage: "Correct every fault in `errors`; sending it again unchanged is no use.",
    errors.NotFound: "Check the id. Other people's objects are not found either.",
    errors.Forbidden: "Ask somebody with the role for it.",
    errors.Conflict: "Read the object again, then decide; `detail` says what is in the way.",
    errors.VersionConflict: "Read it again, apply the change to that, send the new `If-Match`.",
    errors.VersionRequired: "Read it and send its `ETag` as `If-Match`.",
    errors.IllegalTransition: "Read it again: its status does not allow this any more, or yet.",
    errors.InFlight: "See `detail`: `channels` show it or may yet; a cancel stopped the others.",
    errors.AlreadyAnnounced: "Look at `existing_id`, if it is given; there is nothing to send.",
    errors.AlreadySubscribed: (
        "Nothing, or remove the recipient `existing_id` first to record them anew."
    ),
    errors.MediaNotReady: "Ask for the upload until it is `ready`, then send the same again.",
    errors.StillRunning: "Wait as long as `Retry-After` says, then send the same again.",
    errors.IdempotencyMismatch: "Use a new `Idempotency-Key` for another request.",
    errors.StoreUnavailable: "Send the same again, with the same `Idempotency-Key`.",
    problems.BadRequest: "Correct the request; `detail` says what could not be understood.",
    problems.Unauthenticated: "Sign in, and send the ID token as `Authorization`.",
    problems.MethodNotAllowed: "Use a method that `/openapi.json` names for this path.",
    problems.BodyTooLarge: "Send less; files go to `POST /api/v1/uploads`.",
    problems.UnsupportedMediaType: "Send JSON with `Content-Type: application/json`.",
}

DUE = datetime(2026, 1, 1, tzinfo=UTC)


def render() -> str:
    """Return the page."""
    family = list(tree(PublisherError))
    callers = [_for_callers(kind) for _, kind in family if not issubclass(kind, ChannelError)]
    platforms = [_for_platforms(kind) for _, kind in family if issubclass(kind, ChannelError)]
    reasons = [(code(p.code), p.title, p.detail, p.remedy) for p in problems_without_error()]
    inside = [(code(kind.__name__), meaning(kind)) for kind in hidden()]
    parts = (
        INTRODUCTION,
        "\n".join(["```text", *(f"{'  ' * depth}{kind.__name__}" for depth, kind in family), "```"])
        + "\n",
        CALLERS,
        table(("code", "status", "means", "do"), callers) + "\n",
        PLATFORMS,
        table(("code", "status", "means", "remedy", "delivery", "in doubt"), platforms) + "\n",
        REASONS,
        table(("code", "title", "means", "remedy"), reasons) + "\n",
        INSIDE,
        table(("class", "means"), inside),
        "",
    )
    return "\n".join(parts)


def tree(kind: Kind, depth: int = 0) -> Iterator[tuple[int, Kind]]:
    """Yield a public error class and what is below it, with its depth."""
    yield depth, kind
    for child in sorted(kind.__subclasses__(), key=lambda child: child.__name__):
        if child.__module__ in (errors.__name__, problems.__name__):
            yield from tree(child, depth + 1)


def meaning(kind: type) -> str:
    """Return an error's own words, in one line."""
    return " ".join((inspect.getdoc(kind) or "").split("\n\n")[0].split())


def problems_without_error() -> list[Problem]:
    """Return the reasons that a delivery may show without any error class behind them."""
    constants = [value for value in vars(steps).values() if isinstance(value, Problem)]
    asked = steps.ask_person(_delivery(Status.IN_DOUBT, doubt=True)).problem
    found = [*constants, *PROBLEMS.values(), *([asked] if asked else [])]
    return sorted(found, key=lambda problem: problem.code)


def hidden() -> list[type[Exception]]:
    """Return the errors that no caller sees."""
    found = [value for value in vars(errors).values() if inspect.isclass(value)]
    return [
        kind
        for kind in found
        if issubclass(kind, Exception) and not issubclass(kind, PublisherError)
    ]


def _for_callers(kind: Kind) -> tuple[str, ...]:
    return code(kind.code), _status(kind), meaning(kind), ADVICE[kind]


def _for_platforms(kind: type[ChannelError]) -> tuple[str, ...]:
    leads = (code(_after(kind, doubt=doubt)) for doubt in (False, True))
    return code(kind.code), _status(kind), meaning(kind), kind.remedy, *leads


def _status(kind: Kind) -> str:
    return str(int(problems.status_of(kind)))


def _after(kind: type[ChannelError], *, doubt: bool) -> Status:
    """Return what an answer makes of a delivery that is being sent."""
    sending = _delivery(Status.SENDING, doubt=doubt)
    settled = steps.settle_error(sending, kind(), DUE, Policy(), timedelta(seconds=1), Random(0))
    return settled.status


def _delivery(status: Status, *, doubt: bool) -> Delivery:
    key = DeliveryKey("message", ChannelName("channel"))
    return Delivery(key, status, 1, DUE, attempts=1, doubt=doubt)
