"""Members and what their roles allow."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """A Cognito group; a member of several has the highest."""

    MEMBER = "member"
    COMMUNITY_MANAGER = "community_manager"
    ADMIN = "admin"

    @property
    def rank(self) -> int:
        """Order of power, 0 the least."""
        return list(Role).index(self)

    @classmethod
    def of_groups(cls, groups: Iterable[str]) -> Role:
        """Return the highest role among the groups; whoever is signed in is at least a member."""
        known = [cls(group) for group in groups if group in set(cls)]
        return max(known, key=lambda role: role.rank, default=cls.MEMBER)


@dataclass(frozen=True, slots=True)
class Member:
    """Who is calling: the token's subject, role and display name."""

    id: str
    role: Role
    name: str = ""
    email: str = ""

    def may(self, role: Role) -> bool:
        """Return whether this member has at least `role`."""
        return self.role.rank >= role.rank

    def may_read(self, author: str) -> bool:
        """Return whether this member may see an object of `author`."""
        return self.id == author or self.may(Role.COMMUNITY_MANAGER)
