"""The stream: ids and claims out, and whatever comes back in."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.channels import ChannelName
from chalicelib.domain.deliveries import DeliveryKey
from chalicelib.domain.ports import Hint
from chalicelib.gateways.stream import BATCH, KinesisStream, decode, encode, lane
from tests.fakes.aws import NOT_CONNECTED, NOT_REACHED, SILENCE, Raising, scripted


def hint(number: int = 1, recipient: str | None = None) -> Hint:
    """Return a hint."""
    return Hint(DeliveryKey(f"m{number}", ChannelName("sms"), recipient), f"c{number}", "corr")


def taken(count: int) -> dict[str, object]:
    """Return Kinesis' answer to records it took."""
    records = [{"SequenceNumber": str(n), "ShardId": "s"} for n in range(count)]
    return {"Records": records}


def test_hints_are_put_as_records_of_their_deliveries() -> None:
    records = [{"Data": encode(hint(n)), "PartitionKey": f"m{n}"} for n in (1, 2)]
    with scripted("kinesis") as stub:
        stub.add_response("put_records", taken(2), {"StreamName": "s", "Records": records})

        assert KinesisStream(stub.client, "s").put([hint(1), hint(2)]) == []


def test_a_messages_channels_are_handed_over_together_and_its_recipients_shared_out() -> None:
    channels = [DeliveryKey("m1", ChannelName(name)) for name in ("sms", "linkedin")]
    people = [DeliveryKey("m1", ChannelName("sms"), f"r{number}") for number in range(9)]

    assert {lane(key) for key in channels} == {"m1"}
    assert len({lane(key) for key in people}) == len(people)


def test_more_than_a_call_takes_are_put_in_several() -> None:
    hints = [hint(number) for number in range(BATCH + 1)]
    with scripted("kinesis") as stub:
        stub.add_response("put_records", taken(BATCH))
        stub.add_response("put_records", taken(1))

        assert KinesisStream(stub.client, "s").put(hints) == []


def test_nothing_to_put_calls_nobody() -> None:
    assert KinesisStream(Raising(SILENCE), "s").put([]) == []


def test_refused_records_are_returned() -> None:
    refused = {"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "slow"}
    answer = {"FailedRecordCount": 1, "Records": [{"SequenceNumber": "1", "ShardId": "s"}, refused]}
    with scripted("kinesis") as stub:
        stub.add_response("put_records", answer)

        assert KinesisStream(stub.client, "s").put([hint(1), hint(2)]) == [hint(2)]


def test_a_refused_call_took_nothing() -> None:
    with scripted("kinesis") as stub:
        stub.add_client_error("put_records", "ResourceNotFoundException")

        assert KinesisStream(stub.client, "s").put([hint()]) == [hint()]


@pytest.mark.parametrize("error", [NOT_REACHED, NOT_CONNECTED])
def test_a_stream_that_was_never_reached_took_nothing(error: Exception) -> None:
    assert KinesisStream(Raising(error), "s").put([hint()]) == [hint()]


def test_without_an_answer_records_count_as_taken() -> None:
    assert KinesisStream(Raising(SILENCE), "s").put([hint()]) == []


# --- records ----------------------------------------------------------------------------------


@pytest.mark.parametrize("recipient", [None, "r-1"])
def test_a_record_gives_back_the_hint(recipient: str | None) -> None:
    assert decode(encode(hint(1, recipient))) == hint(1, recipient)


def test_a_record_holds_nothing_but_ids_and_its_version() -> None:
    assert json.loads(encode(hint(1, "r"))) == {
        "v": 1,
        "message": "m1",
        "channel": "sms",
        "recipient": "r",
        "claim": "c1",
        "correlation": "corr",
    }


def test_a_record_of_another_version_is_read_by_what_it_has() -> None:
    newer = {**json.loads(encode(hint())), "v": 9, "something": ["new"]}
    del newer["recipient"], newer["correlation"]

    assert decode(json.dumps(newer).encode()) == Hint(hint().key, "c1")


@pytest.mark.parametrize("name", ["message", "channel", "recipient", "claim", "correlation"])
@pytest.mark.parametrize("odd", ["\ud800", "\x00", "a b", "a#b", "é", "x" * 129, "x\n", ["x"], 1])
def test_a_name_that_we_give_to_nothing_is_a_value_error(name: str, odd: object) -> None:
    fields = {**json.loads(encode(hint())), name: odd}
    with pytest.raises(ValueError, match=name):
        decode(json.dumps(fields).encode())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe",
        b"{",
        b"[]",
        b"null",
        b"{}",
        b'{"message": "m", "channel": "sms"}',
        b'{"message": "m", "channel": "sms", "claim": ""}',
        b'{"message": 1, "channel": "sms", "claim": "c"}',
        b'{"message": "m", "channel": "sms", "claim": "c", "recipient": 1}',
        b'{"message": "m", "channel": "sms", "claim": "c", "correlation": {"a": 1}}',
    ],
)
def test_what_is_no_hint_is_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError):
        decode(data)


@given(st.binary(max_size=200))
def test_whatever_bytes_come_are_a_hint_or_a_value_error(data: bytes) -> None:
    try:
        decode(data)
    except ValueError:
        return


def test_a_deep_record_is_a_value_error() -> None:
    with pytest.raises(ValueError):
        decode(b"[" * 200_000)
