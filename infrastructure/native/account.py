"""The account that a stage is deployed to: its clients, and what of the stage is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import boto3
from botocore.exceptions import ClientError

from infrastructure.policies import Grounds, Place
from infrastructure.resilience import EVENTS, FUNCTIONS, GATEWAY_STAGE, live_name, rule
from infrastructure.stages import API_HANDLER, PROJECT, Stage

HANDED_BY_RULE = tuple(name for name in EVENTS if name != "hear_mail")
MISSING = frozenset({"NoSuchEntity", "NotFound", "NotFoundException", "ResourceNotFoundException"})
PROBE = "/health"
"""A path of every API of ours, by whose function it is known."""


class NotReady(Exception):
    """Something that has to be there first is not; the message says what makes it."""


@dataclass(frozen=True)
class Found:
    """What of a natively deployed stage is in an account."""

    functions: Mapping[str, str] = field(default_factory=dict)
    """Name in app.py → ARN."""
    roles: Mapping[str, str] = field(default_factory=dict)
    rules: Sequence[str] = ()
    """The functions whose rule is there."""
    mappings: Sequence[str] = ()
    """What reads the stream for `deliver`; a failed deployment may have left several."""
    subscription: str = ""
    apis: Sequence[str] = ()
    """The REST APIs that call our function, the one in use first."""
    live_apis: Sequence[str] = ()
    """The WebSocket APIs of this stage's name, the one in use first."""

    @property
    def api(self) -> str:
        """Return the API in use; `NotReady` without one."""
        if not self.apis:
            raise NotReady("No API calls this stage's function: run chalice deploy first.")
        return self.apis[0]

    @property
    def live_api(self) -> str:
        """Return the WebSocket API in use; `NotReady` without one."""
        if not self.live_apis:
            raise NotReady("There is no WebSocket API of this stage: run chalice deploy first.")
        return self.live_apis[0]

    @property
    def mapping(self) -> str:
        """Return what reads the stream; `NotReady` without it."""
        if not self.mappings:
            raise NotReady("Nothing reads this stage's stream: run chalice deploy first.")
        return self.mappings[0]


class Account:
    """One account and region, seen by whoever deploys."""

    def __init__(self, stage: Stage, session: boto3.session.Session | None = None) -> None:
        """Ask nothing yet; credentials and region are the usual ones."""
        self.stage = stage
        self._session = session or boto3.session.Session()
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        """Return a client."""
        if service not in self._clients:
            self._clients[service] = self._session.client(service)  # type: ignore[call-overload]
        return self._clients[service]

    @cached_property
    def place(self) -> Place:
        """Return where this is."""
        arn = self.client("sts").get_caller_identity()["Arn"].split(":")
        return Place(arn[1], self.client("sts").meta.region_name, arn[4])

    @cached_property
    def exports(self) -> Mapping[str, str]:
        """Return what the stage's stacks tell; `NotReady` if Data or Auth are not there."""
        pages = self.client("cloudformation").get_paginator("list_exports").paginate()
        told = {each["Name"]: each["Value"] for page in pages for each in page["Exports"]}
        prefix = self.stage.export("")
        ours = {n.removeprefix(prefix): v for n, v in told.items() if n.startswith(prefix)}
        needed = {"table", "stream", "media", "failures", "user-pool", "client", "sign-in"}
        if missing := needed - set(ours):
            raise NotReady(
                f"No stack of {self.stage.name} tells its {', '.join(sorted(missing))}: "
                f"run chalice-cdk native ground --stage {self.stage.name} first."
            )
        return ours

    @property
    def grounds(self) -> Grounds:
        """Return the resources that the stage's policies are about."""
        told = self.exports
        return Grounds(
            self.stage,
            self.place,
            table=told["table"],
            stream=told["stream"],
            media=told["media"],
            failures=told["failures"],
            key=told.get("key"),
            token_key=told.get("token-key"),
            live=next(iter(self._live_apis()), "*"),
        )

    # --- what is there ------------------------------------------------------------------------

    def find(self) -> Found:
        """Return what is there of the stage, whoever remembers it."""
        functions = dict(self._functions())
        return Found(
            functions=functions,
            roles=dict(self._roles()),
            rules=[name for name in HANDED_BY_RULE if self._has_rule(name)],
            mappings=list(self._mappings()),
            subscription=next(self._subscriptions(), ""),
            apis=self._apis(),
            live_apis=self._live_apis(),
        )

    def _functions(self) -> Iterator[tuple[str, str]]:
        for name in FUNCTIONS:
            with missing_is_nothing():
                found = self.client("lambda").get_function_configuration(
                    FunctionName=self.stage.function(name)
                )
                yield name, found["FunctionArn"]

    def _roles(self) -> Iterator[tuple[str, str]]:
        for name in FUNCTIONS:
            with missing_is_nothing():
                found = self.client("iam").get_role(RoleName=self.role(name))
                yield name, found["Role"]["Arn"]

    def role(self, function: str) -> str:
        """Return the name that Chalice gives a function's role."""
        return f"{PROJECT}-{self.stage.name}-{function}"

    def _has_rule(self, function: str) -> bool:
        with missing_is_nothing():
            self.client("events").describe_rule(Name=rule(self.stage, function))
            return True
        return False

    def _mappings(self) -> Iterator[str]:
        stream = self.place.arn("kinesis", f"stream/{self.stage.settings.stream_name}")
        ours = f":function:{self.stage.function('deliver')}"
        pages = self.client("lambda").get_paginator("list_event_source_mappings")
        for page in pages.paginate(EventSourceArn=stream):
            for each in page["EventSourceMappings"]:
                if each["FunctionArn"].endswith(ours) and each.get("State") != "Deleting":
                    yield each["UUID"]

    def _subscriptions(self) -> Iterator[str]:
        topic = self.place.arn("sns", self.stage.settings.mail_events_topic)
        ours = f":function:{self.stage.function('hear_mail')}"
        with missing_is_nothing():
            pages = self.client("sns").get_paginator("list_subscriptions_by_topic")
            for page in pages.paginate(TopicArn=topic):
                for each in page["Subscriptions"]:
                    if each["Endpoint"].endswith(ours):
                        yield each["SubscriptionArn"]

    def _apis(self) -> list[str]:
        names = (self.api_name, PROJECT)
        pages = self.client("apigateway").get_paginator("get_rest_apis").paginate()
        apis = [each for page in pages for each in page["items"] if each.get("name") in names]
        ours = [each for each in apis if self._calls_us(each["id"])]
        # The one in use has the name that harden.py gave it, or a stage; else the oldest one.
        ours.sort(
            key=lambda api: (
                api["name"] != self.api_name,
                not self._is_open(api["id"]),
                api["createdDate"],
            )
        )
        return [each["id"] for each in ours]

    def _live_apis(self) -> list[str]:
        gateway, name = self.client("apigatewayv2"), live_name(self.stage)
        pages = gateway.get_paginator("get_apis").paginate()
        ours = [each for page in pages for each in page["Items"] if each["Name"] == name]
        # The one in use has a stage: a failed deployment ends before that.
        ours.sort(key=lambda api: (not self._is_open_live(api["ApiId"]), api["ApiId"]))
        return [each["ApiId"] for each in ours]

    def _is_open_live(self, api: str) -> bool:
        with missing_is_nothing():
            self.client("apigatewayv2").get_stage(ApiId=api, StageName=GATEWAY_STAGE)
            return True
        return False

    @property
    def api_name(self) -> str:
        """Return the name of the stage's API. Chalice calls that of every stage alike."""
        return f"{PROJECT}-{self.stage.name}"

    def _calls_us(self, api: str) -> bool:
        gateway = self.client("apigateway")
        pages = gateway.get_paginator("get_resources").paginate(restApiId=api)
        resources = {each["path"]: each["id"] for page in pages for each in page["items"]}
        if PROBE not in resources:
            return False
        with missing_is_nothing():
            found = gateway.get_integration(
                restApiId=api, resourceId=resources[PROBE], httpMethod="GET"
            )
            return f":function:{self.stage.function(API_HANDLER)}/" in found.get("uri", "")
        return False

    def _is_open(self, api: str) -> bool:
        with missing_is_nothing():
            self.client("apigateway").get_stage(restApiId=api, stageName=GATEWAY_STAGE)
            return True
        return False


class missing_is_nothing(suppress):
    """Go on after AWS has said that something is not there."""

    def __init__(self) -> None:
        """Expect a `ClientError`."""
        super().__init__(ClientError)

    def __exit__(self, kind: Any, error: Any, trace: Any) -> bool:
        """Hold back what says that something is missing, and nothing else."""
        return isinstance(error, ClientError) and error.response["Error"]["Code"] in MISSING
