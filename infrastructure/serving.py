"""What serves, as the stacks around it see it: deployed by the stacks or by `chalice deploy`.

The stacks know what they made. What Chalice makes has fixed names, but for two identities that only
AWS gives: the API's and the stream mapping's. The stacks are told those when they are deployed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from aws_cdk import Aws, aws_sqs

from infrastructure.bundle import Bundle
from infrastructure.functions import Function
from infrastructure.resilience import FUNCTIONS, GATEWAY_STAGE
from infrastructure.stacks._stack import ProductStack
from infrastructure.stacks.api import OmnichannelApiStack
from infrastructure.stacks.data import OmnichannelDataStack
from infrastructure.stacks.scheduler import OmnichannelSchedulerStack
from infrastructure.stacks.worker import OmnichannelWorkerStack
from infrastructure.stages import PROJECT, Stage

REST_API = "RestApiId"
LIVE_API = "WebSocketApiId"
STREAM_MAPPING = "StreamMapping"
"""Parameters of the stacks around what Chalice deployed."""


@dataclass(frozen=True)
class Served:
    """A function that serves."""

    name: str
    """In app.py."""
    deployed: str
    timeout_seconds: int

    @property
    def identity(self) -> str:
        """Return what constructs about it begin with."""
        return self.name.title().replace("_", "")


@dataclass(frozen=True)
class Gateway:
    """A REST API and its stage, as one stack refers to them."""

    rest_api_id: str
    stage_name: str

    @property
    def path(self) -> str:
        """Return what follows API Gateway's own part of the stage's ARN."""
        return f"/restapis/{self.rest_api_id}/stages/{self.stage_name}"

    @property
    def host(self) -> str:
        """Return API Gateway's own name for it."""
        return f"{self.rest_api_id}.execute-api.{Aws.REGION}.{Aws.URL_SUFFIX}"


class Serving(Protocol):
    """The API, its functions and what waits for them."""

    @property
    def api_name(self) -> str:
        """Return the API's name in metrics."""

    @property
    def functions(self) -> Sequence[Served]:
        """Return every function."""

    @property
    def dead(self) -> Mapping[str, aws_sqs.Queue]:
        """Return function → the queue of what it could not be handed."""

    @property
    def api_stacks(self) -> Sequence[ProductStack]:
        """Return what has to be deployed before whatever stands around the API."""

    @property
    def stacks(self) -> Sequence[ProductStack]:
        """Return what has to be deployed before whatever stands around all of it."""

    def gateway(self, stack: ProductStack) -> Gateway:
        """Return the API and its stage, for a stack."""

    def public_url(self, stack: ProductStack) -> str:
        """Return where people reach the API, for a stack."""

    def live_host(self, stack: ProductStack) -> str:
        """Return the WebSocket API's own name, for a stack."""

    def stream_mapping(self, stack: ProductStack) -> str:
        """Return the identity of what reads the stream, for a stack."""


@dataclass(frozen=True)
class ByStacks:
    """What the stacks of this application deploy."""

    api: OmnichannelApiStack
    worker: OmnichannelWorkerStack
    scheduler: OmnichannelSchedulerStack

    @property
    def api_name(self) -> str:
        """Return the API's name in metrics."""
        return self.api.name

    @property
    def functions(self) -> Sequence[Served]:
        """Return every function."""
        made = [*self.api.functions, *self.worker.functions, self.scheduler.release_due]
        return [_served(function) for function in made]

    @property
    def dead(self) -> Mapping[str, aws_sqs.Queue]:
        """Return function → the queue of what it could not be handed."""
        return {
            "prepare_media": self.worker.media_dead,
            "hear_mail": self.worker.mail_dead,
            "release_due": self.scheduler.dead,
        }

    @property
    def api_stacks(self) -> Sequence[ProductStack]:
        """Return what has to be deployed before whatever stands around the API."""
        return [self.api]

    @property
    def stacks(self) -> Sequence[ProductStack]:
        """Return what has to be deployed before whatever stands around all of it."""
        return [self.api, self.worker, self.scheduler]

    def gateway(self, stack: ProductStack) -> Gateway:
        """Return the API and its stage."""
        api = self.api.api
        return Gateway(api.rest_api_id, api.deployment_stage.stage_name)

    def public_url(self, stack: ProductStack) -> str:
        """Return where people reach the API."""
        return self.api.public_url

    def live_host(self, stack: ProductStack) -> str:
        """Return the WebSocket API's own name."""
        return _live_host(self.api.live.api.api_id)

    def stream_mapping(self, stack: ProductStack) -> str:
        """Return the identity of what reads the stream."""
        return self.worker.mapping.ref


@dataclass(frozen=True)
class ByChalice:
    """What `chalice deploy` deploys between these stacks."""

    stage: Stage
    bundle: Bundle
    data: OmnichannelDataStack

    @property
    def api_name(self) -> str:
        """Return the API's name in metrics, which `harden.py` gives it."""
        return f"{PROJECT}-{self.stage.name}"

    @property
    def functions(self) -> Sequence[Served]:
        """Return every function."""
        return [
            Served(
                name,
                self.stage.function(name),
                int(self.bundle.functions[name].properties["Timeout"]),
            )
            for name in FUNCTIONS
        ]

    @property
    def dead(self) -> Mapping[str, aws_sqs.Queue]:
        """Return function → the queue of what it could not be handed."""
        return self.data.dead

    @property
    def api_stacks(self) -> Sequence[ProductStack]:
        """Return nothing: Chalice deploys the API before."""
        return []

    @property
    def stacks(self) -> Sequence[ProductStack]:
        """Return nothing: Chalice deploys all of it before."""
        return []

    def gateway(self, stack: ProductStack) -> Gateway:
        """Return the API and its stage; the stack is told the API."""
        told = stack.told(REST_API, "The natively deployed REST API", "^[a-z0-9]+$")
        return Gateway(told, GATEWAY_STAGE)

    def public_url(self, stack: ProductStack) -> str:
        """Return where people reach the API; the stack is told the API if that has no name."""
        if self.stage.public_url:
            return self.stage.public_url
        return f"https://{self.gateway(stack).host}/{GATEWAY_STAGE}"

    def live_host(self, stack: ProductStack) -> str:
        """Return the WebSocket API's own name; the stack is told the API."""
        told = stack.told(LIVE_API, "The natively deployed WebSocket API", "^[a-z0-9]+$")
        return _live_host(told)

    def stream_mapping(self, stack: ProductStack) -> str:
        """Return the identity of what reads the stream, which the stack is told."""
        return stack.told(STREAM_MAPPING, "What reads the stream", "^[0-9a-f-]{36}$")


def _served(function: Function) -> Served:
    packaged = function.packaged
    return Served(packaged.name, function.name, int(packaged.properties["Timeout"]))


def _live_host(api: str) -> str:
    return f"{api}.execute-api.{Aws.REGION}.{Aws.URL_SUFFIX}"
