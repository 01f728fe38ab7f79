"""Recipients: consent in, opt-out at any time, and no address where it does not belong."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest

from chalicelib.domain.channels import ChannelName
from chalicelib.domain.errors import (
    AlreadySubscribed,
    Conflict,
    Forbidden,
    InvalidMessage,
    NotFound,
)
from chalicelib.domain.ports import Subscription
from chalicelib.observability import JsonTelemetry
from chalicelib.services.subscribing import normalise_address
from tests.fakes.ground import START
from tests.fakes.world import ADA, MAX, World

EMAIL, SMS = ChannelName("email"), ChannelName("sms")


def add(world: World, channel: str = "email", address: str = "grace@example.org") -> Subscription:
    """Record somebody's consent."""
    return world.subscribing.add(channel, address, "Grace", "signed a form", MAX)


def link(world: World, subscription: Subscription) -> str:
    """Return the token of somebody's unsubscribe link."""
    value = f"{subscription.channel}:{subscription.recipient.id}"
    return world.signer.sign("unsubscribe", value)


def keys(world: World) -> Iterator[str]:
    """Yield every key that the table holds."""
    for channel in (EMAIL, SMS):
        for found in world.subscriptions.page(channel, 100, None).items:
            yield found.recipient.id


# --- opting in --------------------------------------------------------------------------------


def test_consent_is_recorded(world: World) -> None:
    added = add(world)

    assert world.subscriptions.get(EMAIL, added.recipient.id) == added
    assert (added.consent, added.created_at) == ("signed a form", START)


@pytest.mark.parametrize(
    ("channel", "one", "other"),
    [
        ("email", "grace@example.org", "  grace@EXAMPLE.org "),
        ("email", "Grace.Hopper@example.org", "grace.hopper@example.org"),
        ("sms", "+15550100", "+1 (555) 01-00"),
    ],
)
def test_the_same_address_is_the_same_recipient(
    world: World, channel: str, one: str, other: str
) -> None:
    added = add(world, channel, one)

    with pytest.raises(AlreadySubscribed) as refused:
        add(world, channel, other)
    assert refused.value.existing_id == added.recipient.id
    assert world.subscriptions.page(added.channel, 10, None).items == [added]


def test_whoever_is_added_again_stays_as_they_were_recorded(world: World) -> None:
    added = add(world)
    world.clock.advance(days=1)

    with pytest.raises(AlreadySubscribed, match="since 2026-"):
        world.subscribing.add("email", "GRACE@example.org", "Somebody", "said so", MAX)
    assert world.subscriptions.get(EMAIL, added.recipient.id) == added


def test_an_address_is_written_to_as_it_was_written(world: World) -> None:
    assert add(world, address="Grace.Hopper@Example.ORG").recipient.address == (
        "Grace.Hopper@example.org"
    )


def test_letters_that_only_look_alike_in_capitals_are_not_the_same(world: World) -> None:
    ids = {add(world, address=f"{name}@example.org").recipient.id for name in ("groß", "gross")}

    assert len(ids) == 2


def test_the_same_number_on_two_channels_is_two_recipients(world: World) -> None:
    ids = {add(world, channel, "+15550100").recipient.id for channel in ("sms", "whatsapp")}

    assert len(ids) == 2


@pytest.mark.parametrize(
    ("channel", "address", "consent", "pointers"),
    [
        ("email", "nobody", "form", ["/address"]),
        ("sms", "grace@example.org", "form", ["/address"]),
        ("email", "grace@example.org", " ", ["/consent"]),
        ("sms", "", "", ["/address", "/consent"]),
    ],
)
def test_faults_are_told_together(
    world: World, channel: str, address: str, consent: str, pointers: list[str]
) -> None:
    with pytest.raises(InvalidMessage) as refused:
        world.subscribing.add(channel, address, "", consent, MAX)
    assert [fault.pointer for fault in refused.value.faults] == pointers


def test_who_opted_out_is_not_added_again_by_others(world: World) -> None:
    added = add(world)
    world.subscribing.unsubscribe(link(world, added))

    with pytest.raises(Conflict, match="opted out"):
        add(world, address="GRACE@example.org")
    stored = world.subscriptions.get(EMAIL, added.recipient.id)
    assert stored is not None and stored.opted_out_at == START


def test_who_opted_out_and_was_removed_is_not_added_again_either(world: World) -> None:
    added = add(world)
    world.subscribing.unsubscribe(link(world, added))
    world.subscribing.remove("email", added.recipient.id, MAX)

    with pytest.raises(Conflict, match="opted out"):
        add(world)


@pytest.mark.parametrize("channel", ["facebook", "myspace"])
def test_only_direct_channels_have_recipients(world: World, channel: str) -> None:
    with pytest.raises(NotFound):
        add(world, channel)


def test_members_do_not_see_recipients(world: World) -> None:
    with pytest.raises(Forbidden):
        world.subscribing.add("email", "grace@example.org", "", "form", ADA)
    with pytest.raises(Forbidden):
        world.subscribing.listing("email", ADA, limit=5, cursor=None)
    with pytest.raises(Forbidden):
        world.subscribing.remove("email", "r", ADA)


# --- reading and removing ---------------------------------------------------------------------


def test_recipients_are_listed_page_by_page(world: World) -> None:
    for number in range(5):
        add(world, "sms", f"+1555010{number}")
    first = world.subscribing.listing("sms", MAX, limit=3, cursor=None)
    second = world.subscribing.listing("sms", MAX, limit=3, cursor=first.cursor)

    seen = [found.recipient.id for found in [*first.items, *second.items]]
    assert seen == sorted(seen) and len(set(seen)) == 5


def test_a_removed_recipient_is_forgotten(world: World) -> None:
    added = add(world)
    world.subscribing.remove("email", added.recipient.id, MAX)

    assert world.subscriptions.get(EMAIL, added.recipient.id) is None


def test_a_recipient_that_is_none_is_not_found(world: World) -> None:
    with pytest.raises(NotFound):
        world.subscribing.remove("email", "nobody", MAX)


# --- opting out -------------------------------------------------------------------------------


def test_a_link_tells_whom_it_is_for(world: World) -> None:
    added = add(world)

    assert world.subscribing.describe(link(world, added)) == added


def test_whoever_holds_the_link_opts_out(world: World) -> None:
    added = add(world)
    told = world.subscribing.unsubscribe(link(world, added))
    stored = world.subscriptions.get(EMAIL, added.recipient.id)

    assert stored is not None and stored.opted_out_at == told.opted_out_at == START


def test_opting_out_again_keeps_the_first_date(world: World) -> None:
    added = add(world)
    world.subscribing.unsubscribe(link(world, added))
    world.clock.advance(days=1)

    assert world.subscribing.unsubscribe(link(world, added)).opted_out_at == START


@pytest.mark.parametrize("token", ["", "x", "x.y", "zz.zz"])
def test_any_other_text_is_no_link(world: World, token: str) -> None:
    with pytest.raises(NotFound):
        world.subscribing.describe(token)


def test_a_token_for_something_else_is_no_link(world: World) -> None:
    added = add(world)
    foreign = world.signer.sign("cursor", f"email:{added.recipient.id}")

    with pytest.raises(NotFound):
        world.subscribing.unsubscribe(foreign)


def test_the_link_of_somebody_removed_is_no_longer_valid(world: World) -> None:
    added = add(world)
    world.subscribing.remove("email", added.recipient.id, MAX)

    with pytest.raises(NotFound):
        world.subscribing.describe(link(world, added))


@pytest.mark.parametrize("text", ["STOP", " stop. ", "Baja!", "Unsubscribe"])
def test_a_wish_to_be_left_alone_is_heard(world: World, text: str) -> None:
    added = add(world, "sms", "+15550100")

    assert world.subscribing.heard(SMS, "+1 555 0100", text)
    stored = world.subscriptions.get(SMS, added.recipient.id)
    assert stored is not None and stored.opted_out_at == START


@pytest.mark.parametrize(
    ("address", "text"), [("+15550100", "Thanks, please don't stop!"), ("nonsense", "STOP")]
)
def test_anything_else_is_not_a_wish_to_be_left_alone(
    world: World, address: str, text: str
) -> None:
    added = add(world, "sms", "+15550100")

    assert not world.subscribing.heard(SMS, address, text)
    stored = world.subscriptions.get(SMS, added.recipient.id)
    assert stored is not None and stored.opted_out_at is None


def known(world: World, subscription: Subscription) -> Subscription:
    """Return a recipient as stored now."""
    found = world.subscriptions.get(subscription.channel, subscription.recipient.id)
    assert found is not None
    return found


def test_who_opted_out_may_opt_in_again_in_their_own_words(world: World) -> None:
    added = add(world, "sms", "+15550100")
    world.subscribing.heard(SMS, "+15550100", "STOP")
    world.clock.advance(hours=1)

    assert not world.subscribing.heard(SMS, "+15550100", "Start!")
    assert known(world, added).opted_out_at is None
    assert len(world.heard.named("opted_in")) == 1


def test_to_opt_in_without_having_opted_out_changes_nothing(world: World) -> None:
    added = add(world, "sms", "+15550100")
    world.subscribing.heard(SMS, "+15550100", "START")

    assert known(world, added).consent == added.consent
    assert world.heard.named("opted_in") == []


def test_a_wish_written_earlier_does_not_undo_a_later_one(world: World) -> None:
    added = add(world, "sms", "+15550100")
    world.clock.advance(hours=2)
    earlier = world.clock.now() - timedelta(hours=1)
    world.subscribing.heard(SMS, "+15550100", "STOP")
    world.subscribing.heard(SMS, "+15550100", "START", earlier)

    assert known(world, added).opted_out_at == world.clock.now()


def test_whoever_writes_to_us_may_be_answered_in_free_text_for_a_day(world: World) -> None:
    added = add(world, "whatsapp", "+15550100")
    world.subscribing.heard(added.channel, "+15550100", "Hello!")

    assert known(world, added).recipient.window_open_until == START + timedelta(hours=24)


def test_a_moment_in_the_future_counts_as_now(world: World) -> None:
    added = add(world, "whatsapp", "+15550100")
    world.subscribing.heard(added.channel, "+15550100", "Hi", START + timedelta(days=9))

    assert known(world, added).recipient.window_open_until == START + timedelta(hours=24)


def test_the_link_of_a_mail_that_was_sent_works(world: World) -> None:
    added = add(world)
    world.submit("Hello", "email")
    world.run()
    told = repr(world.platforms.published("email")[0].params)
    (token,) = set(re.findall(r"/unsubscribe/([\w.-]+)", told))

    assert world.subscribing.describe(token).recipient.id == added.recipient.id


# --- addresses --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("channel", "address", "normal"),
    [
        (EMAIL, "Grace.H+x@Sub.Example.ORG", "Grace.H+x@sub.example.org"),
        (EMAIL, "grace@localhost", None),
        (EMAIL, "grace @example.org", None),
        (EMAIL, "a@b@example.org", None),
        (EMAIL, f"{'x' * 65}@example.org", None),
        (EMAIL, f"x@{'y' * 60}.{'y' * 60}.{'y' * 60}.{'y' * 60}.{'y' * 20}.org", None),
        (SMS, "+44 7700 900-321", "+447700900321"),
        (SMS, "07700 900321", None),
        (SMS, "+0123456789", None),
        (SMS, "+123456", None),
        (SMS, "+1234567890123456", None),
    ],
)
def test_an_address_has_one_form_or_none(
    channel: ChannelName, address: str, normal: str | None
) -> None:
    assert normalise_address(channel, address) == normal


def test_no_address_stands_in_a_key_a_record_or_a_line() -> None:
    out = io.StringIO()
    world = World(telemetry=JsonTelemetry(out))
    touched: list[str] = []

    def watch(at: str, operation: str, request: object) -> None:
        for write in request if isinstance(request, list) else [request]:
            touched.append(repr(getattr(write, "key", write)))

    world.breaker.when = watch
    addresses = ("grace@example.org", "+15550100")
    mail, text = add(world, "email", addresses[0]), add(world, "sms", addresses[1])
    world.submit("Hello", "email", "sms")
    world.run()
    world.subscribing.unsubscribe(link(world, mail))
    world.subscribing.heard(SMS, addresses[1], "STOP")

    records = repr(world.stream.everything)
    for address in addresses:
        assert address not in "".join(touched) + records + out.getvalue()
        assert address.strip("+") not in "".join(keys(world))
    assert text.recipient.id in out.getvalue()
