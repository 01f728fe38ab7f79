"""One logical send is one request on the wire: whatever comes back, and whoever makes it."""

from __future__ import annotations

import pytest

from chalicelib.channels import CHANNELS
from chalicelib.domain.channels import AwsCall, ChannelName, HttpRequest, Receipt, Response
from chalicelib.domain.errors import ChannelError
from tests.channels.hostile import PUBLISHED, Answer
from tests.channels.steps import PREPARED_ANYWHERE, account, post, publishing_step
from tests.fakes.server import (
    Behaviour,
    answering,
    closing,
    dripping,
    falling_silent,
    resetting,
    serving,
)
from tests.fakes.transports import CANARY, HASTY, transport_to

EACH = pytest.mark.parametrize("name", PUBLISHED)
EMPTY = Answer(b"", headers={"Retry-After": "0"})
"""With it the SDK's own client would go again at once."""
SKEWED = (
    b"<ErrorResponse><Error><Code>RequestTimeTooSkewed</Code></Error></ErrorResponse>",
    b'{"__type": "RequestTimeTooSkewed"}',
)
UNANSWERED: dict[str, Behaviour] = {
    "hang": falling_silent(),
    "drip": dripping(b"HTTP/1.1 200 OK\r\nX-Filler: " + b"x" * 200),
    "close": closing(),
    "reset": resetting(),
    "truncated": closing(Answer(b"{").head(length=100) + b"{"),
    "nonsense": closing(b"\x00\x01 no protocol at all\r\n\r\n"),
}
ANSWERED: dict[str, Behaviour] = {
    **{
        str(status): answering(EMPTY.head(status=f"{status} No"))
        for status in (408, 425, 429, 500, 502, 503, 504)
    },
    **{
        f"{status} elsewhere": answering(EMPTY.head("Location: /", status=f"{status} No"))
        for status in (301, 302, 307, 308)
    },
    "clock is wrong (XML)": answering(Answer(SKEWED[0]).head(status="403 No") + SKEWED[0]),
    "clock is wrong (JSON)": answering(Answer(SKEWED[1]).head(status="403 No") + SKEWED[1]),
    "empty": answering(EMPTY.head()),
}


@EACH
@pytest.mark.parametrize("how", [*UNANSWERED, *ANSWERED])
def test_a_publishing_step_is_one_request_however_it_ends(name: str, how: str) -> None:
    _, step, _ = publishing_step(CHANNELS[ChannelName(name)])
    with serving({**UNANSWERED, **ANSWERED}[how]) as server:
        transport = transport_to(server.base, HASTY if how in UNANSWERED else (5, 5))
        try:
            answered = transport.perform(step, account(CHANNELS[ChannelName(name)]))
        except ChannelError:
            answered = None
    assert (len(server.requests), server.connections) == (1, 1)
    assert (answered is not None) == (how in ANSWERED) or (name, how) == ("sms", "empty")


READY = {"facebook": 2, "instagram": 6, "linkedin": 6}
"""How many requests come before the one that publishes a post with two pictures."""


@EACH
def test_a_whole_publication_is_one_request_a_step_and_one_that_publishes(name: str) -> None:
    channel = CHANNELS[ChannelName(name)]
    known = account(channel)
    answers = [Answer(PREPARED_ANYWHERE)] * READY.get(name, 0) + [PUBLISHED[name]]
    asked: list[bool] = []
    with serving(*(answering(answer.raw) for answer in answers)) as server:
        transport = transport_to(server.base)
        conversation = channel.publish(post(channel, pictures=1 if channel.direct else 2), known)
        answer = Response(0)
        try:
            step = next(conversation)
            while True:
                if isinstance(step, HttpRequest | AwsCall):
                    asked.append(step.publishes)
                    answer = transport.perform(step, known)
                step = conversation.send(answer)
        except StopIteration as ended:
            assert isinstance(ended.value, Receipt)
    assert len(server.requests) == len(asked)
    assert asked.index(True) == len(answers) - 1 and asked.count(True) == 1


@EACH
@pytest.mark.parametrize("how", UNANSWERED)
def test_what_went_wrong_is_told_without_token_number_or_address(name: str, how: str) -> None:
    channel = CHANNELS[ChannelName(name)]
    _, step, _ = publishing_step(channel)
    with serving(UNANSWERED[how]) as server, pytest.raises(ChannelError) as caught:
        transport_to(server.base, HASTY).perform(step, account(channel))
    private = (CANARY, "-token", "@example.org", "+447700900321", "127.0.0.1", "/v26.0", "/rest")
    assert not [word for word in private if word in caught.value.detail]
