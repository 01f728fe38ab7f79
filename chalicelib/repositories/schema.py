"""The table as data: its keys and indexes. `patterns` says who finds what by them.

    MSG#<id>      METADATA | REV#… | CHANNEL#… | ATTEMPT#… | POST#… | AUDIT#…   one message's ledger
    CALENDAR      MONTH#…              the months that hold a message
    CERT#<id>     METADATA             CERTKEY#<hash>  KEY
    MEDIA#<id>    METADATA
    ACCT#<type>   STATE | RECIPIENT#<id>
    USER#<user>   PROFILE              IDEM#<user>#<key>  KEY
    LIVE          CONN#<id>            TICKET#<hash>  KEY
    WORDS#<hash>  KEY

Only opaque ids stand in keys, never an address or a name. `GSI1` (whole items) lists a user's own
objects. `GSI2` (keys only) holds the due index, the managers' calendar and certifications by
status.
"""

from __future__ import annotations

import zlib
from typing import Any, NamedTuple

from chalicelib.domain.channels import ChannelName
from chalicelib.domain.deliveries import DeliveryKey

PK, SK = "PK", "SK"
GSI1, GSI2 = "GSI1", "GSI2"
GSI1PK, GSI1SK = "GSI1PK", "GSI1SK"
GSI2PK, GSI2SK = "GSI2PK", "GSI2SK"
TTL = "ttl"
"""Epoch seconds; DynamoDB removes the item some time later."""
COMMIT = "commit"
"""Which commit wrote this item last, so that an unanswered write is recognised."""

SHARDS = 16
"""Partitions of the due index; changing it needs a pass over every open delivery."""

INDEXES = {None: (PK, SK), GSI1: (GSI1PK, GSI1SK), GSI2: (GSI2PK, GSI2SK)}
"""Partition and sort key of the table (None) and of each index."""

PROJECTIONS = {GSI1: "ALL", GSI2: "KEYS_ONLY"}
KEY_ATTRIBUTES = tuple(name for pair in INDEXES.values() for name in pair)
LAST = "~"
"""Sorts after every character that an id or an instant may hold."""


class Key(NamedTuple):
    """Where an item stands: partition and sort key."""

    pk: str
    sk: str


def _key_schema(index: str | None) -> list[dict[str, str]]:
    partition, sort = INDEXES[index]
    return [
        {"AttributeName": partition, "KeyType": "HASH"},
        {"AttributeName": sort, "KeyType": "RANGE"},
    ]


TABLE: dict[str, Any] = {
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [
        {"AttributeName": name, "AttributeType": "S"} for name in KEY_ATTRIBUTES
    ],
    "KeySchema": _key_schema(None),
    "GlobalSecondaryIndexes": [
        {
            "IndexName": index,
            "KeySchema": _key_schema(index),
            "Projection": {"ProjectionType": projection},
        }
        for index, projection in PROJECTIONS.items()
    ],
}
"""Arguments of CreateTable but for the name."""

TIME_TO_LIVE: dict[str, Any] = {"Enabled": True, "AttributeName": TTL}
"""`TimeToLiveSpecification` of UpdateTimeToLive."""


# --- messages ---------------------------------------------------------------------------------

METADATA = "METADATA"
CALENDAR = "CALENDAR"
RECIPIENTS = "RECIPIENT#"
MONTHS = "MONTH#"
MESSAGES = "MSG#"
CERTIFICATIONS = "CERT#"
ATTEMPTS = "ATTEMPT#"
AUDITS = "AUDIT#"


def message(message_id: str) -> Key:
    """Return the key of a message."""
    return Key(f"MSG#{message_id}", METADATA)


def revision(message_id: str, number: int) -> Key:
    """Return the key of an immutable version of a message."""
    return Key(f"MSG#{message_id}", f"REV#{number:04d}")


def delivery(key: DeliveryKey) -> Key:
    """Return the key of a delivery; recipients sort behind their parent."""
    tail = f"#{key.recipient_id}" if key.recipient_id else ""
    return Key(f"MSG#{key.message_id}", f"CHANNEL#{key.channel}{tail}")


def recipients(message_id: str, channel: str) -> Key:
    """Return the partition and the prefix of a parent's recipients."""
    return Key(f"MSG#{message_id}", f"CHANNEL#{channel}#")


def attempt(key: DeliveryKey, number: int) -> Key:
    """Return the key of one attempt of a delivery."""
    return Key(f"MSG#{key.message_id}", f"{_about(ATTEMPTS, key)}{number:03d}")


def attempts(key: DeliveryKey) -> Key:
    """Return partition and prefix of a delivery's attempts (a parent's: its recipients' too)."""
    return Key(f"MSG#{key.message_id}", _about(ATTEMPTS, key))


def audit(message_id: str, channel: str, recipient_id: str | None, sequence: int) -> Key:
    """Return the key of an audit entry."""
    recipient = f"#{recipient_id}" if recipient_id else ""
    return Key(f"MSG#{message_id}", f"{AUDITS}{channel}{recipient}#{sequence:06d}")


def numbered(key: Key) -> tuple[DeliveryKey, int]:
    """Return what an attempt or audit entry is about, and its number; from its key."""
    channel, *recipient, number = key.sk.split("#")[1:]
    about = DeliveryKey(
        key.pk.removeprefix("MSG#"), ChannelName(channel), recipient[0] if recipient else None
    )
    return about, int(number)


def post(message_id: str, channel: str, number: int) -> Key:
    """Return the key of what a revision says on one channel."""
    return Key(f"MSG#{message_id}", f"POST#{channel}#{number:04d}")


def _about(prefix: str, key: DeliveryKey) -> str:
    recipient = f"{key.recipient_id}#" if key.recipient_id else ""
    return f"{prefix}{key.channel}#{recipient}"


def own(user: str, key: Key) -> dict[str, str]:
    """Return the `GSI1` attributes that list an object as its author's."""
    return {GSI1PK: f"USER#{user}", GSI1SK: key.pk}


def month(instant: str) -> str:
    """Return the calendar partition of an instant written as text."""
    return f"{MONTHS}{instant[:7]}"


def calendar_month(name: str) -> Key:
    """Return the key of the item that says that a month holds a message."""
    return Key(CALENDAR, name)


def scheduled(due_at: str, message_id: str) -> dict[str, str]:
    """Return the `GSI2` attributes that put a message on the managers' calendar."""
    return {GSI2PK: month(due_at), GSI2SK: f"{due_at}#{message_id}"}


def shard_of(key: DeliveryKey) -> int:
    """Return the shard of the due index that a delivery always stands in."""
    return zlib.crc32(str(key).encode()) % SHARDS


def due_shard(shard: int) -> str:
    """Return a partition of the due index."""
    return f"STATUS#scheduled#{shard:02d}"


def due(key: DeliveryKey, next_at: str) -> dict[str, str]:
    """Return the `GSI2` attributes that make a delivery due at an instant."""
    return {GSI2PK: due_shard(shard_of(key)), GSI2SK: f"{next_at}#{key}"}


def delivery_of(key: Key) -> DeliveryKey:
    """Return which delivery stands under a key; the inverse of `delivery`."""
    _, _, rest = key.sk.partition("#")
    channel, _, recipient = rest.partition("#")
    return DeliveryKey(key.pk.removeprefix("MSG#"), ChannelName(channel), recipient or None)


# --- everything else --------------------------------------------------------------------------


def certification(achievement_id: str) -> Key:
    """Return the key of a submitted certification."""
    return Key(f"CERT#{achievement_id}", METADATA)


def certification_key(key: str) -> Key:
    """Return the key that only one announcement may hold: a hash of person and certification."""
    return Key(f"CERTKEY#{key}", "KEY")


def certification_status(status: str) -> str:
    """Return the `GSI2` partition of the certifications with a status."""
    return f"STATUS#{status}"


def media(upload_id: str) -> Key:
    """Return the key of an upload."""
    return Key(f"MEDIA#{upload_id}", METADATA)


def account(channel: str) -> Key:
    """Return the key of a channel account's state."""
    return Key(f"ACCT#{channel}", "STATE")


def pace(channel: str) -> Key:
    """Return the key of what says when a channel account's next attempt may begin."""
    return Key(f"ACCT#{channel}", "PACE")


def recipient(channel: str, recipient_id: str) -> Key:
    """Return the key of someone's consent."""
    return Key(f"ACCT#{channel}", f"{RECIPIENTS}{recipient_id}")


def adaptation(digest: str) -> Key:
    """Return the key of what was decided about a content's words: a hash of what is said where."""
    return Key(f"WORDS#{digest}", "KEY")


def profile(user: str) -> Key:
    """Return the key of a member's own settings."""
    return Key(f"USER#{user}", "PROFILE")


def once(user: str, key: str) -> Key:
    """Return the key of an idempotency record."""
    return Key(f"IDEM#{user}#{key}", "KEY")


# --- live connections -------------------------------------------------------------------------

LIVE = "LIVE"
CONNECTIONS = "CONN#"


def ticket(digest: str) -> Key:
    """Return the key of the right to open a live connection, by the hash of its secret."""
    return Key(f"TICKET#{digest}", "KEY")


def connection(connection_id: str) -> Key:
    """Return the key of a live connection; all of them stand together."""
    return Key(LIVE, f"{CONNECTIONS}{connection_id}")
