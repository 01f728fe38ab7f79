"""What "Connect a platform" asks for is what the channels ask for."""

from __future__ import annotations

import re
from collections.abc import Generator

import pytest

import app
from chalicelib import edge
from chalicelib.channels import CHANNELS, linkedin
from chalicelib.domain.channels import (
    AccountCheck,
    Channel,
    ChannelName,
    HttpRequest,
    Response,
    Step,
)
from chalicelib.services.subscribing import START_WORDS, STOP_WORDS
from tests.channels.conversing import ACCOUNTS, reply
from tests.docs.pages import ROOT, blocks, page

PAGE = page("how-to/connect-a-platform.md")
EACH = pytest.mark.parametrize("channel", CHANNELS.values(), ids=list(CHANNELS))
GRAPH = [CHANNELS[name] for name in CHANNELS if name in ("facebook", "instagram", "whatsapp")]


def section(channel: Channel) -> str:
    """Return the part of the page about a channel."""
    found = re.search(rf"^## {re.escape(channel.title)}\n(.*?)(?=^## )", PAGE, re.M | re.S)
    assert found, f"there is no section {channel.title}"
    return found[1]


def shown(channel: Channel) -> set[str]:
    """Return the fields of the account that the page shows."""
    (block,) = blocks(section(channel), "json")
    return set(edge.account(edge.AccountBody.model_validate_json(block.text)))


@EACH
def test_the_account_shown_has_every_field_that_is_needed(channel: Channel) -> None:
    assert {*channel.account_settings, *channel.account_secrets} <= shown(channel)


@EACH
def test_the_account_shown_has_no_field_that_is_unknown(channel: Channel) -> None:
    assert shown(channel) <= {
        *channel.account_settings,
        *channel.optional_settings,
        *channel.account_secrets,
        *channel.optional_secrets,
    }


def checked(check: Generator[Step, Response, AccountCheck]) -> AccountCheck:
    """Hold a check with a platform that grants the token nothing that is needed."""
    granted = {"data": {"is_valid": True, "scopes": ["public_profile"]}}
    try:
        step = next(check)
        while True:
            assert isinstance(step, HttpRequest)
            asked = step.url.rpartition("/")[2]
            step = check.send(reply(200, {"id": asked, **granted}))
    except StopIteration as end:
        found: AccountCheck = end.value
        return found


@pytest.mark.parametrize("channel", GRAPH, ids=lambda channel: channel.name)
def test_every_scope_that_meta_is_asked_for_is_named(channel: Channel) -> None:
    missing = checked(channel.check(ACCOUNTS[channel.name])).missing_scopes
    assert missing
    assert all(f"`{scope}`" in section(channel) for scope in missing)


def test_every_scope_that_linkedin_is_asked_for_is_named() -> None:
    assert all(f"`{scope}`" in section(linkedin.CHANNEL) for scope in linkedin.SCOPES)


@EACH
def test_every_permission_of_a_channel_stands_in_a_policy(channel: Channel) -> None:
    policies = "".join(path.read_text("utf-8") for path in ROOT.glob(".chalice/policy-*.json"))
    assert [action for action in channel.permissions if f'"{action}"' not in policies] == []


def test_the_callback_that_meta_is_told_is_a_route() -> None:
    (callback,) = re.findall(r"https://<the API>(/[a-z/]+)", PAGE)
    assert app.app.routes[callback].keys() == {"GET", "POST"}


@pytest.mark.parametrize("word", ["STOP", "BAJA", "START", "ALTA"])
def test_the_words_that_are_named_are_understood(word: str) -> None:
    assert word in section(CHANNELS[ChannelName("whatsapp")])
    assert word.casefold() in STOP_WORDS | START_WORDS
