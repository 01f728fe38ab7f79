"""Who can sign in locally, and whom the local product's mail comes from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from chalicelib.domain.identity import Role

SENDER = "announcements@community.example"


class User(NamedTuple):
    """A demo user of the local user pool."""

    role: Role
    name: str

    def password(self, login: str) -> str:
        """Return the development password; it opens nothing but this machine's user pool."""
        return f"Sandbox-{login}-1!"


USERS: Mapping[str, User] = {
    "member": User(Role.MEMBER, "Mia Torres"),
    "member2": User(Role.MEMBER, "Jonas Lindqvist"),
    "manager": User(Role.COMMUNITY_MANAGER, "Amara Okafor"),
    "admin": User(Role.ADMIN, "Kenji Watanabe"),
}
