"""Achievements: submitted by members, approved by managers, announced once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from chalicelib.domain.announcements import canonical_text
from chalicelib.domain.certifications import (
    Certification,
    Submission,
    achievement_key,
    catalogue,
    check_submission,
    warnings,
)
from chalicelib.domain.channels import ChannelName
from chalicelib.domain.errors import (
    AlreadyAnnounced,
    Forbidden,
    IllegalTransition,
    NotFound,
    VersionConflict,
)
from chalicelib.domain.identity import Member, Role
from chalicelib.domain.messages import Content, Draft, Message, MessageStatus
from chalicelib.domain.ports import (
    Achievement,
    Certifications,
    CertificationStatus,
    Clock,
    Cursor,
    Ids,
    Messages,
    Once,
    Page,
    Profile,
    Profiles,
    Snapshot,
    Unit,
    Writes,
)
from chalicelib.domain.text import normalise_name
from chalicelib.services.checking import Checking, Preview, pointing, refusal
from chalicelib.services.publishing import REWRITTEN, Publishing

UNIQUE_FOR = timedelta(days=365)
"""How long the same person's same certification is not announced again."""


class Moderating:
    """What members submit and managers decide."""

    def __init__(
        self,
        *,
        certifications: Certifications,
        messages: Messages,
        profiles: Profiles,
        publishing: Publishing,
        checking: Checking,
        unit: Unit,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._certifications = certifications
        self._messages = messages
        self._profiles = profiles
        self._publishing = publishing
        self._checking = checking
        self._unit = unit
        self._clock = clock
        self._ids = ids

    def submit(
        self, submission: Submission, author: Member, once: Once | None = None
    ) -> tuple[Achievement, Snapshot]:
        """Take an achievement and its announcement, in one transaction.

        Raises `InvalidMessage`, `AlreadyAnnounced`, `MediaNotReady`.
        """
        profile = self._profile(author)
        submission, family = self._checked(submission, profile, author)
        now = self._clock.now()
        achievement_id = self._ids.new()
        accepted = self._publishing.accept(_draft(submission, family), author, achievement_id)
        message = accepted.snapshot.message
        waits = message.status is MessageStatus.PENDING_REVIEW
        achievement = Achievement(
            id=achievement_id,
            author=author.id,
            submission=submission,
            status=CertificationStatus.PENDING_REVIEW if waits else CertificationStatus.ANNOUNCED,
            message_id=message.id,
            submitted_at=now,
            warnings=tuple(w.detail for w in warnings(family, submission.certified_on)),
            name_differs=normalise_name(submission.member_name) != normalise_name(profile.name),
        )
        key = achievement_key(submission.member_name, submission.family_id)
        try:
            self._unit.commit(
                *self._publishing.kept_answer(once, (achievement, accepted.snapshot)),
                self._certifications.adding(achievement, key, now + UNIQUE_FOR),
                accepted.writes,
            )
        except AlreadyAnnounced as error:
            raise self._already(key, author) from error
        self._publishing.introduce(accepted.snapshot)
        return achievement, accepted.snapshot

    def preview(self, submission: Submission, member: Member) -> list[Preview]:
        """Return what an announcement would look like on each channel. Stores nothing."""
        return self._checking.preview(self._sketched(submission, member), member)

    def check(self, submission: Submission, author: Member) -> None:
        """Raise what `submit` would of a submission by itself, and do nothing."""
        draft = self._sketched(submission, author)
        self._checking.check(draft.content, draft.channels, author)

    def check_rewriting(self, achievement_id: str, text: str | None, member: Member) -> None:
        """Raise `NotFound`, or what is wrong with a reviewer's own text; do nothing."""
        achievement = self._deciding(achievement_id, member)
        self._publishing.check_rewriting(achievement.message_id, text, member)

    def _sketched(self, submission: Submission, member: Member) -> Draft:
        return _draft(*self._checked(submission, self._profile(member), member))

    def _profile(self, member: Member) -> Profile:
        stored = self._profiles.get(member.id) or Profile(member.id)
        return replace(stored, name=stored.name or member.name)

    def _checked(
        self, submission: Submission, profile: Profile, member: Member
    ) -> tuple[Submission, Certification]:
        """Return a submission with what the profile adds, and its family; raise every fault."""
        submission = replace(
            submission,
            member_name=submission.member_name or profile.name,
            language=submission.language or profile.language,
        )
        faults = check_submission(submission, now=self._clock.now(), home=profile.time_zone)
        family = catalogue().by_id(submission.family_id)
        if faults or family is None:
            # No channel can say how it would look; its photo stands by itself.
            photo = self._checking.faults(Content("", announcement=submission), (), member)
            raise refusal([*faults, *photo])
        return submission, family

    def _already(self, key: str, member: Member) -> AlreadyAnnounced:
        holder = self._certifications.holder(key, self._clock.now())
        existing = self._certifications.get(holder) if holder else None
        detail = "The same person's same certification was announced within the last 365 days."
        if existing is not None and member.may_read(existing.author):
            return AlreadyAnnounced(detail, existing.id)
        return AlreadyAnnounced(detail)

    # --- reading ------------------------------------------------------------------------------

    def read(self, achievement_id: str, member: Member) -> tuple[Achievement, Snapshot]:
        """Return an achievement as it is announced; `NotFound` for others' ones."""
        achievement = self._certifications.get(achievement_id)
        if achievement is None or not member.may_read(achievement.author):
            raise NotFound("There is no such certification.")
        snapshot = self._publishing.read(achievement.message_id, _reader(achievement))
        return _as_announced(achievement, snapshot.message), snapshot

    def listing(
        self,
        member: Member,
        *,
        everyone: bool,
        status: CertificationStatus | None,
        limit: int,
        cursor: Cursor | None,
    ) -> Page[Achievement]:
        """Return a page of the member's own achievements, or of everyone's, newest first."""
        page = self._page(member, everyone, status, limit, cursor)
        kept = [item for item in page.items if status in (None, item.status)]
        messages = self._messages.many([item.message_id for item in kept])
        shown = [_as_announced(item, messages.get(item.message_id)) for item in kept]
        return Page(shown, page.cursor)

    def _page(
        self,
        member: Member,
        everyone: bool,
        status: CertificationStatus | None,
        limit: int,
        cursor: Cursor | None,
    ) -> Page[Achievement]:
        if not everyone:
            return self._certifications.by_author(member.id, limit, cursor)
        if status is CertificationStatus.PENDING_REVIEW:
            return self._certifications.waiting(limit, cursor)
        return self._certifications.everyone(status, limit, cursor)

    # --- deciding -----------------------------------------------------------------------------

    def approve(
        self, achievement_id: str, text: str | None, member: Member, if_match: int | None = None
    ) -> tuple[Achievement, Snapshot]:
        """Let an achievement be announced; see `approve_message`."""
        achievement = self._deciding(achievement_id, member)
        self.approve_message(achievement.message_id, text, member, if_match)
        return self.read(achievement_id, member)

    def reject(
        self, achievement_id: str, reason: str, member: Member
    ) -> tuple[Achievement, Snapshot]:
        """Send an achievement back; it may be submitted again."""
        achievement = self._deciding(achievement_id, member)
        self.reject_message(achievement.message_id, reason, member)
        return self.read(achievement_id, member)

    def approve_message(
        self, message_id: str, text: str | None, member: Member, if_match: int | None = None
    ) -> Snapshot:
        """Let a waiting message be published, with the reviewer's own text if there is one.

        The very same again: the message as it is. Raises `InvalidMessage`, `IllegalTransition`;
        `VersionConflict` unless `if_match`, if it is given, is the revision that was looked at.
        """
        message, snapshot = self._waiting(message_id, member)
        if _is_approved(message, text, if_match):
            return snapshot
        if if_match not in (None, message.revision):
            raise VersionConflict(f"The current revision is {message.revision}.")
        if message.status is not MessageStatus.PENDING_REVIEW:
            raise IllegalTransition(_too_late(message, "approved"))
        writes = self._decided(message, CertificationStatus.ANNOUNCED, None)
        approved = replace(message, approved_by=member.id)
        if text is not None:
            approved, revising = self._publishing.rewritten(approved, text, member)
            writes.append(revising)
        else:
            self._publishing.fix_words(message, member)
        with pointing({} if text is None else REWRITTEN):
            return self._publishing.start(message, member, "approved", *writes, decided=approved)

    def reject_message(self, message_id: str, reason: str, member: Member) -> Snapshot:
        """Send a waiting message back with a reason. The very same again: the message as it is."""
        message, snapshot = self._waiting(message_id, member)
        if message.status is MessageStatus.REJECTED and message.reason == reason:
            return snapshot
        if message.status is not MessageStatus.PENDING_REVIEW:
            raise IllegalTransition(_too_late(message, "rejected"))
        writes = self._decided(message, CertificationStatus.REJECTED, reason)
        return self._publishing.restated(
            message, MessageStatus.REJECTED, member, "rejected", *writes, reason=reason
        )

    def _deciding(self, achievement_id: str, member: Member) -> Achievement:
        _require_manager(member)
        return self.read(achievement_id, member)[0]

    def _waiting(self, message_id: str, member: Member) -> tuple[Message, Snapshot]:
        _require_manager(member)
        snapshot = self._publishing.read(message_id, member)
        return snapshot.message, snapshot

    def _decided(
        self, message: Message, status: CertificationStatus, reason: str | None
    ) -> list[Writes]:
        """Return the write that moves the achievement along with its message."""
        if message.certification_id is None:
            return []
        before = self._certifications.get(message.certification_id)
        if before is None:
            return []
        after = replace(before, status=status, reason=reason, version=before.version + 1)
        rejected = status is CertificationStatus.REJECTED
        return [self._certifications.saving(before, after, release_key=rejected)]


def _require_manager(member: Member) -> None:
    if not member.may(Role.COMMUNITY_MANAGER):
        raise Forbidden("Only community managers can decide this.")


def _is_approved(message: Message, text: str | None, if_match: int | None) -> bool:
    """Return whether an approval would say again what was decided already, and drop nothing."""
    if message.approved_by is None or message.status is MessageStatus.CANCELLED:
        return False
    if text is None:
        return if_match in (None, message.revision)
    return text == message.content.text


def _too_late(message: Message, decision: str) -> str:
    """Return why a decision can't be taken any more, or yet."""
    already = " and was approved already" if message.approved_by else ""
    return f"This message is {message.status}{already}: it can't be {decision}."


def _as_announced(achievement: Achievement, message: Message | None) -> Achievement:
    """Return an achievement with where and when its message, as it is now, announces it."""
    if message is None:
        return achievement
    submission = replace(
        achievement.submission,
        channels=message.channels,
        scheduled_at=message.scheduled_at,
        time_zone=message.time_zone,
    )
    return replace(achievement, submission=submission)


def _reader(achievement: Achievement) -> Member:
    """Return the author's own view: whoever may read the achievement may read its message."""
    return Member(achievement.author, Role.MEMBER)


def _draft(submission: Submission, family: Certification) -> Draft:
    text = canonical_text(submission, family, submission.written_in)
    return Draft(
        content=Content(
            text=text,
            announcement=submission,
            own_words=tuple(ChannelName(name) for name in submission.own_words),
        ),
        channels=tuple(ChannelName(name) for name in submission.channels),
        scheduled_at=submission.scheduled_at,
        time_zone=submission.time_zone,
    )
