"""Every channel against every way a connection can go wrong, over real sockets.

One rule: what is not known is never taken for a fact. A publishing step that may have been carried
out is in doubt; one of which certainly nothing left this process is not.
"""

from __future__ import annotations

import pytest

from chalicelib.channels import CHANNELS
from chalicelib.domain.channels import AwsCall, ChannelName, HttpRequest
from chalicelib.domain.errors import ChannelError
from tests.channels.hostile import CASES, PREPARED, PUBLISHED, Answer, Case, Meaning
from tests.channels.steps import Conversation, account, preparing_step, publishing_step
from tests.fakes.server import Server, serving
from tests.fakes.transports import HASTY, PATIENT, transport_to

EACH = pytest.mark.parametrize("name", PUBLISHED)
EVERY = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def understood(
    conversation: Conversation, step: HttpRequest | AwsCall, name: str, case: Case, server: Server
) -> Meaning:
    """Return what a channel makes of one step that goes wrong."""
    known = account(CHANNELS[ChannelName(name)])
    transport = transport_to(case.base(server), HASTY if case.hasty else PATIENT)
    try:
        try:
            answer = transport.perform(step, known)
        except ChannelError as error:
            conversation.throw(error)
        else:
            conversation.send(answer)
    except StopIteration:
        return None
    except ChannelError as error:
        return type(error)
    finally:
        conversation.close()
    return None


def check(case: Case, name: str, good: Answer, *, publishes: bool) -> None:
    """Hold a conversation up to the step, let it go wrong, compare."""
    channel = CHANNELS[ChannelName(name)]
    if publishes:
        conversation, step, _ = publishing_step(channel)
    else:
        conversation, step = preparing_step(channel)
    with serving(case.behave(good), greeting=case.greeting) as server:
        meaning = understood(conversation, step, name, case, server)
    assert meaning is case.meaning(name, publishes=publishes)
    assert len(server.requests) <= 1


@EACH
@EVERY
def test_a_step_that_publishes(case: Case, name: str) -> None:
    check(case, name, PUBLISHED[name], publishes=True)


@EACH
@EVERY
def test_a_step_that_prepares(case: Case, name: str) -> None:
    check(case, name, PREPARED[name], publishes=False)
