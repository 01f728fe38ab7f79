"""What errors tell, and to whom."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from chalicelib.domain import errors
from chalicelib.domain.errors import (
    AlreadyAnnounced,
    Ambiguous,
    ChannelError,
    ConfigurationError,
    ContentRejected,
    CredentialsRejected,
    Fault,
    InFlight,
    InvalidMessage,
    LostRace,
    Permanent,
    PublisherError,
    RateLimited,
    Transient,
)


def family(root: type[PublisherError]) -> Iterator[type[PublisherError]]:
    """Yield a class and everything below it that this module declares."""
    yield root
    for kind in root.__subclasses__():
        if kind.__module__ == errors.__name__:
            yield from family(kind)


FAMILY = list(family(PublisherError))
CONCRETE = [kind for kind in family(ChannelError) if not kind.__subclasses__()]


def test_every_public_code_has_one_meaning() -> None:
    codes = [kind.code for kind in FAMILY]

    assert len(set(codes)) == len(codes)


def test_the_tree_in_the_docstring_shows_every_error() -> None:
    tree = errors.__doc__ or ""

    assert [kind.__name__ for kind in FAMILY if kind.__name__ not in tree] == []


def test_without_a_detail_an_error_tells_its_title() -> None:
    assert str(errors.NotFound()) == errors.NotFound().detail == errors.NotFound.title


def test_a_detail_is_what_an_error_tells() -> None:
    assert str(errors.NotFound("Gone.")) == errors.NotFound("Gone.").detail == "Gone."


@pytest.mark.parametrize(("count", "told"), [(1, "1 fault found"), (2, "2 faults found")])
def test_an_invalid_message_counts_its_faults(count: int, told: str) -> None:
    faults = [Fault("/a", "code", "detail")] * count
    error = InvalidMessage(faults)

    assert told in str(error)
    assert error.faults == tuple(faults)


def test_what_is_in_flight_names_its_channels() -> None:
    error = InFlight(["sms", "email"], "Later.")

    assert (error.channels, error.detail) == (("sms", "email"), "Later.")


def test_an_earlier_announcement_is_named_only_to_whom_may_know() -> None:
    assert AlreadyAnnounced().existing_id is None
    assert AlreadyAnnounced("", "c-1").existing_id == "c-1"


def test_a_remedy_may_be_better_known_than_usual() -> None:
    assert ContentRejected("no").remedy == ContentRejected.remedy
    assert ContentRejected("no", remedy="Sing.").remedy == "Sing."


def test_a_rate_limit_carries_the_platforms_wish() -> None:
    assert RateLimited("", timedelta(seconds=5)).retry_after == timedelta(seconds=5)


@pytest.mark.parametrize("kind", CONCRETE)
def test_an_answer_of_a_platform_means_exactly_one_thing(kind: type[ChannelError]) -> None:
    meanings = (Transient, Permanent, CredentialsRejected, Ambiguous)

    assert sum(issubclass(kind, meaning) for meaning in meanings) == 1


@pytest.mark.parametrize("kind", CONCRETE)
def test_only_what_is_tried_again_by_itself_is_retryable(kind: type[ChannelError]) -> None:
    assert kind.retryable == issubclass(kind, Transient)


@pytest.mark.parametrize("kind", [LostRace, ConfigurationError])
def test_what_nobody_may_see_or_swallow_is_no_publisher_error(kind: type[Exception]) -> None:
    assert not issubclass(kind, PublisherError)
