"""Do the repositories keep their promises about messages on every kind of table?"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.domain.channels import ChannelName, Media, Post, Recipient
from chalicelib.domain.errors import LostRace
from chalicelib.domain.messages import (
    Content,
    LateAction,
    LatePolicy,
    MediaRef,
    Message,
    MessageStatus,
    Variant,
)
from chalicelib.domain.ports import Cursor, Filter, Listed, Page, Snapshot
from chalicelib.domain.states import Status
from tests.contract.samples import (
    CHANNELS,
    LINKEDIN,
    NOW,
    SMS,
    World,
    achievement,
    attempt,
    begun,
    claimed,
    delivered,
    delivery,
    entry,
    message,
    parent,
    revision,
    through,
)

ALL = Filter()


def ids(page: Page[Listed]) -> list[str]:
    return [item.id for item in page.items]


class TestAccepting:
    def test_a_message_comes_back_whole_with_its_deliveries(self, world: World) -> None:
        content = Content(
            text="Hello",
            subject="News",
            media=(MediaRef("u-1", "A card"),),
            variants={LINKEDIN: Variant("Dear all", "Notice")},
            announcement=achievement().submission,
            edited=True,
            own_words=(LINKEDIN, SMS),
        )
        sent = message(
            content=content,
            scheduled_at=NOW,
            late_policy=LatePolicy(timedelta(minutes=5), LateAction.SKIP),
            certification_id="cert-1",
            reason="because",
        )
        parts = (delivery(sent), delivery(sent, SMS))
        world.accept(sent, *parts)
        assert world.messages.get(sent.id) == Snapshot(sent, parts)

    def test_there_is_no_message_under_an_unknown_id(self, world: World) -> None:
        assert world.messages.get("unknown") is None

    def test_several_messages_are_read_without_their_deliveries(self, world: World) -> None:
        sent = [message(number) for number in (1, 2)]
        for each in sent:
            world.accept(each, delivery(each))
        found = world.messages.many([*(each.id for each in sent), "unknown"])
        assert found == {each.id: each for each in sent}

    def test_a_message_is_stored_once(self, world: World) -> None:
        sent = message()
        world.accept(sent)
        with pytest.raises(LostRace):
            world.accept(sent)

    def test_a_draft_has_no_deliveries(self, world: World) -> None:
        draft = message(status=MessageStatus.DRAFT)
        world.accept(draft)
        assert world.messages.get(draft.id) == Snapshot(draft, ())

    def test_deliveries_come_in_the_order_of_the_channels(self, world: World) -> None:
        sent = message(channels=(SMS, LINKEDIN))
        world.accept(sent, delivery(sent), delivery(sent, SMS))
        snapshot = world.messages.get(sent.id)
        assert snapshot is not None
        assert [part.key.channel for part in snapshot.deliveries] == [SMS, LINKEDIN]

    def test_a_revision_can_be_read_for_ever(self, world: World) -> None:
        sent = message()
        world.accept(sent)
        assert world.messages.revision(sent.id, 1) == revision(sent)
        assert world.messages.revision(sent.id, 2) is None


class TestChanging:
    def edited(self, sent: Message, version: int = 2) -> Message:
        content = Content(text="Better", subject="New")
        return replace(sent, content=content, revision=2, due_at=NOW, version=version)

    def test_an_edit_replaces_the_content_and_keeps_the_old_revision(self, world: World) -> None:
        sent = message()
        world.accept(sent)
        after = self.edited(sent)
        world.commit(
            world.messages.saving(sent, after, entry(sent.id, 2)),
            world.messages.revising(revision(after)),
        )
        assert world.messages.get(sent.id) == Snapshot(after, ())
        assert world.messages.revision(sent.id, 1) == revision(sent)
        assert world.messages.revision(sent.id, 2) == revision(after)

    def test_an_edit_of_a_stale_copy_loses(self, world: World) -> None:
        sent = message()
        world.accept(sent)
        world.commit(world.messages.saving(sent, self.edited(sent), entry(sent.id, 2)))
        with pytest.raises(LostRace):
            world.commit(world.messages.saving(sent, self.edited(sent), entry(sent.id, 3)))

    def test_what_is_none_afterwards_is_forgotten(self, world: World) -> None:
        sent = message(reason="first", scheduled_at=NOW)
        world.accept(sent)
        after = replace(sent, reason=None, scheduled_at=None, version=2)
        world.commit(world.messages.saving(sent, after, entry(sent.id, 2)))
        assert world.messages.get(sent.id) == Snapshot(after, ())

    def test_a_dropped_channel_is_gone(self, world: World) -> None:
        sent = message()
        dropped = delivery(sent, SMS)
        world.accept(sent, delivery(sent), dropped)
        world.commit(world.messages.removing(dropped))
        snapshot = world.messages.get(sent.id)
        assert snapshot is not None
        assert snapshot.deliveries == (delivery(sent),)
        assert world.messages.delivery(dropped.key) is None

    def test_a_dropped_channel_is_not_due(self, world: World) -> None:
        sent = message()
        dropped = delivery(sent)
        world.accept(sent, dropped)
        world.commit(world.messages.removing(dropped))
        shards = range(world.messages.shards)
        assert not any(world.messages.due(shard, NOW, None).items for shard in shards)

    def test_a_channel_that_moved_on_is_not_dropped(self, world: World) -> None:
        sent = message()
        part = delivery(sent)
        world.accept(sent, part)
        world.commit(world.messages.moving(part, claimed(part)))
        with pytest.raises(LostRace):
            world.commit(world.messages.removing(part))

    def test_a_worker_that_holds_a_dropped_delivery_can_not_move_it(self, world: World) -> None:
        sent = message()
        part = delivery(sent)
        world.accept(sent, part)
        world.commit(world.messages.removing(part))
        with pytest.raises(LostRace):
            world.commit(world.messages.moving(part, claimed(part)))

    def test_a_channel_that_comes_back_is_not_the_one_that_was_dropped(self, world: World) -> None:
        sent = message()
        part = delivery(sent)
        world.accept(sent, part)
        world.commit(world.messages.removing(part))
        world.commit(world.messages.starting(part))
        with pytest.raises(LostRace):
            world.commit(world.messages.moving(part, claimed(part)))

    def test_a_channel_that_comes_back_goes_on_counting_its_audit_entries(
        self, world: World
    ) -> None:
        sent = message()
        part = delivery(sent)
        world.accept(sent, part)
        moved = replace(claimed(part), audit_count=1)
        world.commit(world.messages.moving(part, moved, entry(sent.id, 1, LINKEDIN)))
        world.commit(world.messages.removing(moved))
        world.commit(world.messages.starting(part))
        back = world.delivery(part.key)
        assert (back.status, back.next_at, back.claim) == (Status.PENDING, part.next_at, None)
        again = replace(claimed(back), audit_count=back.audit_count + 1)
        world.commit(
            world.messages.moving(back, again, entry(sent.id, again.audit_count, LINKEDIN))
        )
        assert world.delivery(part.key) == again

    def test_a_delivery_that_is_there_does_not_start_again(self, world: World) -> None:
        sent = message()
        world.accept(sent, delivery(sent))
        with pytest.raises(LostRace):
            world.commit(world.messages.starting(delivery(sent)))


class TestRollUp:
    def stored(self, world: World, sent: Message) -> Listed:
        (listed,) = world.messages.by_author(sent.author, ALL, 10, None).items
        return listed

    def test_a_new_message_lists_where_its_channels_stand(self, world: World) -> None:
        sent = message()
        world.accept(sent, delivery(sent), delivery(sent, SMS))
        assert self.stored(world, sent).summary == dict.fromkeys(CHANNELS, Status.PENDING)

    def test_a_roll_up_shows_in_lists(self, world: World) -> None:
        sent = message()
        done = through(delivery(sent), claimed, begun, delivered)
        world.accept(sent, delivery(sent))
        rolled = world.messages.rolling_up(Snapshot(sent, (done,)), MessageStatus.DELIVERED)
        world.commit(rolled)
        listed = self.stored(world, sent)
        assert listed.status is MessageStatus.DELIVERED
        assert listed.summary == {LINKEDIN: Status.DELIVERED}

    def test_an_older_roll_up_is_ignored(self, world: World) -> None:
        sent, part = message(), delivery(message())
        world.accept(sent, part)
        newer = Snapshot(sent, (through(part, claimed, begun, delivered),))
        older = Snapshot(sent, (claimed(part),))
        world.commit(world.messages.rolling_up(newer, MessageStatus.DELIVERED))
        world.commit(world.messages.rolling_up(older, MessageStatus.PUBLISHING))
        assert self.stored(world, sent).status is MessageStatus.DELIVERED

    def test_a_roll_up_from_before_an_edit_is_ignored(self, world: World) -> None:
        sent, part = message(), delivery(message())
        world.accept(sent, part)
        before = Snapshot(sent, (through(part, claimed, begun, delivered),))
        after = replace(sent, version=2)
        world.commit(world.messages.saving(sent, after, entry(sent.id, 2)))
        world.commit(world.messages.rolling_up(before, MessageStatus.DELIVERED))
        assert self.stored(world, sent).status is MessageStatus.SCHEDULED

    def test_a_roll_up_after_an_edit_counts_even_if_a_channel_went(self, world: World) -> None:
        sent, part = message(), delivery(message())
        world.accept(sent, part)
        long = Snapshot(sent, (replace(part, version=50),))
        world.commit(world.messages.rolling_up(long, MessageStatus.PUBLISHING))
        after = replace(sent, version=2)
        world.commit(world.messages.saving(sent, after, entry(sent.id, 2)))
        world.commit(world.messages.rolling_up(Snapshot(after, (part,)), MessageStatus.FAILED))
        assert self.stored(world, sent).status is MessageStatus.FAILED

    def test_a_roll_up_does_not_get_in_the_way_of_an_edit(self, world: World) -> None:
        sent, part = message(), delivery(message())
        world.accept(sent, part)
        world.commit(world.messages.rolling_up(Snapshot(sent, (part,)), MessageStatus.PUBLISHING))
        after = replace(sent, status=MessageStatus.SCHEDULED, version=2)
        world.commit(world.messages.saving(sent, after, entry(sent.id, 2)))
        assert self.stored(world, sent).status is MessageStatus.SCHEDULED

    def test_rolling_up_an_unknown_message_stores_nothing(self, world: World) -> None:
        sent = message()
        world.commit(world.messages.rolling_up(Snapshot(sent, ()), MessageStatus.FAILED))
        assert world.messages.get(sent.id) is None


class TestOwnList:
    def test_it_shows_an_author_only_their_own_newest_first(self, world: World) -> None:
        for number in (1, 2, 3):
            world.accept(message(number))
        world.accept(message(4, author="ben"))
        page = world.messages.by_author("ana", ALL, 10, None)
        assert ids(page) == [message(number).id for number in (3, 2, 1)]
        assert page.cursor is None

    def test_pages_follow_one_another(self, world: World) -> None:
        for number in range(1, 6):
            world.accept(message(number))
        seen: list[str] = []
        cursor: Cursor | None = None
        for _ in range(5):
            page = world.messages.by_author("ana", ALL, 2, cursor)
            seen += ids(page)
            cursor = page.cursor
            if cursor is None:
                break
        assert seen == [message(number).id for number in (5, 4, 3, 2, 1)]
        assert cursor is None

    def test_a_filter_leaves_out_other_statuses(self, world: World) -> None:
        for number in range(1, 7):
            status = MessageStatus.DRAFT if number % 2 else MessageStatus.SCHEDULED
            world.accept(message(number, status=status))
        page = world.messages.by_author("ana", Filter(MessageStatus.DRAFT), 2, None)
        assert ids(page) == [message(5).id, message(3).id]
        rest = world.messages.by_author("ana", Filter(MessageStatus.DRAFT), 2, page.cursor)
        assert ids(rest) == [message(1).id]
        assert rest.cursor is None

    def test_bounds_are_inclusive_and_mean_the_due_time(self, world: World) -> None:
        for number in range(1, 5):
            world.accept(message(number, due_at=NOW + timedelta(days=number)))
        wanted = Filter(since=NOW + timedelta(days=2), until=NOW + timedelta(days=3))
        page = world.messages.by_author("ana", wanted, 10, None)
        assert ids(page) == [message(3).id, message(2).id]


class TestCalendar:
    def test_it_shows_everyones_messages_latest_first_across_months_and_years(
        self, world: World
    ) -> None:
        moments = {1: NOW, 2: datetime(2031, 5, 1, tzinfo=UTC), 3: datetime(2026, 2, 5, tzinfo=UTC)}
        for number, due_at in moments.items():
            world.accept(message(number, author=f"user-{number}", due_at=due_at))
        page = world.messages.calendar(ALL, 10, None)
        assert ids(page) == [message(number).id for number in (2, 1, 3)]
        assert page.cursor is None

    def test_pages_follow_one_another(self, world: World) -> None:
        for number in range(1, 8):
            world.accept(message(number, due_at=NOW + timedelta(days=20 * number)))
        seen: list[str] = []
        cursor: Cursor | None = None
        for _ in range(10):
            page = world.messages.calendar(ALL, 2, cursor)
            seen += ids(page)
            cursor = page.cursor
            if cursor is None:
                break
        assert seen == [message(number).id for number in range(7, 0, -1)]
        assert cursor is None

    def test_bounds_are_inclusive(self, world: World) -> None:
        for number in range(1, 6):
            world.accept(message(number, due_at=NOW + timedelta(days=20 * number)))
        wanted = Filter(since=NOW + timedelta(days=40), until=NOW + timedelta(days=80))
        page = world.messages.calendar(wanted, 10, None)
        assert ids(page) == [message(number).id for number in (4, 3, 2)]

    def test_a_filter_leaves_out_other_statuses(self, world: World) -> None:
        world.accept(message(1))
        world.accept(message(2, status=MessageStatus.DRAFT))
        page = world.messages.calendar(Filter(MessageStatus.DRAFT), 10, None)
        assert ids(page) == [message(2).id]

    def test_many_months_without_a_match_are_walked_page_by_page(self, world: World) -> None:
        for number in range(1, 10):
            due_at = datetime(2026, number, 1, tzinfo=UTC)
            world.accept(message(number, due_at=due_at))
        world.accept(
            message(20, due_at=datetime(2025, 1, 1, tzinfo=UTC), status=MessageStatus.DRAFT)
        )
        found: list[str] = []
        cursor: Cursor | None = None
        pages = 0
        while cursor is not None or not pages:
            page = world.messages.calendar(Filter(MessageStatus.DRAFT), 5, cursor)
            found += ids(page)
            cursor, pages = page.cursor, pages + 1
        assert found == [message(20).id]
        assert pages == 2

    def test_a_rescheduled_message_moves_to_its_new_month(self, world: World) -> None:
        sent = message()
        world.accept(sent)
        after = replace(sent, due_at=datetime(2027, 6, 1, tzinfo=UTC), version=2)
        world.commit(world.messages.saving(sent, after, entry(sent.id, 2)))
        (listed,) = world.messages.calendar(ALL, 10, None).items
        assert listed.due_at == after.due_at

    def test_a_month_is_listed_only_until_it_is_known_to_be(self, world: World) -> None:
        world.accept(message(1))
        assert len(world.messages.adding(message(2), revision(message(2)), (), ())) == 3
        world.messages.get(message(1).id)
        assert len(world.messages.adding(message(2), revision(message(2)), (), ())) == 2


class TestPreparedPosts:
    post = Post(
        text="Hi",
        subject="Subject",
        media=(Media("m/1", 1200, 630, "alt"),),
        link="https://example.org",
        parameters=("a", "b"),
    )

    def test_the_first_one_stays(self, world: World) -> None:
        kept = world.messages.keep_post("m", LINKEDIN, 1, self.post)
        again = world.messages.keep_post("m", LINKEDIN, 1, replace(self.post, text="Other"))
        assert (kept, again) == (self.post, self.post)
        assert world.messages.post("m", LINKEDIN, 1) == self.post

    def test_each_revision_has_its_own(self, world: World) -> None:
        world.messages.keep_post("m", LINKEDIN, 1, self.post)
        assert world.messages.post("m", LINKEDIN, 2) is None
        assert world.messages.post("m", ChannelName("sms"), 1) is None

    def test_what_belongs_to_one_attempt_is_not_stored(self, world: World) -> None:
        addressed = self.post.to(Recipient("r", "+34600000000"), token="t", handle="h")
        world.messages.keep_post("m", LINKEDIN, 1, addressed)
        assert world.messages.post("m", LINKEDIN, 1) == self.post


class TestTimeline:
    def test_it_tells_everything_of_a_message_oldest_first(self, world: World) -> None:
        sent = message()
        world.accept(sent, delivery(sent), parent(sent, 1))
        later = NOW + timedelta(seconds=1)
        first = delivery(sent)
        second = claimed(first)
        third = begun(second)
        entries = [
            entry(sent.id, 1, LINKEDIN, at=later),
            entry(sent.id, 2, LINKEDIN, at=later, recipient_id=None),
        ]
        world.commit(world.messages.moving(first, second, entries[0]))
        world.commit(world.messages.moving(second, third, entries[1], attempt(third)))
        story = world.messages.timeline(sent.id)
        assert story.entries == (entry(sent.id), *entries)
        assert story.attempts == (attempt(third),)

    def test_another_message_has_no_part_in_it(self, world: World) -> None:
        world.accept(message(1))
        assert world.messages.timeline(message(2).id).entries == ()
