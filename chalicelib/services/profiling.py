"""What members say about themselves."""

from __future__ import annotations

from dataclasses import replace

from chalicelib.domain.certifications import Language
from chalicelib.domain.identity import Member
from chalicelib.domain.ports import Profile, Profiles


class Profiling:
    """A member's own name, language and time zone."""

    def __init__(self, profiles: Profiles) -> None:
        self._profiles = profiles

    def read(self, member: Member) -> Profile:
        """Return the member's profile; the token's name until they choose another."""
        stored = self._profiles.get(member.id) or Profile(member.id)
        return replace(stored, name=stored.name or member.name)

    def change(
        self,
        member: Member,
        *,
        name: str | None = None,
        language: Language | None = None,
        time_zone: str | None = None,
    ) -> Profile:
        """Change what is given and return the whole."""
        before = self.read(member)
        after = Profile(
            member.id,
            name=before.name if name is None else name,
            language=language or before.language,
            time_zone=time_zone or before.time_zone,
        )
        self._profiles.save(after)
        return after
