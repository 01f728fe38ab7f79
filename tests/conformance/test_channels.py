"""Every channel obeys the house's rules, whoever wrote it."""

from __future__ import annotations

import ast
import re
import sys
from dataclasses import replace
from datetime import date
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib import channels as package
from chalicelib.channels import CHANNELS
from chalicelib.domain.adaptation import Tones
from chalicelib.domain.certifications import Submission
from chalicelib.domain.channels import (
    Channel,
    Handle,
    HttpRequest,
    Reconcilability,
    Response,
    Wording,
)
from chalicelib.domain.errors import (
    Ambiguous,
    ChannelError,
    CredentialsRejected,
    PlatformUnavailable,
)
from chalicelib.domain.messages import Content
from tests.channels.conversing import NOW
from tests.channels.steps import ADDRESSES, CARD, account, post, publishing_step

EACH = pytest.mark.parametrize("channel", CHANNELS.values(), ids=list(CHANNELS))
DIRECT = {Reconcilability.EVENT, Reconcilability.NONE}


def source(channel: Channel) -> str:
    """Return the text of a channel's module."""
    path = sys.modules[type(channel).__module__].__file__
    return Path(path or "").read_text("utf-8")


def test_each_public_module_is_a_channel_under_its_own_name() -> None:
    folder = Path(package.__file__ or "").parent
    names = {path.stem for path in folder.glob("[!_]*.py")}
    assert set(CHANNELS) == names
    assert all(import_module(f"{package.__name__}.{n}").CHANNEL is CHANNELS[n] for n in CHANNELS)


def test_the_registry_can_not_be_changed() -> None:
    with pytest.raises(TypeError):
        CHANNELS["x"] = None  # type: ignore[index]


@EACH
def test_limits_carry_their_source_and_day(channel: Channel) -> None:
    assert channel.limits.source.startswith("https://")
    assert date(2026, 11, 1) <= channel.limits.checked_on <= date(2027, 12, 31)


@EACH
def test_an_address_of_a_limit_is_told_in_the_modules_own_words(channel: Channel) -> None:
    assert "checked 2026-11-21" in (ast.get_docstring(ast.parse(source(channel))) or "")


@EACH
def test_only_direct_channels_wait_for_an_event_or_a_person(channel: Channel) -> None:
    assert channel.direct == (channel.reconciles_by in DIRECT)


@EACH
def test_what_is_secret_is_not_a_setting(channel: Channel) -> None:
    settings = {*channel.account_settings, *channel.optional_settings}
    secrets = {*channel.account_secrets, *channel.optional_secrets}
    assert not settings & secrets
    assert not [name for name in settings if re.search(r"secret|token|password", name)]


@EACH
def test_a_permission_names_one_action(channel: Channel) -> None:
    assert all(re.fullmatch(r"[a-z0-9-]+:[A-Z][A-Za-z]+", name) for name in channel.permissions)


@EACH
def test_media_rules_can_be_met(channel: Channel) -> None:
    rule = channel.media
    assert rule.min_ratio <= 1 <= rule.max_ratio
    assert rule.min_width <= 1080 <= rule.max_width
    assert rule.card in ("wide", "square")
    assert (1200 / 630 if rule.card == "wide" else 1.0) <= rule.max_ratio


@EACH
def test_a_short_text_with_a_picture_has_no_fault(channel: Channel) -> None:
    _, faults = channel.compose(Wording("Hello"), (CARD,), account(channel))
    assert faults == []


@EACH
def test_a_post_describes_its_picture_only_where_the_platform_takes_that(channel: Channel) -> None:
    plain = account(channel)
    optional = dict.fromkeys(channel.optional_settings, "setting")
    complete = replace(plain, settings={**optional, **plain.settings})
    composed, _ = channel.compose(Wording("Hello"), (CARD,), complete)
    described = CARD.alt_text if channel.media.alt_text else ""
    assert [item.alt_text for item in composed.media] == [described][: channel.media.max_items]


@EACH
def test_an_authors_text_over_the_limit_is_a_fault_that_says_both_numbers(
    channel: Channel,
) -> None:
    text = "a" * (channel.limits.max_text + 1)
    composed, faults = channel.compose(Wording(text), (CARD,), account(channel))
    length = channel.measure(composed)
    (fault,) = faults
    assert (fault.pointer, fault.code) == ("/content", "too_long")
    assert str(length.used) in fault.detail and str(length.limit) in fault.detail


@EACH
def test_a_measure_is_in_the_limits_own_unit(channel: Channel) -> None:
    length = channel.measure(post(channel))
    assert (length.limit, length.unit) == (channel.limits.max_text, channel.limits.unit)


@EACH
@pytest.mark.parametrize("family", ["cloud-practitioner", "solutions-architect-professional"])
@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("name", ["Ada", "Žofie Łukaszewicz", "山田 太郎", "A" * 100, "👩‍🚀" * 100])
def test_an_announcement_fits_everywhere_with_the_whole_name(
    channel: Channel, family: str, language: str, name: str
) -> None:
    submission = Submission(
        member_name=name,
        family_id=family,
        certified_on=date(2026, 11, 2),
        channels=(channel.name,),
        consent=True,
        credential_url="https://www.credly.com/badges/" + "a" * 200,
        linkedin_url="https://www.linkedin.com/in/ada",
        personal_message="I thank everybody. 🎉 " * 400,
        language="es" if language == "es" else "en",
    )
    wording = Tones().words(Content("x", announcement=submission), channel)
    composed, faults = channel.compose(wording, (CARD,), account(channel))
    assert faults == []
    assert name in composed.text


@EACH
@settings(max_examples=30)
@given(
    text=st.text(st.sampled_from([*"ab #@(_\n", "é", "🎉", "漢", "ß", "“"]), min_size=1),
    times=st.integers(1, 3_000),
)
def test_generated_text_never_faults_for_its_length(
    channel: Channel, text: str, times: int
) -> None:
    wording = Wording("Ada " + (text * times)[:70_000], generated=True, keep=("Ada",))
    composed, faults = channel.compose(wording, (CARD,), account(channel))
    assert "too_long" not in [fault.code for fault in faults]
    assert "Ada" in composed.text


@EACH
def test_exactly_one_step_makes_the_post_visible(channel: Channel) -> None:
    conversation, _, before = publishing_step(channel)
    with pytest.raises(Ambiguous):
        conversation.throw(Ambiguous("No answer."))
    assert not [step for step in before if getattr(step, "publishes", False)]


@EACH
@pytest.mark.parametrize("error", [Ambiguous("No."), PlatformUnavailable("No.")])
def test_what_the_transport_says_about_that_step_is_passed_on(
    channel: Channel, error: ChannelError
) -> None:
    conversation, _, _ = publishing_step(channel)
    with pytest.raises(type(error)):
        conversation.throw(error)


@EACH
def test_a_handle_is_stored_before_anything_is_visible(channel: Channel) -> None:
    _, _, before = publishing_step(channel)
    stored = [step for step in before if isinstance(step, Handle)]
    assert bool(stored) == (not channel.direct)


@EACH
@pytest.mark.parametrize("body", [b"", b"nonsense", b"[]", b'"x"', b"{", b"\xff\xfe"])
def test_a_success_that_can_not_be_read_is_doubt(channel: Channel, body: bytes) -> None:
    conversation, _, _ = publishing_step(channel)
    with pytest.raises(Ambiguous):
        conversation.send(Response(200, {}, body))


@EACH
@pytest.mark.parametrize("status", [302, 408, 500, 502, 503, 504])
def test_an_answer_that_says_nothing_certain_is_doubt(channel: Channel, status: int) -> None:
    conversation, _, _ = publishing_step(channel)
    with pytest.raises(Ambiguous):
        conversation.send(Response(status, error="X"))


@EACH
def test_a_refused_login_blocks(channel: Channel) -> None:
    conversation, _, _ = publishing_step(channel)
    with pytest.raises(CredentialsRejected):
        conversation.send(Response(401, error="X"))


@EACH
def test_a_request_holds_its_secrets_in_headers_only(channel: Channel) -> None:
    _, step, before = publishing_step(channel)
    open_parts = [
        f"{item.method} {item.url} {item.params} {item.json} {item.form}"
        for item in (*before, step)
        if isinstance(item, HttpRequest)
    ]
    secrets = account(channel).secrets.values()
    assert not [part for part in open_parts for secret in secrets if secret in part]


@EACH
def test_a_request_prints_neither_secret_nor_address(channel: Channel) -> None:
    _, step, _ = publishing_step(channel)
    address = ADDRESSES.get(channel.name, "+447700900321")
    private = [*account(channel).secrets.values(), address, address.removeprefix("+")]
    assert not [word for word in private if word in repr(step)]


@EACH
def test_only_https_is_spoken(channel: Channel) -> None:
    _, step, before = publishing_step(channel)
    urls = [item.url for item in (*before, step) if isinstance(item, HttpRequest)]
    assert all(url.startswith("https://") for url in urls)


@EACH
def test_a_direct_channel_refuses_a_post_without_a_recipient(channel: Channel) -> None:
    if channel.direct:
        nobody = post(channel).to(None, token="TOKEN", handle=None)
        with pytest.raises(ChannelError):
            next(channel.publish(nobody, account(channel)))


@EACH
def test_a_look_up_that_is_never_possible_says_so_at_once(channel: Channel) -> None:
    if channel.reconciles_by in DIRECT:
        with pytest.raises(Ambiguous):
            next(channel.find(post(channel), account(channel), NOW))
