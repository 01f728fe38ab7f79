"""Set what `chalice deploy` can't: ``chalice-cdk native harden``, after every deployment.

Everything is read first and changed only where it is different, so a second run changes nothing and
whatever drifted is put right. Chalice itself undoes some of it each time it deploys: a rule's queue
for lost events, an API's name, its refusals.

    stream     retries, halving of batches, partial answers, where records go that are given up on
    events     how long and how often they are tried, and the queue for those that were lost
    logs       how long they are kept
    API        name, refusals, throttling, tracing, access log
    WebSocket  throttling, access log
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from infrastructure.gateway_responses import responses
from infrastructure.native.account import Account, Found, NotReady, missing_is_nothing
from infrastructure.native.state import Say
from infrastructure.resilience import (
    ACCESS_LOG,
    BURST,
    EVENT_RETRIES,
    EVENT_WORTH_SECONDS,
    EVENTS,
    FUNCTIONS,
    GATEWAY_STAGE,
    LIVE_ACCESS_LOG,
    LIVE_BURST,
    LIVE_PER_SECOND,
    REQUESTS_PER_SECOND,
    TICK_RETRIES,
    TICK_WORTH_SECONDS,
    dead_letters,
    live_name,
    rule,
    stream_mapping,
)

REFUSALS = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AuthorizationError",
        "AuthorizationErrorException",
        "ForbiddenException",
        "UnauthorizedOperation",
    }
)
SETTLED = frozenset({"Enabled", "Disabled"})
SETTLING_SECONDS = 120.0
BETWEEN_LOOKS_SECONDS = 2.0
TARGET = "1"
"""The id of the one target that Chalice gives a rule, and removes with it."""


class NotAllowed(Exception):
    """AWS refused whoever hardens; the message says what is to be allowed."""


@dataclass(frozen=True)
class Setting:
    """One thing as it is, as it should be, and what makes it so."""

    name: str
    now: Any
    wanted: Any
    change: Callable[[], object]


@dataclass(frozen=True)
class Hardening:
    """The settings of one stage in one account."""

    account: Account
    found: Found
    sleep: Callable[[float], object] = time.sleep

    def settings(self) -> Iterator[Setting]:
        """Yield every setting; each is read when it is its turn, after those before were set."""
        yield self._stream()
        for name in EVENTS:
            yield self._retries(name)
        for name in self.found.rules:
            yield self._rule(name)
        yield self._subscription()
        for group in self.log_groups():
            yield self._log(group)
        yield from self._api()
        yield self._live()

    def log_groups(self) -> list[str]:
        """Return every log of the stage."""
        return log_groups(self.account)

    # --- stream, events -----------------------------------------------------------------------

    def _stream(self) -> Setting:
        client, mapping = self.account.client("lambda"), self.found.mapping
        wanted = stream_mapping(self.account.stage, self.account.exports["failures"])
        now = _part(self._settled(mapping), wanted)
        changes = _different(wanted, now)
        return Setting(
            "stream: retries, partial answers, failures put aside",
            now,
            wanted,
            lambda: client.update_event_source_mapping(UUID=mapping, **changes),
        )

    def _settled(self, mapping: str) -> Mapping[str, Any]:
        """Return what reads the stream once its last change is through: AWS takes none before."""
        for _ in range(int(SETTLING_SECONDS / BETWEEN_LOOKS_SECONDS)):
            found = self.account.client("lambda").get_event_source_mapping(UUID=mapping)
            if found.get("State", "Enabled") in SETTLED:
                now: Mapping[str, Any] = found
                return now
            self.sleep(BETWEEN_LOOKS_SECONDS)
        raise NotReady("What reads the stream is still changing: run this again.")

    def _retries(self, name: str) -> Setting:
        """Of events that Lambda has taken over and the function fails on."""
        client, stage = self.account.client("lambda"), self.account.stage
        worth, retries = EVENT_WORTH_SECONDS, EVENT_RETRIES
        if name == "release_due":
            worth, retries = TICK_WORTH_SECONDS, 0
        wanted = {
            "MaximumEventAgeInSeconds": worth,
            "MaximumRetryAttempts": retries,
            "DestinationConfig": {"OnFailure": {"Destination": self._queue(name)}},
        }
        now: Mapping[str, Any] = {}
        with missing_is_nothing():
            now = client.get_function_event_invoke_config(FunctionName=stage.function(name))
        return Setting(
            f"events of {name}: retries, lost ones kept",
            _part(now, wanted),
            wanted,
            lambda: client.put_function_event_invoke_config(
                FunctionName=stage.function(name), **wanted
            ),
        )

    def _rule(self, name: str) -> Setting:
        """Of events that the rule could not hand over."""
        client, rule_name = self.account.client("events"), rule(self.account.stage, name)
        targets = client.list_targets_by_rule(Rule=rule_name)["Targets"]
        now: dict[str, Any] = next((each for each in targets if each["Id"] == TARGET), {})
        wanted = {**now, "DeadLetterConfig": {"Arn": self._queue(name)}}
        if name == "release_due":
            wanted["RetryPolicy"] = {
                "MaximumEventAgeInSeconds": TICK_WORTH_SECONDS,
                "MaximumRetryAttempts": TICK_RETRIES,
            }
        return Setting(
            f"rule of {name}: lost events kept",
            now,
            wanted,
            lambda: client.put_targets(Rule=rule_name, Targets=[wanted]),
        )

    def _subscription(self) -> Setting:
        client, arn = self.account.client("sns"), self.found.subscription
        if not arn:
            raise NotReady("hear_mail does not hear of mails: run chalice deploy first.")
        wanted = {"deadLetterTargetArn": self._queue("hear_mail")}
        now = client.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
        return Setting(
            "mail events: lost ones kept",
            json.loads(now.get("RedrivePolicy") or "{}"),
            wanted,
            lambda: client.set_subscription_attributes(
                SubscriptionArn=arn,
                AttributeName="RedrivePolicy",
                AttributeValue=json.dumps(wanted),
            ),
        )

    def _queue(self, name: str) -> str:
        return self.account.place.arn("sqs", dead_letters(self.account.stage, name))

    # --- logs ---------------------------------------------------------------------------------

    def _log(self, group: str) -> Setting:
        client, days = self.account.client("logs"), self.account.stage.log_days
        pages = client.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=group)
        known = {each["logGroupName"]: each for page in pages for each in page["logGroups"]}

        def change() -> None:
            if group not in known:
                client.create_log_group(logGroupName=group)
            client.put_retention_policy(logGroupName=group, retentionInDays=days)

        now = known.get(group, {}).get("retentionInDays")
        return Setting(f"log {group}: days kept", now, days, change)

    # --- API ----------------------------------------------------------------------------------

    def _api(self) -> Iterator[Setting]:
        gateway, api, name = (
            self.account.client("apigateway"),
            self.found.api,
            self.account.api_name,
        )
        yield Setting(
            "API: name",
            gateway.get_rest_api(restApiId=api).get("name"),
            name,
            lambda: gateway.update_rest_api(
                restApiId=api, patchOperations=[_replace("/name", name)]
            ),
        )
        refusals = self._refusals()
        yield refusals
        text = json.dumps(refusals.wanted, sort_keys=True)
        yield self._deployment(f"hardened {hashlib.sha256(text.encode()).hexdigest()[:12]}")
        yield self._stage()

    def _live(self) -> Setting:
        """Of the WebSocket API's stage: how much comes in, and what is written of it."""
        gateway, api = self.account.client("apigatewayv2"), self.found.live_api
        wanted: dict[str, Any] = {
            "DefaultRouteSettings": {
                "ThrottlingRateLimit": float(LIVE_PER_SECOND),
                "ThrottlingBurstLimit": LIVE_BURST,
            }
        }
        if self._may_log():
            log = self.account.place.arn("logs", f"log-group:{live_access_log(self.account)}")
            told = {"DestinationArn": log, "Format": json.dumps(LIVE_ACCESS_LOG)}
            wanted["AccessLogSettings"] = told
        now = _part(gateway.get_stage(ApiId=api, StageName=GATEWAY_STAGE), wanted)
        return Setting(
            "WebSocket API: throttling, access log",
            now,
            wanted,
            lambda: gateway.update_stage(
                ApiId=api, StageName=GATEWAY_STAGE, **_different(wanted, now)
            ),
        )

    def _may_log(self) -> bool:
        """Return whether this account lets API Gateway write logs."""
        return bool(self.account.client("apigateway").get_account().get("cloudwatchRoleArn"))

    def _refusals(self) -> Setting:
        """Of what the gateway answers by itself: in our words, and readable by other origins."""
        gateway, api = self.account.client("apigateway"), self.found.api
        origins = self.account.stage.settings.allowed_origins
        wanted = {
            kind: {**refusal, "statusCode": str(refusal["statusCode"])}
            for kind, refusal in responses(origins).items()
        }
        pages = gateway.get_paginator("get_gateway_responses").paginate(restApiId=api)
        known = {each["responseType"]: each for page in pages for each in page.get("items", ())}
        now = _part(known, wanted)

        def change() -> None:
            for kind, refusal in _different(wanted, now).items():
                gateway.put_gateway_response(restApiId=api, responseType=kind, **refusal)

        return Setting("API: refusals", now, wanted, change)

    def _deployment(self, wanted: str) -> Setting:
        """Let the API's stage show what was set: its deployment is a copy taken at a time."""
        gateway, api = self.account.client("apigateway"), self.found.api
        stage = gateway.get_stage(restApiId=api, stageName=GATEWAY_STAGE)
        now = gateway.get_deployment(restApiId=api, deploymentId=stage["deploymentId"])
        return Setting(
            "API: refusals in use",
            now.get("description"),
            wanted,
            lambda: gateway.create_deployment(
                restApiId=api, stageName=GATEWAY_STAGE, description=wanted
            ),
        )

    def _stage(self) -> Setting:
        gateway, api = self.account.client("apigateway"), self.found.api
        log = self.account.place.arn("logs", f"log-group:{access_log(self.account)}")
        every = "/*/*"
        wanted: dict[str, Any] = {
            f"{every}/throttling/rateLimit": float(REQUESTS_PER_SECOND),
            f"{every}/throttling/burstLimit": BURST,
            "/tracingEnabled": True,
        }
        if self._may_log():
            wanted |= {
                f"{every}/logging/loglevel": "ERROR",
                f"{every}/logging/dataTrace": False,
                "/accessLogSettings/destinationArn": log,
                "/accessLogSettings/format": json.dumps(ACCESS_LOG),
            }
        stage = gateway.get_stage(restApiId=api, stageName=GATEWAY_STAGE)
        methods = stage.get("methodSettings", {}).get("*/*", {})
        logged = stage.get("accessLogSettings", {})
        now = {
            f"{every}/throttling/rateLimit": methods.get("throttlingRateLimit"),
            f"{every}/throttling/burstLimit": methods.get("throttlingBurstLimit"),
            f"{every}/logging/loglevel": methods.get("loggingLevel"),
            f"{every}/logging/dataTrace": methods.get("dataTraceEnabled"),
            "/tracingEnabled": stage.get("tracingEnabled"),
            "/accessLogSettings/destinationArn": logged.get("destinationArn"),
            "/accessLogSettings/format": logged.get("format"),
        }
        now = {path: now[path] for path in wanted}
        changed = [_replace(path, value) for path, value in _different(wanted, now).items()]
        return Setting(
            "API: throttling, tracing, access log",
            now,
            wanted,
            lambda: gateway.update_stage(
                restApiId=api, stageName=GATEWAY_STAGE, patchOperations=changed
            ),
        )


def harden(account: Account, say: Say, sleep: Callable[[float], object] = time.sleep) -> int:
    """Set everything and return how much was changed; say of each setting what it was.

    `NotReady` if the stage is not deployed, `NotAllowed` if AWS refuses.
    """
    changed, last = 0, "what is deployed"
    try:
        hardening = Hardening(account, _deployed(account), sleep)
        for setting in hardening.settings():
            last = setting.name
            if setting.now == setting.wanted:
                say(f"fine     {setting.name}")
                continue
            setting.change()
            changed += 1
            say(f"changed  {setting.name}: {_change(setting.now, setting.wanted)}")
    except ClientError as error:
        if error.response["Error"]["Code"] not in REFUSALS:
            raise
        raise NotAllowed(
            f"AWS does not allow {error.operation_name}, at or after “{last}”: "
            f"{error.response['Error'].get('Message', 'no reason given')} "
            "Nothing is undone; run this again once it is allowed."
        ) from error
    if not account.client("apigateway").get_account().get("cloudwatchRoleArn"):
        say("left     the access log: this account has no role for API Gateway's logs")
    return changed


def _deployed(account: Account) -> Found:
    found = account.find()
    if missing := [name for name in FUNCTIONS if name not in found.functions]:
        raise NotReady(
            f"{account.stage.name} has no {', '.join(missing)}: run chalice deploy first."
        )
    return found


def access_log(account: Account) -> str:
    """Return the name of the API's access log."""
    return f"/aws/apigateway/{account.api_name}"


def live_access_log(account: Account) -> str:
    """Return the name of the WebSocket API's access log."""
    return f"/aws/apigateway/{live_name(account.stage)}"


def log_groups(account: Account) -> list[str]:
    """Return the names of every log of the stage."""
    functions = [f"/aws/lambda/{account.stage.function(name)}" for name in FUNCTIONS]
    return [*functions, access_log(account), live_access_log(account)]


def _part(now: Any, wanted: Any) -> Any:
    """Return of what is there only what is asked for: AWS adds fields of its own."""
    if isinstance(wanted, Mapping) and isinstance(now, Mapping):
        return {name: _part(now.get(name), value) for name, value in wanted.items()}
    return now


def _replace(path: str, value: Any) -> dict[str, str]:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return {"op": "replace", "path": path, "value": text}


def _different(one: Any, other: Any) -> Mapping[str, Any]:
    """Return the parts of one mapping that another has not, or has otherwise."""
    return {name: value for name, value in one.items() if other.get(name) != value}


def _change(now: Any, wanted: Any) -> str:
    if not isinstance(now, Mapping):
        return f"{_short(now)} → {_short(wanted)}"
    return ", ".join(
        name if isinstance(new, Mapping) else f"{name} {_short(now.get(name))} → {_short(new)}"
        for name, new in _different(wanted, now).items()
    )


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}…"
