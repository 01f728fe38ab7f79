from __future__ import annotations

from typing import Any

import pytest

from chalicelib.domain.identity import Member, Role
from chalicelib.edge.problems import Unauthenticated
from chalicelib.edge.tokens import Tokens
from tests.unit.edge.kit import CLIENT, ISSUER, NOW, claims

TOKENS = Tokens(ISSUER, CLIENT)


def test_the_claims_of_api_gateway_make_a_member() -> None:
    member = TOKENS.member(claims(subject="6d3f1c1e-0000-4000-8000-5a2b3c4d5e6f"), NOW)
    assert member == Member(
        "6d3f1c1e-0000-4000-8000-5a2b3c4d5e6f", Role.MEMBER, "Ada Member", "ada@example.org"
    )


@pytest.mark.parametrize(
    ("groups", "role"),
    [
        (None, Role.MEMBER),
        ("", Role.MEMBER),
        ("strangers", Role.MEMBER),
        ("member", Role.MEMBER),
        ("member,community_manager", Role.COMMUNITY_MANAGER),
        ("[member admin]", Role.ADMIN),
        ("[member, admin]", Role.ADMIN),
        (["community_manager", 1, "member"], Role.COMMUNITY_MANAGER),
        ("administrator", Role.MEMBER),
        (7, Role.MEMBER),
    ],
)
def test_the_role_is_the_highest_of_the_groups(groups: Any, role: Role) -> None:
    assert TOKENS.member(claims(**{"cognito:groups": groups}), NOW).role is role


@pytest.mark.parametrize(
    "expiry",
    [
        "Sat Nov 21 12:00:01 UTC 2026",
        "Sun Dec 6 00:00:00 GMT 2026",
        str(NOW.timestamp() + 1),
        int(NOW.timestamp()) + 1,
        NOW.timestamp() + 0.5,
    ],
)
def test_an_expiry_may_be_written_in_each_known_way(expiry: Any) -> None:
    assert TOKENS.member(claims(exp=expiry), NOW)


@pytest.mark.parametrize(
    "changed",
    [
        {"exp": None},
        {"exp": "Sat Nov 21 12:00:00 UTC 2026"},
        {"exp": "Sat Nov 21 13:00:00 CET 2026"},
        {"exp": "Sat Nov 31 13:00:00 UTC 2026"},
        {"exp": "Sat Nov 21 25:00:00 UTC 2026"},
        {"exp": int(NOW.timestamp())},
        {"exp": True},
        {"exp": "inf"},
        {"exp": "nan"},
        {"exp": float("nan")},
        {"exp": "9" * 400},
        {"exp": ["1"]},
        {"iss": None},
        {"iss": f"{ISSUER}/"},
        {"iss": [ISSUER]},
        {"aud": None},
        {"aud": "someone"},
        {"aud": [CLIENT]},
        {"token_use": None},
        {"token_use": "access"},
        {"token_use": "ID"},
        {"sub": None},
        {"sub": ""},
        {"sub": 1},
        {"sub": "a b"},
        {"sub": "a#b"},
        {"sub": "x" * 129},
    ],
)
def test_a_wrong_claim_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(Unauthenticated):
        TOKENS.member({**claims(subject="someone"), **changed}, NOW)


@pytest.mark.parametrize("found", [None, {}, [], "claims", 1])
def test_missing_claims_are_refused(found: Any) -> None:
    with pytest.raises(Unauthenticated):
        TOKENS.member(found, NOW)


def test_without_a_client_of_our_own_nobody_gets_in() -> None:
    with pytest.raises(Unauthenticated):
        Tokens(ISSUER, "").member(claims(aud=""), NOW)


def test_a_member_without_a_name_goes_by_the_user_name() -> None:
    assert TOKENS.member(claims(name=None), NOW).name == "ada"
