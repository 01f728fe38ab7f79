"""Does each access pattern send exactly the requests, under exactly the keys, that it declares?

What boto3's client is asked to send is recorded in front of moto and written the way
`repositories.patterns` writes it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest

from chalicelib.domain.certifications import achievement_key
from chalicelib.domain.channels import Post
from chalicelib.domain.deliveries import DeliveryKey
from chalicelib.domain.identity import Role
from chalicelib.domain.messages import MessageStatus
from chalicelib.domain.ports import (
    AccountState,
    CertificationStatus,
    Filter,
    Once,
    Profile,
    Snapshot,
    StoredResponse,
    Ticket,
    Watcher,
)
from chalicelib.repositories import schema
from chalicelib.repositories.accounts import Accounts
from chalicelib.repositories.adaptations import Adaptations
from chalicelib.repositories.certifications import Certifications
from chalicelib.repositories.idempotency import Idempotency
from chalicelib.repositories.media import Uploads
from chalicelib.repositories.patterns import PATTERNS, SHAPES
from chalicelib.repositories.profiles import Profiles
from chalicelib.repositories.recipients import Subscriptions
from chalicelib.repositories.watchers import Watchers
from tests.contract.conftest import created
from tests.contract.samples import (
    CHANNELS,
    LINKEDIN,
    NOW,
    SMS,
    World,
    achievement,
    adaptation,
    attempt,
    begun,
    claimed,
    delivered,
    delivery,
    entry,
    message,
    parent,
    queued,
    revision,
    subscription,
    upload,
)

SENT = message()
FIRST = delivery(SENT)
SECOND = claimed(FIRST)
THIRD = begun(SECOND)
CHILD = queued(SENT, "r1")
TRYING = begun(CHILD)
UNIQUE = achievement_key(achievement().submission.member_name, achievement().submission.family_id)
ONCE = Once("ana", "route/key", "digest")
TICKET = Ticket("secret", "ana", Role.MEMBER, NOW + timedelta(minutes=1))
WATCHER = Watcher("c1", "ana", Role.MEMBER, NOW + timedelta(hours=2))
ANSWER = StoredResponse(202, "{}")
VALUES = {
    "message": SENT.id,
    "user": "ana",
    "month": "MONTH#2026-12",
    "once": ONCE.key,
    "now": "2026-12-01T15:00:00.000Z",
    "shard": "03",
    "recipient": "r1",
    "certification": achievement().id,
    "hash": UNIQUE,
    "upload": upload().id,
    "digest": sha256(b"secret").hexdigest(),
    "connection": "c1",
    "words": adaptation().digest,
}


# --- what was sent, in words ------------------------------------------------------------------


def place(key: Mapping[str, Any]) -> str:
    return f"{key['PK']['S']} / {key['SK']['S']}"


def write(operation: str, request: Mapping[str, Any]) -> str:
    return f"{operation} {place(request.get('Key') or request['Item'])}"


def keys(request: Mapping[str, Any]) -> str:
    """Return a query's key condition with its aliases resolved."""
    values = {alias: value["S"] for alias, value in request["ExpressionAttributeValues"].items()}
    condition = request["KeyConditionExpression"]
    parts = re.fullmatch(r"#0 = (:0)(?: AND (.*))?", condition)
    assert parts is not None
    rest = parts[2] or ""
    for alias, value in values.items():
        rest = rest.replace(alias, value)
    rest = re.sub(r"begins_with\(#1, (.*)\)", r"begins with \1", rest)
    rest = re.sub(r"#1 BETWEEN (.*) AND (.*)", r"\1 … \2", rest).replace("#1 <= ", "up to ")
    return f"{values[parts[1]]} / {rest or 'any'}"


def described(operation: str, request: Mapping[str, Any]) -> str:
    if operation == "TransactWriteItems":
        writes = [write(*part) for item in request["TransactItems"] for part in item.items()]
        return f"{operation} {', '.join(writes)}"
    if operation == "BatchGetItem":
        (wanted,) = request["RequestItems"].values()
        assert wanted["ConsistentRead"]
        return f"{operation} {', '.join(map(place, wanted['Keys']))}"
    if operation == "Query":
        index = f"{request['IndexName']} " if "IndexName" in request else ""
        order = "" if request["ScanIndexForward"] else ", backwards"
        return f"{operation} {index}{keys(request)}{order}"
    if operation == "GetItem":
        assert request["ConsistentRead"]
        return f"{operation} {place(request['Key'])}"
    return write(operation.removesuffix("Item"), request)


class Recorder:
    """The repositories over moto, with a record of what they sent."""

    def __init__(self, client: Any) -> None:
        self.requests: list[str] = []
        self.world = World(created(client))
        client.meta.events.register("provide-client-params.dynamodb.*", self._sent)
        store = self.world.store
        self.commit = store.commit
        self.messages = self.world.messages
        self.certifications = Certifications(store)
        self.accounts = Accounts(store)
        self.subscriptions = Subscriptions(store)
        self.uploads = Uploads(store)
        self.idempotency = Idempotency(store, self.world.clock)
        self.profiles = Profiles(store)
        self.watchers = Watchers(store)
        self.adaptations = Adaptations(store)

    def _sent(self, params: Mapping[str, Any], model: Any, **_: Any) -> None:
        if model.name not in {"Scan", "ListTables"}:  # the tests' own
            self.requests.append(described(model.name, params))

    def fill(self) -> None:
        """Store one of everything."""
        self.world.accept(SENT, FIRST, parent(SENT, 1))
        self.commit(self.messages.starting(CHILD))
        self.commit(self.messages.moving(CHILD, TRYING, attempt=attempt(TRYING)))
        self.messages.keep_post(SENT.id, LINKEDIN, 1, Post("Hi"))
        self.commit(self.certifications.adding(achievement(), UNIQUE, NOW.replace(year=2027)))
        self.commit(self.accounts.saving(AccountState(SMS), AccountState(SMS, version=1)))
        self.accounts.take_slot(LINKEDIN, timedelta(seconds=1), NOW, NOW)
        self.subscriptions.add(subscription())
        self.commit(self.uploads.adding(upload()))
        self.commit(self.idempotency.keeping(ONCE, ANSWER, NOW))
        self.profiles.save(Profile("ana"))
        self.watchers.issue(replace(TICKET, secret="of c1"))
        self.watchers.admit(WATCHER, replace(TICKET, secret="of c1"))
        self.watchers.issue(TICKET)
        self.commit(self.adaptations.claiming(adaptation()))
        # A process that has read nothing yet does not know which months are listed.
        self.messages = World(self.world.table).messages
        self.requests.clear()


@pytest.fixture
def recorder(moto: Any) -> Recorder:
    return Recorder(moto)


# --- the patterns -----------------------------------------------------------------------------

Ask = Callable[[Recorder], object]


def accept(r: Recorder) -> None:
    sent = r.messages.adding(SENT, revision(SENT), [FIRST, delivery(SENT, SMS)], [entry(SENT.id)])
    r.commit(sent, r.idempotency.keeping(ONCE, ANSWER, NOW))


def edit(r: Recorder) -> None:
    after = replace(SENT, revision=2, version=2)
    r.commit(
        r.messages.saving(SENT, after, entry(SENT.id, 2)),
        r.messages.revising(revision(after)),
        r.messages.moving(FIRST, replace(FIRST, revision=2, version=2)),
    )


def begin(r: Recorder) -> None:
    note = entry(SENT.id, 1, LINKEDIN)
    r.commit(r.messages.moving(FIRST, replace(THIRD, version=2), note, attempt(THIRD)))


def settle_recipient(r: Recorder) -> None:
    settled = attempt(TRYING, finished_at=NOW, outcome="delivered")
    note = entry(SENT.id, 2, SMS, recipient_id="r1")
    r.commit(r.messages.moving(TRYING, delivered(TRYING), note, settled))


def expand(r: Recorder) -> None:
    above = parent(SENT, 1)
    r.commit(r.messages.removing(TRYING))
    r.requests.clear()
    r.commit(
        r.messages.moving(above, replace(above, cursor="r1", version=2)),
        r.messages.starting(CHILD),
    )


def reject(r: Recorder) -> None:
    after = replace(achievement(), status=CertificationStatus.REJECTED, version=2)
    r.commit(r.certifications.saving(achievement(), after, release_key=True))


ASKED_OF_AN_EMPTY_TABLE: dict[str, Ask] = {
    "Accept a message with all that stands for it": accept,
    "Submit a certification, the same only once a year": lambda r: r.commit(
        r.certifications.adding(achievement(), UNIQUE, NOW.replace(year=2027))
    ),
    "Take the sole right to ask a model for a content": lambda r: r.commit(
        r.adaptations.claiming(adaptation())
    ),
    "Fix what will be posted, once": lambda r: r.messages.keep_post(
        SENT.id, LINKEDIN, 1, Post("Hi")
    ),
    "Issue a live ticket": lambda r: r.watchers.issue(TICKET),
    "Announce an upload": lambda r: r.commit(r.uploads.adding(upload())),
}
ASKED: dict[str, Ask] = {
    "Read a message with its deliveries": lambda r: r.messages.get(SENT.id),
    "Read several messages, without their deliveries": lambda r: r.messages.many([SENT.id]),
    "List a user's own messages, newest first": lambda r: r.messages.by_author(
        "ana", Filter(), 20, None
    ),
    "List everyone's messages by due time: the managers' calendar": lambda r: r.messages.calendar(
        Filter(), 20, None
    ),
    "Read a revision": lambda r: r.messages.revision(SENT.id, 1),
    "Edit a message": edit,
    "Store a roll-up for lists": lambda r: r.commit(
        r.messages.rolling_up(Snapshot(SENT, (SECOND,)), MessageStatus.PUBLISHING)
    ),
    "Find what is due, shard by shard": lambda r: r.messages.due(3, NOW, None),
    "Read a delivery": lambda r: r.messages.delivery(FIRST.key),
    "Read what seems due, up to 100 at once": lambda r: r.messages.deliveries(
        [FIRST.key, CHILD.key]
    ),
    "Claim a delivery": lambda r: r.commit(r.messages.moving(FIRST, SECOND)),
    "Begin an attempt: the one point that decides “will be posted”": begin,
    "Settle a recipient's delivery and count it on its parent": settle_recipient,
    "Add recipients to a parent, with a cursor": expand,
    "List the recipients of a message": lambda r: r.messages.recipients(SENT.id, SMS, 20, None),
    "Read what will be posted": lambda r: r.messages.post(SENT.id, LINKEDIN, 1),
    "List the attempts of a delivery": lambda r: r.messages.attempts(FIRST.key),
    "Tell a message's story": lambda r: r.messages.timeline(SENT.id),
    "Read a certification": lambda r: r.certifications.get(achievement().id),
    "See who holds an achievement": lambda r: r.certifications.holder(UNIQUE, NOW),
    "List a user's own certifications, newest first": lambda r: r.certifications.by_author(
        "ana", 20, None
    ),
    "List what awaits approval, newest first": lambda r: r.certifications.waiting(20, None),
    "List everyone's certifications, newest first": lambda r: r.certifications.everyone(
        None, 20, None
    ),
    "Reject a certification, so that it may be announced again": reject,
    "Read the state of the channels' accounts": lambda r: r.accounts.states(CHANNELS),
    "Store an account's state": lambda r: r.commit(
        r.accounts.saving(AccountState(LINKEDIN), AccountState(LINKEDIN, version=1))
    ),
    "Take the next slot of an account that is busy": lambda r: r.accounts.take_slot(
        LINKEDIN, timedelta(seconds=1), NOW, NOW + timedelta(seconds=8)
    ),
    "Subscribe someone, unless they opted out": lambda r: r.subscriptions.add(subscription()),
    "List a channel's recipients": lambda r: r.subscriptions.page(SMS, 20, None),
    "Remember an opt-out": lambda r: r.subscriptions.opt_out(SMS, "r1", NOW),
    "Read uploads": lambda r: r.uploads.many([upload().id]),
    "Find the kept answer of a request": lambda r: r.idempotency.find(ONCE),
    "Find the words that a model chose for a content": lambda r: r.adaptations.get(
        adaptation().digest
    ),
    "Decide about a content's words, once": lambda r: r.commit(
        r.adaptations.deciding(adaptation(decided=True))
    ),
    "Read a member's settings": lambda r: r.profiles.get("ana"),
    "Store a member's settings": lambda r: r.profiles.save(Profile("ana")),
    "Read a live ticket": lambda r: r.watchers.ticket(TICKET.secret),
    "Use a live ticket up and remember the connection": lambda r: r.watchers.admit(WATCHER, TICKET),
    "Forget a live connection": lambda r: r.watchers.forget(WATCHER.id),
    "Find everyone who is to be told of a change": lambda r: r.watchers.present(),
}


def test_every_access_pattern_is_asked_here() -> None:
    asked = [*ASKED_OF_AN_EMPTY_TABLE, *ASKED]
    assert sorted(asked) == sorted(pattern.name for pattern in PATTERNS)


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda pattern: pattern.name)
def test_an_access_pattern_sends_what_it_declares(pattern: Any, recorder: Recorder) -> None:
    ask = ASKED_OF_AN_EMPTY_TABLE.get(pattern.name)
    if ask is None:
        ask = ASKED[pattern.name]
        recorder.fill()
    recorder.requests.clear()
    ask(recorder)
    assert recorder.requests == [text.format(**VALUES) for text in pattern.requests]


def test_every_stored_item_has_a_declared_shape(recorder: Recorder, moto: Any) -> None:
    recorder.fill()
    recorder.commit(
        recorder.messages.moving(FIRST, THIRD, entry(SENT.id, 1, LINKEDIN), attempt(THIRD))
    )
    seen = set()
    (name,) = moto.list_tables()["TableNames"]
    for item in moto.scan(TableName=name)["Items"]:
        seen |= {shape.name for shape in SHAPES if matches(shape, item)}
    assert seen == {shape.name for shape in SHAPES}


def matches(shape: Any, item: Mapping[str, Any]) -> bool:
    texts = {name: value.get("S", "") for name, value in item.items()}
    entries = {
        shape.key: ("PK", "SK"),
        shape.gsi1: ("GSI1PK", "GSI1SK"),
        shape.gsi2: ("GSI2PK", "GSI2SK"),
    }
    return all(
        fits(template, f"{texts.get(pk, '')} / {texts.get(sk, '')}")
        for template, (pk, sk) in entries.items()
        if template
    )


def fits(template: str, text: str) -> bool:
    pattern = re.sub(r"\\\{[^}]+\\\}", "[^# ]+", re.escape(template))
    return re.fullmatch(pattern, text) is not None


def test_no_address_or_name_stands_in_a_key(recorder: Recorder, moto: Any) -> None:
    recorder.fill()
    (name,) = moto.list_tables()["TableNames"]
    for item in moto.scan(TableName=name)["Items"]:
        for attribute in set(schema.KEY_ATTRIBUTES) & set(item):
            assert "+34" not in item[attribute]["S"]
            assert "zo" not in item[attribute]["S"].lower()


def test_a_delivery_always_stands_in_the_same_of_sixteen_shards() -> None:
    keys = [DeliveryKey(f"m-{number}", LINKEDIN) for number in range(400)]
    shards = [schema.shard_of(key) for key in keys]
    assert shards == [schema.shard_of(key) for key in keys]
    assert set(shards) == set(range(schema.SHARDS))
    assert schema.due(DeliveryKey("m", LINKEDIN), "x")["GSI2PK"] == "STATUS#scheduled#08"
