"""Do accounts, recipients, uploads, kept answers and profiles behave alike on every table?"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain.channels import Recipient
from chalicelib.domain.errors import IdempotencyMismatch, LostRace, StillRunning
from chalicelib.domain.identity import Role
from chalicelib.domain.ports import (
    AccountState,
    AccountStatus,
    Once,
    OnceTaken,
    Profile,
    StoredResponse,
    Ticket,
    UploadStatus,
    Watcher,
)
from chalicelib.repositories import schema
from chalicelib.repositories.accounts import Accounts
from chalicelib.repositories.adaptations import Adaptations
from chalicelib.repositories.idempotency import Idempotency
from chalicelib.repositories.media import Uploads
from chalicelib.repositories.profiles import Profiles
from chalicelib.repositories.recipients import Subscriptions
from chalicelib.repositories.watchers import Watchers
from tests.contract.samples import LINKEDIN, NOW, SMS, World, adaptation, subscription, upload

SECOND = timedelta(seconds=1)


class TestAccounts:
    @pytest.fixture
    def accounts(self, world: World) -> Accounts:
        return Accounts(world.store)

    connected = AccountState(
        LINKEDIN,
        AccountStatus.CONNECTED,
        identity="urn:li:organization:1",
        settings={"template": "Hello {{1}}"},
        scopes=("w_organization_social",),
        expires_at=NOW + timedelta(days=60),
        checked_at=NOW,
        limited_until=NOW,
        open_until=NOW + timedelta(minutes=1),
        problem="p",
        version=1,
    )

    def test_an_account_nobody_connected_is_missing(self, accounts: Accounts) -> None:
        assert accounts.state(LINKEDIN) == AccountState(LINKEDIN)

    def test_a_state_comes_back_whole(self, world: World, accounts: Accounts) -> None:
        world.commit(accounts.saving(AccountState(LINKEDIN), self.connected))
        states = accounts.states([LINKEDIN, SMS])
        assert states == {LINKEDIN: self.connected, SMS: AccountState(SMS)}

    def test_a_stale_copy_loses(self, world: World, accounts: Accounts) -> None:
        world.commit(accounts.saving(AccountState(LINKEDIN), self.connected))
        with pytest.raises(LostRace):
            world.commit(accounts.saving(AccountState(LINKEDIN), self.connected))
        blocked = replace(self.connected, status=AccountStatus.BLOCKED, problem=None, version=2)
        world.commit(accounts.saving(self.connected, blocked))
        assert accounts.state(LINKEDIN) == blocked

    def test_an_idle_account_has_a_slot_now(self, accounts: Accounts) -> None:
        for moment in (NOW, NOW + SECOND):
            assert accounts.take_slot(LINKEDIN, SECOND, moment, moment) == moment

    def test_each_who_asks_a_busy_account_gets_the_slot_behind(self, accounts: Accounts) -> None:
        spacings, latest = (SECOND, 2 * SECOND, SECOND), NOW + 9 * SECOND
        slots = [accounts.take_slot(LINKEDIN, spacing, NOW, latest) for spacing in spacings]

        assert slots == [NOW, NOW + SECOND, NOW + 3 * SECOND]
        assert accounts.take_slot(SMS, SECOND, NOW, latest) == NOW

    def test_a_slot_too_far_ahead_is_not_taken(self, accounts: Accounts) -> None:
        slots = [accounts.take_slot(LINKEDIN, SECOND, NOW, NOW + SECOND) for _ in range(4)]

        assert slots == [NOW, NOW + SECOND, None, None]

    def test_those_who_wait_come_back_one_behind_the_other(self, accounts: Accounts) -> None:
        turns = [accounts.take_turn(LINKEDIN, SECOND, NOW) for _ in range(3)]

        assert turns == [NOW, NOW + SECOND, NOW + 2 * SECOND]

    def test_nobody_is_told_to_come_back_after_more_than_an_hour(self, accounts: Accounts) -> None:
        turns = [accounts.take_turn(LINKEDIN, 45 * 60 * SECOND, NOW) for _ in range(4)]

        assert turns[-1] == NOW + 3600 * SECOND


class TestSubscriptions:
    @pytest.fixture
    def people(self, world: World) -> Subscriptions:
        return Subscriptions(world.store)

    def test_a_recipient_comes_back_whole(self, people: Subscriptions) -> None:
        person = Recipient("r1", "+34600000000", "Zoë", window_open_until=NOW)
        assert people.add(subscription(recipient=person))
        assert people.get(SMS, "r1") == subscription(recipient=person)
        assert people.get(LINKEDIN, "r1") is None

    def test_adding_again_changes_nothing(self, people: Subscriptions) -> None:
        people.add(subscription())
        people.open_window(SMS, "r1", NOW)
        before = people.get(SMS, "r1")
        assert not people.add(subscription(consent="again"))
        assert people.get(SMS, "r1") == before

    def test_whoever_opted_out_stays_opted_out(self, people: Subscriptions) -> None:
        people.add(subscription())
        assert people.opt_out(SMS, "r1", NOW)
        assert not people.add(subscription())
        assert people.get(SMS, "r1") == subscription(opted_out_at=NOW)

    def test_an_address_is_undeliverable_until_it_is_added_again(
        self, people: Subscriptions
    ) -> None:
        people.add(subscription())
        for later in (1, 2):
            people.mark_undeliverable(SMS, "r1", NOW + later * SECOND)
        marked = subscription(undeliverable_at=NOW + SECOND)
        assert people.get(SMS, "r1") == marked
        assert people.page(SMS, 10, None).items == [marked]
        assert not marked.is_reachable

        renewed = subscription(created_at=NOW + 9 * SECOND)
        people.add(renewed)
        people.mark_undeliverable(SMS, "r1", NOW + SECOND)
        assert people.get(SMS, "r1") == renewed

    def test_somebody_unknown_is_not_marked(self, people: Subscriptions) -> None:
        people.mark_undeliverable(SMS, "r1", NOW)
        assert people.get(SMS, "r1") is None

    def test_the_first_opt_out_counts(self, people: Subscriptions) -> None:
        people.add(subscription())
        people.opt_out(SMS, "r1", NOW)
        assert people.opt_out(SMS, "r1", NOW + timedelta(days=1))
        assert people.get(SMS, "r1") == subscription(opted_out_at=NOW)

    def test_an_unknown_recipient_can_not_opt_out_or_be_removed(
        self, people: Subscriptions
    ) -> None:
        assert not people.opt_out(SMS, "r1", NOW)
        assert not people.opt_in(SMS, "r1", "START", NOW)
        people.open_window(SMS, "r1", NOW)
        assert not people.remove(SMS, "r1")

    def test_whoever_opted_out_may_opt_in_again(self, people: Subscriptions) -> None:
        people.add(subscription())
        people.opt_out(SMS, "r1", NOW)
        assert people.opt_in(SMS, "r1", "START", NOW + timedelta(seconds=1))
        assert people.get(SMS, "r1") == subscription(consent="START")

    def test_who_never_opted_out_keeps_their_consent(self, people: Subscriptions) -> None:
        people.add(subscription())
        assert not people.opt_in(SMS, "r1", "START", NOW)
        assert people.get(SMS, "r1") == subscription()

    def test_a_late_stop_does_not_undo_a_later_start(self, people: Subscriptions) -> None:
        people.add(subscription())
        people.opt_in(SMS, "r1", "START", NOW + timedelta(seconds=1))
        assert people.opt_out(SMS, "r1", NOW)
        assert people.get(SMS, "r1") == subscription()

    def test_a_late_start_does_not_undo_a_later_stop(self, people: Subscriptions) -> None:
        people.add(subscription())
        people.opt_out(SMS, "r1", NOW)
        people.opt_out(SMS, "r1", NOW + timedelta(days=2))
        assert not people.opt_in(SMS, "r1", "START", NOW + timedelta(days=1))
        assert people.get(SMS, "r1") == subscription(opted_out_at=NOW)

    def test_of_two_wishes_at_the_same_time_the_last_to_arrive_counts(
        self, people: Subscriptions
    ) -> None:
        people.add(subscription())
        people.opt_out(SMS, "r1", NOW)
        assert people.opt_in(SMS, "r1", "START", NOW)
        assert people.opt_out(SMS, "r1", NOW)
        assert people.get(SMS, "r1") == subscription(consent="START", opted_out_at=NOW)

    def test_a_window_opens_and_is_never_shortened(self, people: Subscriptions) -> None:
        people.add(subscription())
        later = NOW + timedelta(hours=1)
        for until in (NOW, later, NOW):
            people.open_window(SMS, "r1", until)
        person = replace(subscription().recipient, window_open_until=later)
        assert people.get(SMS, "r1") == subscription(recipient=person)
        assert people.page(SMS, 10, None).items == [subscription(recipient=person)]

    def test_a_removed_recipient_is_forgotten(self, people: Subscriptions) -> None:
        people.add(subscription())
        assert people.remove(SMS, "r1")
        assert people.get(SMS, "r1") is None
        assert people.add(subscription())

    def test_removal_erases_the_address_but_not_the_opt_out(
        self, world: World, people: Subscriptions
    ) -> None:
        people.add(subscription())
        people.opt_out(SMS, "r1", NOW)
        assert people.remove(SMS, "r1")
        assert people.get(SMS, "r1") is None
        assert people.page(SMS, 10, None).items == []
        assert not people.opt_in(SMS, "r1", "START", NOW + timedelta(days=1))
        assert not people.add(subscription())
        assert "+34600000000" not in str(world.store.get(schema.recipient(SMS, "r1")))

    def test_pages_go_on_after_an_id(self, people: Subscriptions) -> None:
        for name in ("r3", "r1", "r2"):
            people.add(subscription(name, recipient=Recipient(name, "+34600000000")))
        page = people.page(SMS, 2, None)
        assert [s.recipient.id for s in page.items] == ["r1", "r2"]
        assert page.cursor == {"after": "r2"}
        rest = people.page(SMS, 2, "r2")
        assert [s.recipient.id for s in rest.items] == ["r3"]
        assert rest.cursor is None


class TestUploads:
    @pytest.fixture
    def uploads(self, world: World) -> Uploads:
        return Uploads(world.store)

    def test_uploads_come_back_whole(self, world: World, uploads: Uploads) -> None:
        world.commit(uploads.adding(upload(1)), uploads.adding(upload(2)))
        assert uploads.get("upload-1") == upload(1)
        assert uploads.get("unknown") is None
        wanted = ["upload-2", "unknown", "upload-1"]
        assert uploads.many(wanted) == {"upload-1": upload(1), "upload-2": upload(2)}

    def test_an_upload_becomes_ready_once(self, world: World, uploads: Uploads) -> None:
        world.commit(uploads.adding(upload()))
        ready = upload(status=UploadStatus.READY, ref="media/1", width=10, height=20, version=2)
        world.commit(uploads.saving(upload(), ready))
        assert uploads.get("upload-1") == ready
        with pytest.raises(LostRace):
            world.commit(uploads.saving(upload(), ready))


class TestIdempotency:
    once = Once("ana", "route/key", "digest")
    answer = StoredResponse(202, '{"id": "1"}', {"location": "/x"})

    @pytest.fixture
    def kept(self, world: World) -> Idempotency:
        return Idempotency(world.store, world.clock)

    def test_an_unused_key_has_no_answer(self, kept: Idempotency) -> None:
        assert kept.find(self.once) is None

    def test_a_kept_answer_is_found(self, world: World, kept: Idempotency) -> None:
        world.commit(kept.keeping(self.once, self.answer, NOW))
        assert kept.find(self.once) == self.answer

    def test_keys_belong_to_their_user(self, world: World, kept: Idempotency) -> None:
        world.commit(kept.keeping(self.once, self.answer, NOW))
        assert kept.find(replace(self.once, user="ben")) is None

    def test_another_body_is_a_mismatch(self, world: World, kept: Idempotency) -> None:
        world.commit(kept.keeping(self.once, self.answer, NOW))
        with pytest.raises(IdempotencyMismatch):
            kept.find(replace(self.once, digest="other"))

    def test_a_key_is_used_once(self, world: World, kept: Idempotency) -> None:
        world.commit(kept.keeping(self.once, self.answer, NOW))
        with pytest.raises(OnceTaken):
            world.commit(kept.keeping(self.once, self.answer, NOW))
        with pytest.raises(OnceTaken):
            kept.reserve(self.once, NOW)

    @pytest.mark.parametrize(("hours", "is_kept"), [(24, True), (47, True), (48, False)])
    def test_an_answer_is_kept_for_two_days(
        self, world: World, kept: Idempotency, hours: int, is_kept: bool
    ) -> None:
        world.commit(kept.keeping(self.once, self.answer, NOW))
        world.clock.at = NOW + timedelta(hours=hours)
        assert (kept.find(self.once) is not None) == is_kept

    def test_dynamodb_removes_an_answer_only_after_its_time(
        self, world: World, kept: Idempotency
    ) -> None:
        world.commit(kept.keeping(self.once, self.answer, NOW))
        item = world.store.get(schema.once(self.once.user, self.once.key)) or {}
        assert item[schema.TTL] >= (NOW + timedelta(hours=48)).timestamp()

    def test_a_reserved_key_is_running(self, kept: Idempotency) -> None:
        kept.reserve(self.once, NOW)
        with pytest.raises(StillRunning):
            kept.find(self.once)
        with pytest.raises(OnceTaken):
            kept.reserve(self.once, NOW)

    def test_a_completed_request_has_its_answer(self, kept: Idempotency) -> None:
        kept.reserve(self.once, NOW)
        kept.complete(self.once, self.answer, NOW)
        assert kept.find(self.once) == self.answer

    def test_the_first_answer_stays(self, kept: Idempotency) -> None:
        kept.reserve(self.once, NOW)
        kept.complete(self.once, self.answer, NOW)
        kept.complete(self.once, StoredResponse(500, ""), NOW)
        kept.release(self.once)
        assert kept.find(self.once) == self.answer

    def test_a_released_key_may_be_used_again(self, kept: Idempotency) -> None:
        kept.reserve(self.once, NOW)
        kept.release(self.once)
        assert kept.find(self.once) is None
        kept.reserve(self.once, NOW)

    def test_a_twin_takes_over_once_the_minute_is_up(self, world: World, kept: Idempotency) -> None:
        kept.reserve(self.once, NOW)
        world.clock.at = NOW + timedelta(seconds=60)
        assert kept.find(self.once) is None
        kept.reserve(self.once, world.clock.now())
        with pytest.raises(StillRunning):
            kept.find(self.once)


class TestProfiles:
    def test_the_last_one_saved_counts(self, world: World) -> None:
        profiles = Profiles(world.store)
        assert profiles.get("ana") is None
        profiles.save(Profile("ana", "Ana", "es", "Europe/Madrid"))
        profiles.save(Profile("ana", "Ana", "en", "UTC"))
        assert profiles.get("ana") == Profile("ana", "Ana", "en", "UTC")


class TestWatchers:
    ticket = Ticket("secret", "ana", Role.COMMUNITY_MANAGER, NOW + timedelta(minutes=1))
    watcher = Watcher("c1", "ana", Role.COMMUNITY_MANAGER, NOW + timedelta(hours=2))

    @pytest.fixture
    def watchers(self, world: World) -> Watchers:
        return Watchers(world.store)

    def test_a_ticket_is_found_by_its_secret(self, watchers: Watchers) -> None:
        assert watchers.ticket("secret") is None
        watchers.issue(self.ticket)
        assert watchers.ticket("secret") == self.ticket
        assert watchers.ticket("another") is None

    def test_a_secret_is_not_stored(self, world: World, watchers: Watchers) -> None:
        watchers.issue(self.ticket)
        assert not [item for item in world.store.scan_all() if "secret" in str(item)]

    def test_who_is_admitted_is_present(self, watchers: Watchers) -> None:
        watchers.issue(self.ticket)
        watchers.admit(self.watcher, self.ticket)
        assert watchers.present() == [self.watcher]

    def test_a_ticket_admits_once(self, watchers: Watchers) -> None:
        watchers.issue(self.ticket)
        watchers.admit(self.watcher, self.ticket)
        with pytest.raises(LostRace):
            watchers.admit(replace(self.watcher, id="c2"), self.ticket)
        assert watchers.present() == [self.watcher]
        assert watchers.ticket("secret") is None

    def test_who_is_forgotten_is_not_present(self, watchers: Watchers) -> None:
        watchers.issue(self.ticket)
        watchers.admit(self.watcher, self.ticket)
        watchers.forget("c1")
        watchers.forget("c1")
        assert watchers.present() == []

    def test_dynamodb_removes_both_after_their_time(self, world: World, watchers: Watchers) -> None:
        other = replace(self.ticket, secret="other")
        watchers.issue(self.ticket)
        watchers.issue(other)
        watchers.admit(self.watcher, self.ticket)
        ends = sorted(item[schema.TTL] for item in world.store.scan_all())
        moments = [other.expires_at, self.watcher.expires_at]
        assert ends == [int(moment.timestamp()) for moment in moments]


class TestAdaptations:
    @pytest.fixture
    def adaptations(self, world: World) -> Adaptations:
        return Adaptations(world.store)

    def test_nothing_is_known_of_a_content_nobody_asked_about(
        self, adaptations: Adaptations
    ) -> None:
        assert adaptations.get("unknown") is None

    def test_the_right_to_ask_is_given_once(self, world: World, adaptations: Adaptations) -> None:
        world.commit(adaptations.claiming(adaptation()))
        assert adaptations.get(adaptation().digest) == adaptation()
        with pytest.raises(LostRace):
            world.commit(adaptations.claiming(adaptation()))

    @pytest.mark.parametrize("is_claimed", [True, False])
    def test_the_first_decision_stays(
        self, world: World, adaptations: Adaptations, is_claimed: bool
    ) -> None:
        if is_claimed:
            world.commit(adaptations.claiming(adaptation()))
        decided = adaptation(decided=True)
        world.commit(adaptations.deciding(decided))
        assert adaptations.get(decided.digest) == decided
        with pytest.raises(LostRace):
            world.commit(adaptations.deciding(replace(decided, words={})))
        with pytest.raises(LostRace):
            world.commit(adaptations.claiming(adaptation()))
