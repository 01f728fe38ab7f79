"""Members and what their roles allow."""

from __future__ import annotations

import pytest

from chalicelib.domain.identity import Member, Role

ADA = Member("ada", Role.MEMBER)
MAX = Member("max", Role.COMMUNITY_MANAGER)
ROOT = Member("root", Role.ADMIN)


@pytest.mark.parametrize(
    ("groups", "role"),
    [
        ([], Role.MEMBER),
        (["birdwatchers"], Role.MEMBER),
        (["member", "community_manager"], Role.COMMUNITY_MANAGER),
        (["admin", "member"], Role.ADMIN),
        (["Admin"], Role.MEMBER),
    ],
)
def test_the_highest_group_counts(groups: list[str], role: Role) -> None:
    assert Role.of_groups(groups) is role


@pytest.mark.parametrize("held", Role)
@pytest.mark.parametrize("wanted", Role)
def test_a_member_may_what_lower_roles_may(held: Role, wanted: Role) -> None:
    order = [Role.MEMBER, Role.COMMUNITY_MANAGER, Role.ADMIN]

    assert Member("x", held).may(wanted) == (order.index(held) >= order.index(wanted))


def test_members_see_their_own() -> None:
    assert ADA.may_read("ada")
    assert not ADA.may_read("bob")


def test_managers_and_admins_see_everyones() -> None:
    assert MAX.may_read("ada") and ROOT.may_read("ada")
