"""What "Connect a platform" asks for is what the channels ask for."""

from __future__ import annotations

import json
import re
from collections.abc import Generator
from typing import Any

import pytest

from chalicelib.channels import CHANNELS, linkedin
from chalicelib.domain.channels import AccountCheck, Channel, Response, Step
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


def body(channel: Channel) -> dict[str, Any]:
    """Return the account that the page shows."""
    (block,) = blocks(section(channel), "json")
    shown: dict[str, Any] = json.loads(block.text)
    return shown


@EACH
def test_the_account_shown_has_every_field_that_is_needed(channel: Channel) -> None:
    shown = body(channel)
    assert set(channel.account_settings) <= set(shown["settings"])
    assert set(channel.account_secrets) <= set(shown["secrets"])


@EACH
def test_the_account_shown_has_no_field_that_is_unknown(channel: Channel) -> None:
    shown = body(channel)
    assert set(shown["settings"]) <= {*channel.account_settings, *channel.optional_settings}
    assert set(shown["secrets"]) <= {*channel.account_secrets, *channel.optional_secrets}


def checked(check: Generator[Step, Response, AccountCheck]) -> AccountCheck:
    """Hold a check with a platform that grants the token nothing that is needed."""
    answer = reply(200, {"id": "1", "data": {"is_valid": True, "scopes": ["public_profile"]}})
    try:
        next(check)
        while True:
            check.send(answer)
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


def test_the_page_says_that_events_are_not_taken_in_as_long_as_there_is_no_door() -> None:
    has_door = "webhook" in (ROOT / "app.py").read_text("utf-8")
    assert has_door != ("Events are not taken in" in PAGE)
