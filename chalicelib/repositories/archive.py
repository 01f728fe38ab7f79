"""The whole table as records: every item ⇄ a domain value with its kind, for exports and imports.

    message revision delivery dropped_delivery attempt audit_entry prepared_post
    certification achievement_key upload account recipient profile answer adaptation

What follows from these is not in it: index entries, the calendar's months, the marks of commits.
Nor is an account's pace, which is over within the hour. Secrets never stand in the table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.domain.adaptation import Adaptation
from chalicelib.domain.channels import ChannelName, Post, Recipient
from chalicelib.domain.deliveries import Attempt, AuditEntry, Delivery, DeliveryKey
from chalicelib.domain.errors import LostRace
from chalicelib.domain.instants import format_instant
from chalicelib.domain.messages import Revision
from chalicelib.domain.ports import (
    AccountState,
    Achievement,
    Listed,
    Profile,
    StoredResponse,
    Upload,
    Writes,
)
from chalicelib.repositories import items, ledger, schema
from chalicelib.repositories.adaptations import adaptation_item
from chalicelib.repositories.calendar import Calendar
from chalicelib.repositories.certifications import (
    EXPIRES_AT,
    HOLDER,
    achievement_item,
    to_achievement,
)
from chalicelib.repositories.codec import pack, pack_fields, unpack
from chalicelib.repositories.idempotency import kept_until
from chalicelib.repositories.items import REMOVED, SUMMARY, Attributes, keyed
from chalicelib.repositories.media import upload_item
from chalicelib.repositories.schema import PK, SK, Key
from chalicelib.repositories.store import Store
from chalicelib.repositories.strict import Flaw, flaws
from chalicelib.repositories.table import NEW, Item, Put

KIND = "kind"


class UnknownItem(Exception):
    """The table holds something that no kind describes."""


# --- records that are no aggregate of their own -------------------------------------------------


@dataclass(frozen=True, slots=True)
class DroppedDelivery:
    """What is left of a delivery that an edit dropped, so that its numbers go on."""

    key: DeliveryKey
    version: int
    attempts: int = 0
    audit_count: int = 0


@dataclass(frozen=True, slots=True)
class PreparedPost:
    """What a revision says on one channel."""

    message_id: str
    channel: ChannelName
    revision: int
    post: Post


@dataclass(frozen=True, slots=True)
class AchievementKey:
    """Who announced an achievement, and until when nobody else may; `key` is a hash."""

    key: str
    holder: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class RecipientRecord:
    """Someone's consent; of one who opted out and was removed only the dates."""

    channel: ChannelName
    id: str
    recipient: Recipient | None
    consent: str | None
    created_at: datetime | None
    opted_out_at: datetime | None
    undeliverable_at: datetime | None
    decided_at: datetime | None
    window_open_until: datetime | None


@dataclass(frozen=True, slots=True)
class Answer:
    """A request that is running or was answered, by its idempotency key."""

    user: str
    key: str
    digest: str
    expires_at: datetime
    answer: StoredResponse | None


# --- kinds --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of record: where it stands, its fields, and how it is read and written."""

    name: str
    pk: str
    sk: str
    shape: type[Any]
    read: Callable[[Item], Any]
    place: Callable[[Any], Key]
    item: Callable[[Any], Attributes]
    note: str


@dataclass(frozen=True, slots=True)
class Record:
    """A value of the table with its kind."""

    kind: Kind
    value: Any

    @property
    def place(self) -> Key:
        """Return where it stands; records are exported in this order."""
        return self.kind.place(self.value)

    @property
    def fields(self) -> dict[str, Any]:
        """Return it as JSON values; what has no value is left out."""
        return {KIND: self.kind.name, **pack_fields(self.value)}


def _message_item(message: Listed) -> Attributes:
    return items.message_item(message) | {SUMMARY: pack(message.summary)}


def _delivery(item: Item) -> Delivery:
    found = items.to_delivery(item)
    if found is None:
        raise UnknownItem(f"{item[PK]} / {item[SK]}")
    return found


def _dropped(item: Item) -> DroppedDelivery:
    return unpack(DroppedDelivery, item, key=schema.delivery_of(Key(item[PK], item[SK])))


def _dropped_item(dropped: DroppedDelivery) -> Attributes:
    counted = pack_fields(dropped, without=frozenset({"key"}))
    kept = {name: count for name, count in counted.items() if count}
    return {**keyed(schema.delivery(dropped.key)), REMOVED: True, **kept}


def _prepared(item: Item) -> PreparedPost:
    _, channel, number = item[SK].split("#")
    message_id = item[PK].removeprefix(schema.MESSAGES)
    return PreparedPost(message_id, ChannelName(channel), int(number), items.to_post(item))


def _prepared_item(prepared: PreparedPost) -> Attributes:
    return items.post_item(prepared.message_id, prepared.channel, prepared.revision, prepared.post)


def _achievement_key_item(held: AchievementKey) -> Attributes:
    return {
        **keyed(schema.certification_key(held.key)),
        HOLDER: held.holder,
        EXPIRES_AT: format_instant(held.expires_at),
    }


def _recipient(item: Item) -> RecipientRecord:
    channel = ChannelName(item[PK].removeprefix("ACCT#"))
    return unpack(
        RecipientRecord, item, channel=channel, id=item[SK].removeprefix(schema.RECIPIENTS)
    )


def _recipient_item(record: RecipientRecord) -> Attributes:
    key = schema.recipient(record.channel, record.id)
    return keyed(key) | pack_fields(record, without=frozenset({"id"}))


def _answer(item: Item) -> Answer:
    _, user, key = item[PK].split("#", 2)
    return unpack(Answer, item, user=user, key=key)


def _answer_item(answer: Answer) -> Attributes:
    return {
        **keyed(schema.once(answer.user, answer.key)),
        **pack_fields(answer, without=frozenset({"user", "key"})),
        schema.TTL: kept_until(answer.expires_at),
    }


def _achievement_key(item: Item) -> AchievementKey:
    return unpack(AchievementKey, item, key=item[PK].removeprefix("CERTKEY#"))


def _account_item(state: AccountState) -> Attributes:
    return keyed(schema.account(state.channel)) | pack_fields(state)


def _profile_item(profile: Profile) -> Attributes:
    return keyed(schema.profile(profile.user)) | pack_fields(profile)


KINDS: Sequence[Kind] = (
    Kind(
        "message",
        "MSG#",
        "METADATA",
        Listed,
        items.to_listed,
        lambda message: schema.message(message.id),
        _message_item,
        "What was written, with its current content and status.",
    ),
    Kind(
        "revision",
        "MSG#",
        "REV#",
        Revision,
        items.to_revision,
        lambda revision: schema.revision(revision.message_id, revision.number),
        items.revision_item,
        "Each version of a message's content.",
    ),
    Kind(
        "delivery",
        "MSG#",
        "CHANNEL#",
        Delivery,
        _delivery,
        lambda delivery: schema.delivery(delivery.key),
        ledger.whole,
        "A message on one channel, or to one recipient: status, receipt, proof.",
    ),
    Kind(
        "dropped_delivery",
        "MSG#",
        "CHANNEL#",
        DroppedDelivery,
        _dropped,
        lambda dropped: schema.delivery(dropped.key),
        _dropped_item,
        "The numbers of a channel that an edit dropped.",
    ),
    Kind(
        "attempt",
        "MSG#",
        "ATTEMPT#",
        Attempt,
        items.to_attempt,
        lambda attempt: schema.attempt(attempt.key, attempt.number),
        items.attempt_item,
        "Each try of a delivery and what came of it.",
    ),
    Kind(
        "audit_entry",
        "MSG#",
        "AUDIT#",
        AuditEntry,
        items.to_audit,
        lambda entry: schema.audit(
            entry.message_id, entry.channel, entry.recipient_id, entry.sequence
        ),
        items.audit_item,
        "Each step of a message or delivery: who, when, from what to what.",
    ),
    Kind(
        "prepared_post",
        "MSG#",
        "POST#",
        PreparedPost,
        _prepared,
        lambda post: schema.post(post.message_id, post.channel, post.revision),
        _prepared_item,
        "Exactly what a revision says on a channel.",
    ),
    Kind(
        "certification",
        "CERT#",
        "METADATA",
        Achievement,
        to_achievement,
        lambda achievement: schema.certification(achievement.id),
        achievement_item,
        "A submitted certification and the message that announces it.",
    ),
    Kind(
        "achievement_key",
        "CERTKEY#",
        "KEY",
        AchievementKey,
        _achievement_key,
        lambda held: schema.certification_key(held.key),
        _achievement_key_item,
        "Keeps the same certification from being announced twice within a year.",
    ),
    Kind(
        "upload",
        "MEDIA#",
        "METADATA",
        Upload,
        lambda item: unpack(Upload, item),
        lambda upload: schema.media(upload.id),
        upload_item,
        "A picture that somebody uploaded; its bytes are an object of the media bucket.",
    ),
    Kind(
        "account",
        "ACCT#",
        "STATE",
        AccountState,
        lambda item: unpack(AccountState, item),
        lambda state: schema.account(state.channel),
        _account_item,
        "What is known of a channel's account; its token is not here.",
    ),
    Kind(
        "recipient",
        "ACCT#",
        "RECIPIENT#",
        RecipientRecord,
        _recipient,
        lambda record: schema.recipient(record.channel, record.id),
        _recipient_item,
        "Who agreed to be written to: address, consent, opt-out.",
    ),
    Kind(
        "profile",
        "USER#",
        "PROFILE",
        Profile,
        lambda item: unpack(Profile, item),
        lambda profile: schema.profile(profile.user),
        _profile_item,
        "A member's own settings.",
    ),
    Kind(
        "answer",
        "IDEM#",
        "KEY",
        Answer,
        _answer,
        lambda answer: schema.once(answer.user, answer.key),
        _answer_item,
        "What a request with an idempotency key was answered, for 48 hours.",
    ),
    Kind(
        "adaptation",
        "WORDS#",
        "KEY",
        Adaptation,
        lambda item: unpack(Adaptation, item),
        lambda adaptation: schema.adaptation(adaptation.digest),
        adaptation_item,
        "Which words a model found for a content, or why none; `digest` is a hash of the content.",
    ),
)
BY_NAME: Mapping[str, Kind] = {kind.name: kind for kind in KINDS}
LEFT_OUT = (("CALENDAR", "MONTH#"), ("ACCT#", "PACE"))
"""Items that are no records: they follow from others, or mean nothing an hour later."""


def record_of(item: Item) -> Record | None:
    """Return the record of an item; None for what is left out."""
    place = Key(item[PK], item[SK])
    if any(_stands(place, *prefixes) for prefixes in LEFT_OUT):
        return None
    for kind in KINDS:
        if _stands(place, kind.pk, kind.sk) and (REMOVED in item) is (kind.name == _DROPPED):
            return Record(kind, kind.read(item))
    raise UnknownItem(f"{place.pk} / {place.sk}")


_DROPPED = "dropped_delivery"


def _stands(place: Key, pk: str, sk: str) -> bool:
    return place.pk.startswith(pk) and place.sk.startswith(sk)


def read_record(fields: Any) -> Record | list[Flaw]:
    """Return the record that JSON values describe, or everything that is wrong with them."""
    if not isinstance(fields, Mapping):
        return [Flaw("", "must be an object")]
    name = fields.get(KIND)
    kind = BY_NAME.get(name) if isinstance(name, str) else None
    if kind is None:
        return [Flaw(f"/{KIND}", f"must be one of {', '.join(BY_NAME)}")]
    told = {field: value for field, value in fields.items() if field != KIND}
    found = sorted(flaws(kind.shape, told))
    return found or Record(kind, unpack(kind.shape, told))


class Archive:
    """The table's records, to read all and to add what is not there."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._calendar = Calendar(store)

    def records(self) -> Iterator[Record]:
        """Yield every record, in no order, a page of items in memory at a time.

        `UnknownItem` for an item that no kind describes: an export leaves nothing out in silence.
        """
        for item in self._store.scan_all():
            record = record_of(item)
            if record is not None:
                yield record

    def find(self, place: Key) -> Record | None:
        """Return what stands at a place."""
        item = self._store.get(place)
        return record_of(item) if item is not None else None

    def add(self, record: Record, *more: Writes) -> Record | None:
        """Store a record, with further writes or not at all; never over another.

        Return what was there already, None if it was stored.
        """
        put = Put(record.kind.item(record.value), NEW)
        is_message = isinstance(record.value, Listed)
        month = self._calendar.showing(record.value) if is_message else ()
        try:
            self._store.commit([put], month, *more)
        except LostRace:
            return self.find(record.place)
        return None
