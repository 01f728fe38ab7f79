"""Does the whole table leave as records and come back as it was, on every implementation?"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from chalicelib.domain.channels import Media, Post
from chalicelib.domain.deliveries import Counts
from chalicelib.domain.messages import MessageStatus
from chalicelib.domain.ports import (
    AccountState,
    AccountStatus,
    Once,
    Profile,
    StoredResponse,
    UploadStatus,
)
from chalicelib.domain.states import Status
from chalicelib.repositories import schema
from chalicelib.repositories.accounts import Accounts
from chalicelib.repositories.adaptations import Adaptations
from chalicelib.repositories.archive import KINDS, Archive, UnknownItem
from chalicelib.repositories.certifications import Certifications
from chalicelib.repositories.idempotency import Idempotency
from chalicelib.repositories.media import Uploads
from chalicelib.repositories.profiles import Profiles
from chalicelib.repositories.recipients import Subscriptions
from chalicelib.repositories.table import Put, Table
from scripts.exports import export
from tests.contract.samples import (
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
    subscription,
    through,
    upload,
)
from tests.fakes.stores import FakeMedia
from tests.fakes.table import MemoryTable

PICTURE = "media/upload-1.jpg"


def fill(world: World) -> None:
    """Store one record of each kind at least."""
    sent = message()
    part, rows = delivery(sent), [queued(sent, "r1"), queued(sent, "r2")]
    world.accept(sent, part, parent(sent, 0))
    for row in rows:
        world.commit(world.messages.starting(row))
    done = through(part, claimed, begun)
    world.commit(world.messages.moving(part, done, entry(sent.id, 1, LINKEDIN), attempt(done)))
    after = delivered(done)
    told = attempt(done, finished_at=NOW, outcome="delivered", external_id="urn:1")
    world.commit(world.messages.moving(done, after, entry(sent.id, 2, LINKEDIN), told))
    post = Post("Hello 1", media=(Media(PICTURE, 800, 600, "A card"),))
    world.messages.keep_post(sent.id, LINKEDIN, 1, post)
    other = message(2, status=MessageStatus.DRAFT, channels=(SMS,))
    dropped = delivery(other)
    world.accept(other, dropped)
    world.commit(world.messages.removing(dropped))
    fill_rest(world)


def fill_rest(world: World) -> None:
    certifications = Certifications(world.store)
    world.commit(certifications.adding(achievement(), "hash", NOW + timedelta(days=365)))
    ready = replace(upload(), status=UploadStatus.READY, ref=PICTURE, width=800, height=600)
    world.commit(Uploads(world.store).adding(ready))
    people = Subscriptions(world.store)
    people.add(subscription("r1"))
    people.add(subscription("r2"))
    people.opt_out(SMS, "r2", NOW)
    people.remove(SMS, "r2")
    people.open_window(SMS, "r1", NOW + timedelta(hours=24))
    Profiles(world.store).save(Profile("ana", "Ana", "es", "Europe/Madrid"))
    accounts = Accounts(world.store)
    state = AccountState(LINKEDIN, AccountStatus.CONNECTED, settings={"b": "2", "a": "1"})
    world.commit(accounts.saving(AccountState(LINKEDIN), replace(state, version=1)))
    accounts.take_slot(LINKEDIN, timedelta(seconds=1), NOW, NOW)
    world.commit(Adaptations(world.store).deciding(adaptation(decided=True)))
    once = Once("ana", "POST#messages#1", "digest")
    answer = StoredResponse(202, "{}", {"Location": "/"})
    world.commit(Idempotency(world.store, world.clock).keeping(once, answer, NOW))


def exported(world: World, folder: Path, name: str) -> bytes:
    target = folder / name
    export(Archive(world.store).records(), FakeMedia(), target, run=7)
    return target.read_bytes()


def test_what_is_put_into_an_empty_table_leaves_it_as_the_same_bytes(
    table: Table, tmp_path: Path
) -> None:
    here, there = World(MemoryTable(page=5)), World(table)
    fill(here)
    for record in Archive(here.store).records():
        assert Archive(there.store).add(record) is None
    first = exported(here, tmp_path, "first")
    assert exported(there, tmp_path, "second") == first
    assert all(b'"kind":"%s"' % kind.name.encode() in first for kind in KINDS)


def test_a_record_that_stands_there_is_never_written_over(world: World) -> None:
    fill(world)
    for record in Archive(world.store).records():
        assert Archive(world.store).add(record) == record


def test_what_comes_back_is_found_by_every_list(table: Table) -> None:
    here, there = World(MemoryTable()), World(table)
    fill(here)
    for record in Archive(here.store).records():
        Archive(there.store).add(record)
    sent = message()
    assert there.messages.get(sent.id) == here.messages.get(sent.id)
    assert there.messages.timeline(sent.id) == here.messages.timeline(sent.id)
    page = there.messages.recipients(sent.id, SMS, 10, None)
    assert [row.key.recipient_id for row in page.items] == ["r1", "r2"]
    everyone = [found.id for found in Certifications(there.store).everyone(None, 10, None).items]
    assert everyone == [achievement().id]
    shard = schema.shard_of(queued(sent, "r1").key)
    due = [found.key for found in there.messages.due(shard, NOW, None).items]
    assert queued(sent, "r1").key in due
    answer = Idempotency(there.store, there.clock).find(Once("ana", "POST#messages#1", "digest"))
    assert answer is not None and answer.status == 202


def test_a_parent_keeps_its_counts(table: Table) -> None:
    here, there = World(MemoryTable()), World(table)
    counts = Counts(total=3, delivered=2, failed=1, returned=1)
    sent = message()
    whole = parent(sent, 3, counts=counts, status=Status.DELIVERED, next_at=None)
    here.accept(sent, whole)
    for record in Archive(here.store).records():
        Archive(there.store).add(record)
    assert there.delivery(whole.key) == whole


def test_an_item_of_no_kind_is_not_left_out_in_silence(world: World) -> None:
    world.table.write(Put({"PK": "MSG#1", "SK": "NOTE#1"}))
    with pytest.raises(UnknownItem, match="NOTE#1"):
        list(Archive(world.store).records())
