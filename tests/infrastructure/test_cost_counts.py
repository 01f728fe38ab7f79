"""What the cost model says the code does is what it does."""

from __future__ import annotations

import pytest

from chalicelib.channels import CHANNELS
from chalicelib.domain.messages import MediaRef
from chalicelib.domain.states import Status
from chalicelib.gateways.stream import lane
from chalicelib.services.watching import Watching
from infrastructure.cost import deployed, traffic
from infrastructure.cost.deployed import Deployed
from infrastructure.cost.traffic import Units
from tests.fakes.metered import Metered
from tests.fakes.world import ADA, World
from tests.infrastructure.conftest import Synthesise

DIRECT = ("email", "sms", "whatsapp")
TEXT = "Ada earned a certification. " * 20


class MeteredWorld(World):
    """A world whose table is metered and whose stream is counted."""

    def _surroundings(self, page: int, seed: int) -> None:
        super()._surroundings(page, seed)
        self.port = self.meter = Metered(self.port)
        self.records = 0
        put = self.stream.put

        def counting(hints: list[object]) -> object:
            self.records += len(hints)
            return put(hints)

        self.stream.put = counting


def published(people: int) -> tuple[MeteredWorld, Units, str]:
    """Publish a message with a picture to so many on each direct channel, as any but the first.

    Whoever answers sooner is served first: people are reached in a tenth of what a feed takes.
    """
    world = MeteredWorld(channels=CHANNELS)
    for channel in DIRECT:
        world.subscribe(channel, people)
    for _ in range(2):
        media = [MediaRef(world.upload(), "A badge")]
        world.records = 0
        with world.meter.counted() as used:
            sent = world.submit(TEXT, *CHANNELS, media=media)
            hints = world.stream.take()
            for is_direct in (True, False):
                served = [hint for hint in hints if (hint.key.channel in DIRECT) is is_direct]
                assert world.delivering.deliver_all(served) == []
            world.run()
    assert {world.status(sent, channel) for channel in CHANNELS} == {Status.DELIVERED}
    return world, Units(used.written, used.read), sent.message.id


def test_a_live_connection_uses_the_request_units_that_are_paid_for() -> None:
    world = MeteredWorld(channels=CHANNELS)
    watching = Watching(
        watchers=world.watchers,
        push=world.push,
        clock=world.clock,
        new_secret=lambda: "s" * 43,
        telemetry=world.telemetry,
    )
    with world.meter.counted() as used:
        watching.join(watching.issue(ADA).secret, "c" * 16)
        watching.leave("c" * 16)

    assert Units(used.written, used.read) == traffic.OPENED


def test_a_message_uses_the_request_units_that_are_paid_for() -> None:
    _, used, _ = published(1)

    assert used.written == pytest.approx(traffic.SENT.written, rel=0.05)
    assert used.read == pytest.approx(traffic.SENT.read, rel=0.05)


def test_a_further_recipient_uses_the_request_units_that_are_paid_for() -> None:
    (_, few, _), (_, many, _) = published(1), published(9)
    further = 8 * len(DIRECT)

    written, read = (many.written - few.written) / further, (many.read - few.read) / further
    assert written == pytest.approx(traffic.FURTHER.written, rel=0.05)
    assert read == pytest.approx(traffic.FURTHER.read, rel=0.05)


def test_a_message_is_as_many_stream_records_as_are_paid_for() -> None:
    world, _, _ = published(3)

    assert world.records == traffic.RECORDS


def test_a_view_of_a_message_uses_the_request_units_that_are_paid_for() -> None:
    world, _, message_id = published(1)

    with world.meter.counted() as used:
        world.publishing.read(message_id, ADA)

    assert (used.written, used.read) == (traffic.VIEWED.written, traffic.VIEWED.read)


def test_a_messages_records_share_a_lane_of_the_stream() -> None:
    world = MeteredWorld(channels=CHANNELS)
    sent = world.submit(TEXT, *CHANNELS, media=[MediaRef(world.upload(), "A badge")])
    hints = world.stream.take()

    assert len(hints) == traffic.RECORDS
    assert {lane(hint.key) for hint in hints} == {sent.message.id}


def test_an_idle_tick_uses_the_request_units_that_are_paid_for() -> None:
    world = MeteredWorld(channels=CHANNELS)

    with world.meter.counted() as used:
        world.tick()

    assert (used.written, used.read) == (traffic.TICKED.written, traffic.TICKED.read)


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["dev", "stage", "prod"])
def test_what_is_paid_for_is_what_the_stacks_make(stage: str, synthesise: Synthesise) -> None:
    made = Deployed.counted(deployed.templates(synthesise(stage).directory))

    assert deployed.read()[stage] == made, (
        f"run: make synth ARGS='--stage {stage}' && make cost COUNT=cdk.out"
    )
