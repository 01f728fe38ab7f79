"""Is an achievement announced once, and found by everyone who may, on every kind of table?"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain.certifications import achievement_key
from chalicelib.domain.errors import AlreadyAnnounced, LostRace
from chalicelib.domain.ports import Achievement, CertificationStatus, Cursor, Page
from chalicelib.repositories.certifications import Certifications
from tests.contract.samples import NOW, World, achievement

YEAR = timedelta(days=365)
STATUS = CertificationStatus


def key(of: Achievement) -> str:
    return achievement_key(of.submission.member_name, of.submission.family_id)


def ids(page: Page[Achievement]) -> list[str]:
    return [item.id for item in page.items]


@pytest.fixture
def certifications(world: World) -> Certifications:
    return Certifications(world.store)


def submit(world: World, made: Achievement, unique: str | None = None) -> None:
    repository = Certifications(world.store)
    world.commit(repository.adding(made, unique or made.id, made.submitted_at + YEAR))


class TestOnce:
    def test_an_achievement_comes_back_whole(
        self, world: World, certifications: Certifications
    ) -> None:
        made = achievement(reason="because", name_differs=True)
        submit(world, made)
        assert certifications.get(made.id) == made
        assert certifications.get("unknown") is None

    def test_the_same_achievement_is_refused_within_the_year(
        self, world: World, certifications: Certifications
    ) -> None:
        submit(world, achievement(1), "same")
        with pytest.raises(AlreadyAnnounced):
            submit(world, achievement(2), "same")
        assert certifications.get(achievement(2).id) is None
        assert certifications.holder("same", NOW) == achievement(1).id

    def test_after_the_year_it_may_be_announced_again(
        self, world: World, certifications: Certifications
    ) -> None:
        submit(world, achievement(1), "same")
        later = achievement(2, submitted_at=achievement(1).submitted_at + YEAR)
        submit(world, later, "same")
        assert certifications.holder("same", later.submitted_at) == later.id

    def test_an_expired_key_is_held_by_nobody(
        self, world: World, certifications: Certifications
    ) -> None:
        submit(world, achievement(1), "same")
        assert certifications.holder("same", NOW + 2 * YEAR) is None
        assert certifications.holder("other", NOW) is None

    def test_a_rejected_achievement_may_be_submitted_again(
        self, world: World, certifications: Certifications
    ) -> None:
        made = achievement(1)
        submit(world, made, key(made))
        rejected = replace(made, status=STATUS.REJECTED, reason="no photo", version=2)
        world.commit(certifications.saving(made, rejected, release_key=True))
        submit(world, achievement(2), key(made))
        assert certifications.get(made.id) == rejected

    def test_a_key_that_someone_else_holds_by_now_is_left_alone(
        self, world: World, certifications: Certifications
    ) -> None:
        made = achievement(1)
        submit(world, made, key(made))
        later = achievement(2, submitted_at=made.submitted_at + YEAR)
        submit(world, later, key(made))
        cancelled = replace(made, status=STATUS.CANCELLED, version=2)
        world.commit(certifications.saving(made, cancelled, release_key=True))
        assert certifications.holder(key(made), later.submitted_at) == later.id
        assert certifications.get(made.id) == cancelled

    def test_a_stale_copy_loses(self, world: World, certifications: Certifications) -> None:
        made = achievement(1)
        submit(world, made)
        after = replace(made, status=STATUS.ANNOUNCED, version=2)
        world.commit(certifications.saving(made, after))
        with pytest.raises(LostRace):
            world.commit(certifications.saving(made, after))


class TestLists:
    def filled(self, world: World) -> None:
        statuses = (STATUS.ANNOUNCED, STATUS.PENDING_REVIEW, STATUS.REJECTED)
        for number in range(1, 10):
            author = "ana" if number % 2 else "ben"
            submit(world, achievement(number, status=statuses[number % 3], author=author))

    def test_an_author_sees_only_their_own_newest_first(
        self, world: World, certifications: Certifications
    ) -> None:
        self.filled(world)
        page = certifications.by_author("ben", 10, None)
        assert ids(page) == [achievement(number).id for number in (8, 6, 4, 2)]

    def test_what_waits_is_listed_newest_first_until_it_is_decided(
        self, world: World, certifications: Certifications
    ) -> None:
        self.filled(world)
        assert ids(certifications.waiting(10, None)) == [achievement(n).id for n in (7, 4, 1)]
        (newest, *_) = certifications.waiting(10, None).items
        decided = replace(newest, status=STATUS.ANNOUNCED, version=2)
        world.commit(certifications.saving(newest, decided))
        assert ids(certifications.waiting(10, None)) == [achievement(n).id for n in (4, 1)]

    @pytest.mark.parametrize(
        ("status", "expected"),
        [(None, range(9, 0, -1)), (STATUS.REJECTED, (8, 5, 2)), (STATUS.CANCELLED, ())],
    )
    def test_pages_of_everyones_follow_one_another(
        self,
        world: World,
        certifications: Certifications,
        status: CertificationStatus | None,
        expected: range,
    ) -> None:
        self.filled(world)
        seen: list[str] = []
        cursor: Cursor | None = None
        for _ in range(10):
            page = certifications.everyone(status, 2, cursor)
            seen += ids(page)
            cursor = page.cursor
            if cursor is None:
                break
        assert seen == [achievement(number).id for number in expected]
        assert cursor is None
