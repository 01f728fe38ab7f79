"""The judge sees every broken promise, and none that was kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from tests.kill.judge import Asked, Told, judge

TEXT = "Kept promise 000001."


def asked(channel: str, *people: tuple[str, str]) -> Asked:
    return Asked(TEXT, {channel: people or (("", ""),)}, "m-1")


def post(channel: str, external_id: str, recipient: str | None = None) -> dict[str, Any]:
    text = f"Ana writes: {TEXT} Good bye."
    return {
        "channel": channel, "external_id": external_id, "recipient": recipient, "text": text,
    }  # fmt: skip


def kinds(wish: Asked, told: Told, posts: Sequence[dict[str, Any]]) -> list[str]:
    return [violation.kind for violation in judge([wish], {TEXT: told}, posts).violations]


@pytest.mark.parametrize(
    ("status", "ids", "expected"),
    [
        ("delivered", ["1"], []),
        ("delivered", [], ["untrue"]),
        ("delivered", ["2"], ["untrue"]),
        ("delivered", ["1", "2"], ["duplicated"]),
        ("failed", ["1"], ["untrue"]),
        ("failed", [], ["lost"]),
        ("skipped", [], ["lost"]),
        ("sending", [], ["lost"]),
        ("in_doubt", ["1"], ["lost"]),
        ("sending", ["1", "2"], ["duplicated", "lost"]),
        ("needs_review", [], ["undecided"]),
        ("needs_review", ["1"], ["undecided"]),
    ],
)
def test_a_feed_is_judged_by_what_is_told_and_what_is_there(
    status: str, ids: list[str], expected: list[str]
) -> None:
    told: Told = {("facebook", ""): (status, "1" if status == "delivered" else None)}
    assert kinds(asked("facebook"), told, [post("facebook", one) for one in ids]) == expected


def test_a_message_that_the_api_does_not_know_is_lost() -> None:
    assert kinds(asked("facebook"), {}, []) == ["lost"]


@pytest.mark.parametrize("ids", [[], ["1"]])
def test_a_person_may_be_asked_where_the_platform_can_not(ids: list[str]) -> None:
    told: Told = {("sms", ""): ("needs_review", None), ("sms", "r"): ("needs_review", None)}
    posts = [post("sms", one, "+1") for one in ids]
    assert kinds(asked("sms", ("r", "+1")), told, posts) == []


def test_each_recipient_has_a_post_of_their_own() -> None:
    wish = asked("sms", ("r", "+1"), ("s", "+2"))
    told: Told = {("sms", one): ("delivered", None) for one in ("", "r", "s")}
    posts = [post("sms", "1", "+1"), post("sms", "2", "+2")]
    assert kinds(wish, told, posts) == []
    assert kinds(wish, told, posts[:1]) == ["untrue"]
    assert kinds(wish, told, [*posts, post("sms", "3", "+2")]) == ["duplicated"]


def test_a_post_to_somebody_it_was_not_for_is_one_too_many() -> None:
    told: Told = {("sms", ""): ("delivered", None), ("sms", "r"): ("delivered", None)}
    posts = [post("sms", "1", "+1"), post("sms", "2", "+2")]
    assert kinds(asked("sms", ("r", "+1")), told, posts) == ["duplicated"]


def test_a_channel_says_as_a_whole_what_its_recipients_say() -> None:
    told: Told = {("sms", ""): ("delivered", None), ("sms", "r"): ("needs_review", None)}
    assert kinds(asked("sms", ("r", "+1")), told, []) == ["untrue"]


def test_what_others_wrote_is_nobodys_business() -> None:
    told: Told = {("facebook", ""): ("delivered", "1")}
    other = {**post("facebook", "9"), "text": "Something else"}
    assert kinds(asked("facebook"), told, [post("facebook", "1"), other]) == []


def test_deliveries_and_their_outcomes_are_counted_by_channel() -> None:
    wish = asked("sms", ("r", "+1"), ("s", "+2"))
    told: Told = {("sms", one): ("delivered", None) for one in ("", "r", "s")}
    verdict = judge([wish], {TEXT: told}, [])
    assert (verdict.deliveries["sms"], verdict.statuses["sms"]["delivered"]) == (2, 2)
    assert verdict.broken("untrue", "sms") == 2
