"""Every channel against every way a connection can go wrong, over real sockets.

One rule: what is not known is never taken for a fact. A publishing step that may have been carried
out is in doubt; one of which certainly nothing left this process is not.
"""

from __future__ import annotations

import pytest

from chalicelib.channels import CHANNELS
from chalicelib.domain.channels import AccountCheck, AwsCall, ChannelName, HttpRequest
from chalicelib.domain.errors import ChannelError, CredentialsRejected
from tests.channels.hostile import CASES, PREPARED, PUBLISHED, TAKEN_BACK, Case, Meaning
from tests.channels.steps import (
    Conversation,
    account,
    preparing_step,
    publishing_step,
    removing_step,
)
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
    except StopIteration as ended:
        return _judgement(ended.value)
    except ChannelError as error:
        return type(error)
    finally:
        conversation.close()
    return None


def _judgement(result: object) -> Meaning:
    """Return what a channel's last word means: a check may end with why it refuses an account."""
    return CredentialsRejected if isinstance(result, AccountCheck) and result.faults else None


@EACH
@EVERY
def test_a_step_that_publishes(case: Case, name: str) -> None:
    conversation, step, _ = publishing_step(CHANNELS[ChannelName(name)])
    with serving(case.behave(PUBLISHED[name]), greeting=case.greeting) as server:
        meaning = understood(conversation, step, name, case, server)
    assert meaning is case.meaning(name, publishes=True)
    assert max(len(server.requests), server.connections) <= 1


@EACH
@EVERY
def test_a_step_that_prepares(case: Case, name: str) -> None:
    conversation, step = preparing_step(CHANNELS[ChannelName(name)])
    with serving(case.behave(PREPARED[name]), greeting=case.greeting) as server:
        meaning = understood(conversation, step, name, case, server)
    assert meaning is case.meaning(name, publishes=False)
    assert max(len(server.requests), server.connections) <= 1


@pytest.mark.parametrize("name", TAKEN_BACK)
@EVERY
def test_a_step_that_takes_back(case: Case, name: str) -> None:
    conversation, step = removing_step(CHANNELS[ChannelName(name)])
    with serving(case.behave(TAKEN_BACK[name]), greeting=case.greeting) as server:
        meaning = understood(conversation, step, name, case, server)
    assert meaning is case.meaning(name, publishes=False)
    assert max(len(server.requests), server.connections) <= 1
