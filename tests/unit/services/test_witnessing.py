"""Reports settle doubt: whenever they come, however often, and whatever else is going on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain import steps
from chalicelib.domain.channels import ChannelName, Receipt
from chalicelib.domain.deliveries import Counts, Delivery
from chalicelib.domain.errors import InFlight, LostRace, StoreUnavailable
from chalicelib.domain.messages import MessageStatus
from chalicelib.domain.ports import Snapshot, Subscription
from chalicelib.domain.reports import Fate, Report
from chalicelib.domain.states import Status
from chalicelib.services.marks import Marks
from tests.fakes.ground import Died
from tests.fakes.platforms import dies_after, late, lost_after, lost_before, rate_limited
from tests.fakes.world import ADA, World

FEED, DIRECT = "event-feed", "event-direct"
PERSON = "r00000"


def last_mark(world: World, channel: str = FEED) -> str:
    """Return the mark of the last request that could publish."""
    return str(world.platforms.published(channel)[-1].json["mark"])  # type: ignore[union-attr] # the fakes speak HTTP


def tell(
    world: World, *fates: Fate, channel: str = FEED, mark: str = "", external_id: str = "m-1"
) -> None:
    """Have the platform report."""
    mark = mark or last_mark(world, channel)
    reports = [Report(mark, fate, external_id, world.clock.now()) for fate in fates]
    world.witnessing.take(ChannelName(channel), reports)


def unsure(world: World, channel: str = FEED) -> Snapshot:
    """Publish something that goes unanswered."""
    world.platforms.arm(channel, lost_after)
    message = world.submit("Hello", channel)
    world.drain()
    return message


def uses(world: World) -> dict[str, float]:
    """Return what reports were good for."""
    return {m["use"]: m["value"] for m in world.heard.metrics if m["name"] == "Reports"}


def person(world: World, channel: str = DIRECT) -> Subscription:
    """Return the first recipient."""
    found = world.subscriptions.get(ChannelName(channel), PERSON)
    assert found is not None
    return found


# --- doubt ------------------------------------------------------------------------------------


def test_a_report_that_it_was_taken_settles_doubt_at_once(world: World) -> None:
    message = unsure(world)
    tell(world, Fate.TAKEN)
    delivery = world.delivery(message, FEED)

    assert (delivery.status, delivery.receipt) == (Status.DELIVERED, Receipt("m-1"))
    assert world.message(message).status is MessageStatus.DELIVERED
    assert uses(world) == {"moved": 1}


def test_a_report_that_it_came_to_nothing_fails_it(world: World) -> None:
    message = unsure(world)
    tell(world, Fate.NOT_DELIVERED)

    assert world.status(message, FEED) is Status.FAILED
    assert world.message(message).status is MessageStatus.FAILED


def test_a_person_need_not_answer_what_a_late_report_settles(world: World) -> None:
    message = unsure(world)
    world.run()
    assert world.status(message, FEED) is Status.NEEDS_REVIEW

    tell(world, Fate.TAKEN)
    assert world.status(message, FEED) is Status.DELIVERED
    assert world.message(message).status is MessageStatus.DELIVERED


def test_without_a_report_a_person_is_asked(world: World) -> None:
    world.platforms.arm(FEED, lost_before)
    message = world.submit("Hello", FEED)
    world.run(world.policy.event_wait + timedelta(minutes=1))

    assert world.status(message, FEED) is Status.NEEDS_REVIEW


def test_the_timeline_says_that_the_platform_reported_it(world: World) -> None:
    message = unsure(world)
    tell(world, Fate.TAKEN)
    entry = world.messages.timeline(message.message.id).entries[-1]
    (tried,) = world.attempts(message, FEED)

    assert (entry.actor, entry.event) == ("platform", "reported_taken")
    assert (entry.before, entry.after) == ("in_doubt", "delivered")
    assert (tried.outcome, tried.external_id) == ("no_answer", "m-1")


def test_what_was_reported_twice_is_settled_once(world: World) -> None:
    message = unsure(world)
    tell(world, Fate.TAKEN)
    before = world.delivery(message, FEED)
    tell(world, Fate.TAKEN, Fate.TAKEN)

    assert world.delivery(message, FEED) == before
    assert uses(world)["no_news"] == 2


# --- while it is being sent -------------------------------------------------------------------


def reporting(world: World, *fates: Fate, mark: str = "") -> list[type[Exception] | None]:
    """Report while the platform is being called; return what each report raised."""
    raised: list[type[Exception] | None] = []

    def during(_: object) -> None:
        for fate in fates:
            try:
                tell(world, fate, mark=mark)
                raised.append(None)
            except InFlight:
                raised.append(InFlight)

    world.platforms.during = during
    return raised


def test_before_the_answer_a_proof_is_kept_and_the_worker_settles(world: World) -> None:
    raised = reporting(world, Fate.TAKEN, Fate.TAKEN)
    message = world.submit("Hello", FEED)
    world.drain()
    (tried,) = world.attempts(message, FEED)

    assert raised == [None, None]
    assert uses(world)["kept"] == 1
    assert world.delivery(message, FEED).receipt == Receipt(
        "event-feed_1", "https://event-feed.example/event-feed_1"
    )
    assert tried.external_id == "event-feed_1"


def test_a_proof_that_was_kept_settles_what_then_goes_unanswered(world: World) -> None:
    reporting(world, Fate.TAKEN)
    world.platforms.arm(FEED, lost_after)
    message = world.submit("Hello", FEED)
    world.run(world.policy.event_wait)
    delivery = world.delivery(message, FEED)

    assert (delivery.status, delivery.receipt) == (Status.DELIVERED, Receipt("m-1"))


def test_a_proof_that_was_kept_settles_what_its_worker_left_behind(world: World) -> None:
    reporting(world, Fate.TAKEN)
    world.platforms.arm(FEED, dies_after)
    message = world.submit("Hello", FEED)
    with pytest.raises(Died):
        world.drain()
    world.platforms.during = lambda _: None
    world.restart()
    world.run()

    assert world.status(message, FEED) is Status.DELIVERED
    assert world.shown(FEED) == ["Hello"]


def test_a_proof_survives_what_its_worker_notes_too_late(world: World) -> None:
    world.platforms.arm(FEED, late(0))
    taken_over = []

    def during(_: object) -> None:
        tell(world, Fate.TAKEN)
        world.clock.advance(seconds=world.policy.attempt_lease.total_seconds() + 1)
        taken_over.append(world.tick())

    world.platforms.during = during
    message = world.submit("Hello", FEED)
    world.drain()
    (tried,) = world.attempts(message, FEED)

    assert taken_over == [1]
    assert (tried.late, tried.external_id) == (True, "m-1")
    world.run()
    assert world.status(message, FEED) is Status.DELIVERED


@pytest.mark.parametrize("fate", [fate for fate in Fate if fate is not Fate.TAKEN])
def test_trouble_that_is_told_too_early_has_to_come_again(world: World, fate: Fate) -> None:
    raised = reporting(world, fate)
    message = world.submit("Hello", FEED)
    world.drain()
    assert raised == [InFlight]
    assert world.delivery(message, FEED).problem is None

    tell(world, fate, external_id="event-feed_1")
    problem = world.delivery(message, FEED).problem
    assert problem is not None and problem.code == fate


def test_what_came_early_does_not_keep_the_others_of_its_call_waiting(world: World) -> None:
    first = unsure(world)
    mark = last_mark(world)
    held = []

    def during(_: object) -> None:
        reports = [
            Report(last_mark(world), Fate.NOT_DELIVERED, "m-2"),
            Report(mark, Fate.TAKEN, "m-1"),
        ]
        with pytest.raises(InFlight) as caught:
            world.witnessing.take(ChannelName(FEED), reports)
        held.append(caught.value.channels)

    world.platforms.during = during
    world.submit("Another", FEED)
    world.drain()

    assert held == [(FEED,)]
    assert world.status(first, FEED) is Status.DELIVERED


def test_a_report_of_an_older_attempt_is_no_proof_for_the_one_under_way(world: World) -> None:
    message = unsure(world)
    mark = last_mark(world)
    tell(world, Fate.NOT_DELIVERED)
    raised = reporting(world, Fate.TAKEN, Fate.NOT_DELIVERED, mark=mark)
    world.platforms.arm(FEED, lost_before)
    world.deciding.retry(message.message.id, FEED, ADA)
    world.drain()
    world.platforms.during = lambda _: None
    world.run()

    assert raised == [None, None]
    assert world.status(message, FEED) is Status.NEEDS_REVIEW


def test_a_proof_of_an_attempt_that_a_restored_table_forgot_waits_for_the_one_under_way(
    world: World,
) -> None:
    message = unsure(world)
    forgotten = replace(world.delivery(message, FEED), attempts=7)
    mark = Marks(world.signer).of(forgotten)
    world.run()
    raised = reporting(world, Fate.TAKEN, mark=mark)
    world.platforms.arm(FEED, lost_before)
    world.deciding.resolve(message.message.id, FEED, "send_it", None, ADA)
    world.drain()
    world.platforms.during = lambda _: None
    assert raised == [InFlight]

    tell(world, Fate.TAKEN, mark=mark, external_id="m-7")
    assert world.delivery(message, FEED).receipt == Receipt("m-7")


def test_a_proof_of_an_older_attempt_settles_what_then_goes_unanswered(world: World) -> None:
    message = unsure(world)
    mark = last_mark(world)
    world.run()
    raised = reporting(world, Fate.TAKEN, mark=mark)
    world.platforms.arm(FEED, lost_before)
    world.deciding.resolve(message.message.id, FEED, "send_it", None, ADA)
    world.run(world.policy.event_wait)
    first, second = world.attempts(message, FEED)

    assert raised == [InFlight]
    assert (first.external_id, second.external_id) == ("m-1", None)
    assert world.delivery(message, FEED).receipt == Receipt("m-1")


def test_the_loss_of_what_was_refused_leaves_a_later_attempt_in_doubt(world: World) -> None:
    world.platforms.arm(FEED, rate_limited(60))
    message = world.submit("Hello", FEED)
    world.drain()
    mark = last_mark(world)
    world.platforms.arm(FEED, lost_after)
    world.run(timedelta(minutes=10))
    tell(world, Fate.NOT_DELIVERED, mark=mark, external_id="m-0")
    world.run()

    assert len(world.attempts(message, FEED)) == 2
    assert world.status(message, FEED) is Status.NEEDS_REVIEW


# --- after a person decided -------------------------------------------------------------------


def test_a_late_proof_keeps_it_from_being_sent_again(world: World) -> None:
    message = unsure(world)
    mark = last_mark(world)
    world.run()
    world.deciding.resolve(message.message.id, FEED, "send_it", None, ADA)
    tell(world, Fate.TAKEN, mark=mark)
    world.run()

    assert world.status(message, FEED) is Status.DELIVERED
    assert world.shown(FEED) == ["Hello"]


def test_what_a_person_confirmed_stays_confirmed(world: World) -> None:
    message = unsure(world)
    world.run()
    world.deciding.resolve(message.message.id, FEED, "it_is_there", None, ADA)
    before = world.delivery(message, FEED)
    tell(world, Fate.TAKEN)

    assert world.delivery(message, FEED) == before


# --- recipients -------------------------------------------------------------------------------


def sent(world: World, people: int = 2, *, answered: bool = True) -> Snapshot:
    """Write to some people; the first one's answer may get lost."""
    world.subscribe(DIRECT, people)
    if not answered:
        world.platforms.arm(DIRECT, lost_after)
    message = world.submit("Hello", DIRECT)
    world.drain()
    return message


def mark_of(world: World, recipient: str = PERSON) -> str:
    """Return the mark of what was sent to one person."""
    address = person(world).recipient.address if recipient == PERSON else "+15550000001"
    found = [step.json for step in world.platforms.published(DIRECT)]  # type: ignore[union-attr] # the fakes speak HTTP
    return str(next(fields["mark"] for fields in found if fields["recipient"] == address))


def parent(world: World, message: Snapshot) -> Delivery:
    """Return the delivery that the API shows."""
    return world.delivery(message, DIRECT)


def test_a_settled_recipient_closes_the_parent(world: World) -> None:
    message = sent(world, answered=False)
    assert parent(world, message).status is Status.SENDING

    tell(world, Fate.TAKEN, channel=DIRECT, mark=mark_of(world))
    assert parent(world, message).status is Status.DELIVERED
    assert parent(world, message).counts == Counts(total=2, delivered=2)
    assert world.message(message).status is MessageStatus.DELIVERED


@pytest.mark.parametrize(
    ("fate", "status", "counts"),
    [
        (Fate.TAKEN, Status.DELIVERED, Counts(total=2, delivered=2)),
        (Fate.NOT_DELIVERED, Status.DELIVERED, Counts(total=2, delivered=1, failed=1)),
        (Fate.RETURNED, Status.DELIVERED, Counts(total=2, delivered=2, returned=1)),
    ],
)
def test_a_late_report_corrects_a_parent_that_was_closed(
    world: World, fate: Fate, status: Status, counts: Counts
) -> None:
    message = sent(world, answered=False)
    world.run()
    assert parent(world, message).status is Status.NEEDS_REVIEW

    tell(world, fate, channel=DIRECT, mark=mark_of(world))
    assert (parent(world, message).status, parent(world, message).counts) == (status, counts)


def test_a_parent_that_was_opened_for_a_report_repairs_itself(world: World) -> None:
    message = sent(world, answered=False)
    world.run()
    world.breaker.break_write(2, "before", Died())
    with pytest.raises(Died):
        tell(world, Fate.TAKEN, channel=DIRECT, mark=mark_of(world))
    world.breaker.mend()
    assert parent(world, message).status is Status.SENDING

    world.run()
    assert parent(world, message).status is Status.NEEDS_REVIEW


@pytest.mark.parametrize(
    ("fate", "returned"),
    [
        (Fate.TAKEN, 0),
        (Fate.RETURNED, 1),
        (Fate.NOT_DELIVERED, 1),
        (Fate.NO_SUCH_ADDRESS, 1),
        (Fate.UNWANTED, 1),
        (Fate.COMPLAINED, 0),
    ],
)
def test_who_got_it_back_is_counted_among_those_delivered(
    world: World, fate: Fate, returned: int
) -> None:
    message = sent(world)
    (row, _) = world.rows(message, DIRECT)
    receipt = row.receipt
    assert receipt is not None
    for _ in range(2):
        tell(world, fate, channel=DIRECT, mark=mark_of(world), external_id=receipt.external_id)

    assert parent(world, message).status is Status.DELIVERED
    assert parent(world, message).counts == Counts(total=2, delivered=2, returned=returned)


@pytest.mark.parametrize("fate", [Fate.UNWANTED, Fate.COMPLAINED])
def test_who_wants_nothing_more_is_opted_out(world: World, fate: Fate) -> None:
    sent(world)
    tell(world, fate, channel=DIRECT, mark=mark_of(world))
    tell(world, fate, channel=DIRECT, mark=mark_of(world))

    assert person(world).opted_out_at == world.clock.now()
    assert person(world).undeliverable_at is None


def test_an_address_that_does_not_exist_is_not_written_to_again(world: World) -> None:
    sent(world)
    tell(world, Fate.NO_SUCH_ADDRESS, channel=DIRECT, mark=mark_of(world))
    assert (person(world).opted_out_at, person(world).is_reachable) == (None, False)

    message = world.submit("Another", DIRECT)
    world.drain()
    assert [row.key.recipient_id for row in world.rows(message, DIRECT)] == ["r00001"]


def test_an_old_report_does_not_undo_a_renewed_consent(world: World) -> None:
    sent(world)
    told = Report(mark_of(world), Fate.NO_SUCH_ADDRESS, "m-1", world.clock.now())
    world.witnessing.take(ChannelName(DIRECT), [told])
    world.clock.advance(hours=1)
    world.subscribe(DIRECT, 1)
    world.witnessing.take(ChannelName(DIRECT), [told])

    assert person(world).is_reachable


def test_a_report_from_the_future_counts_from_now(world: World) -> None:
    sent(world)
    ahead = world.clock.now() + timedelta(hours=9)
    told = Report(mark_of(world), Fate.COMPLAINED, "m-1", ahead)
    world.witnessing.take(ChannelName(DIRECT), [told])

    assert person(world).opted_out_at == world.clock.now()


def test_a_report_without_a_time_counts_from_now(world: World) -> None:
    sent(world)
    world.witnessing.take(
        ChannelName(DIRECT), [Report(mark_of(world), Fate.NO_SUCH_ADDRESS, "m-1")]
    )

    assert person(world).undeliverable_at == world.clock.now()


def test_nobody_is_opted_out_where_nobody_is_addressed(world: World) -> None:
    message = unsure(world)
    tell(world, Fate.COMPLAINED)

    assert world.status(message, FEED) is Status.DELIVERED


# --- what is not ours, or goes wrong ----------------------------------------------------------


@pytest.mark.parametrize("mark", ["", "x", "nonsense-", "7878-00", "\x00", "🎉" * 50])
def test_a_mark_that_is_not_ours_is_counted_and_changes_nothing(world: World, mark: str) -> None:
    message = unsure(world)
    world.witnessing.take(ChannelName(FEED), [Report(mark, Fate.COMPLAINED, "m-1")])

    assert world.status(message, FEED) is Status.IN_DOUBT
    assert uses(world) == {"not_ours": 1}


def test_a_mark_counts_at_its_own_channels_door_only(world: World) -> None:
    message = unsure(world)
    world.witnessing.take(ChannelName("email"), [Report(last_mark(world), Fate.TAKEN, "m-1")])

    assert world.status(message, FEED) is Status.IN_DOUBT


def test_what_is_said_of_an_older_revision_does_not_concern_this_one(world: World) -> None:
    message = unsure(world)
    stale = Marks(world.signer).of(replace(world.delivery(message, FEED), revision=2))
    tell(world, Fate.TAKEN, mark=stale)

    assert world.status(message, FEED) is Status.IN_DOUBT


def test_what_is_said_of_a_parent_or_of_nothing_is_not_ours(world: World) -> None:
    message = sent(world, answered=False)
    above = parent(world, message)
    gone = replace(above, key=replace(above.key, message_id="gone"))
    for marked in (above, gone):
        tell(world, Fate.TAKEN, channel=DIRECT, mark=Marks(world.signer).of(marked))

    assert parent(world, message) == above
    assert uses(world) == {"not_ours": 1}


def test_no_reports_are_no_news(world: World) -> None:
    world.witnessing.take(ChannelName(FEED), [])

    assert (world.heard.metrics, world.heard.lines) == ([], [])


def test_one_that_nobody_has_thought_of_harms_no_other(world: World) -> None:
    message = unsure(world)
    world.breaker.break_write(1, "before", RuntimeError("nobody has thought of this"))
    tell(world, Fate.TAKEN, Fate.TAKEN)

    assert world.status(message, FEED) is Status.DELIVERED
    assert [name for name, _ in world.heard.failures] == ["report_crashed"]


def test_what_can_not_be_stored_has_to_come_again(world: World) -> None:
    message = unsure(world)
    world.breaker.break_write(1, "before", StoreUnavailable("No."))
    with pytest.raises(StoreUnavailable):
        tell(world, Fate.TAKEN)
    tell(world, Fate.TAKEN)

    assert world.status(message, FEED) is Status.DELIVERED


def racing(world: World, times: int) -> Sequence[int]:
    """Have somebody else move the delivery before each of the next writes of a report."""
    left = [times]

    def when(moment: str, operation: str, request: object) -> BaseException | None:
        if moment == "before" and operation in ("write", "transact") and left[0]:
            left[0] -= 1
            return LostRace("somebody was faster")
        return None

    world.breaker.when = when
    return left


def test_who_loses_a_race_looks_again(world: World) -> None:
    message = unsure(world)
    racing(world, 2)
    tell(world, Fate.TAKEN)

    assert world.status(message, FEED) is Status.DELIVERED


def test_who_loses_every_race_is_told_again(world: World) -> None:
    message = unsure(world)
    racing(world, 99)
    with pytest.raises(InFlight):
        tell(world, Fate.TAKEN)
    world.breaker.mend()

    assert world.status(message, FEED) is Status.IN_DOUBT


def test_a_delivery_that_was_left_out_in_the_meantime_stays_so(world: World) -> None:
    message = unsure(world)
    before = world.delivery(message, FEED)
    skipped = replace(
        steps.postpone(before, world.clock.now()), status=Status.SKIPPED, next_at=None
    )
    world.store.commit(world.messages.moving(before, skipped))
    tell(world, Fate.TAKEN)

    assert world.status(message, FEED) is Status.SKIPPED
