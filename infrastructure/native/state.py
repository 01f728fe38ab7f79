"""What Chalice remembers of a stage, written anew from what is there.

Chalice reads `.chalice/deployed/<stage>.json` to know what to update and what to delete. It writes
the file only after everything went well, so what a failed deployment made would be made again, and
a fresh clone would make everything again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from infrastructure.native.account import Account, Found
from infrastructure.resilience import GATEWAY_STAGE, live_host, rule

SCHEMA = "2.0"
Say = Callable[[str], object]
Record = dict[str, Any]


def adopt(account: Account, file: Path, say: Say) -> Found:
    """Let Chalice know what is there and return it; what is there twice is removed first."""
    found = account.find()
    for mapping in found.mappings[1:]:
        account.client("lambda").delete_event_source_mapping(UUID=mapping)
        say(f"removed  a second reader of the stream, which a failed deployment left: {mapping}")
    for api in found.apis[1:]:
        account.client("apigateway").delete_rest_api(restApiId=api)
        say(f"removed  a second API, which a failed deployment left: {api}")
    for api in found.live_apis[1:]:
        account.client("apigatewayv2").delete_api(ApiId=api)
        say(f"removed  a second WebSocket API, which a failed deployment left: {api}")
    records = list(_records(account, found))
    file.unlink(missing_ok=True)
    if records:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({"resources": records, "schema_version": SCHEMA}, indent=2))
    say(f"found    {len(records)} resources of {account.stage.name} that Chalice made")
    return found


def _records(account: Account, found: Found) -> Iterator[Record]:
    """Yield what is there in the order in which Chalice makes it, which it deletes in reverse."""
    for name, arn in found.roles.items():
        yield _record(f"{name}_role", "iam_role", role_arn=arn, role_name=account.role(name))
    for name, arn in found.functions.items():
        yield _record(name, "lambda_function", lambda_arn=arn)
    if found.apis:
        region = account.place.region
        host = f"{found.api}.execute-api.{region}.amazonaws.com"
        yield _record(
            "rest_api",
            "rest_api",
            rest_api_id=found.api,
            rest_api_url=f"https://{host}/{GATEWAY_STAGE}/",
        )
    if found.live_apis:
        yield _record(
            "websocket_api",
            "websocket_api",
            websocket_api_id=found.live_api,
            websocket_api_url=f"wss://{live_host(found.live_api, account.place.region)}/",
        )
    for name in found.rules:
        yield _record(f"{name}-event", "cloudwatch_event", rule_name=rule(account.stage, name))
    if found.subscription and "hear_mail" in found.functions:
        topic = account.stage.settings.mail_events_topic
        yield _record(
            "hear_mail-sns-subscription",
            "sns_event",
            topic=topic,
            topic_arn=account.place.arn("sns", topic),
            lambda_arn=found.functions["hear_mail"],
            subscription_arn=found.subscription,
        )
    if found.mappings and "deliver" in found.functions:
        stream = account.stage.settings.stream_name
        yield _record(
            "deliver-kinesis-event-source",
            "kinesis_event",
            stream=stream,
            kinesis_arn=account.place.arn("kinesis", f"stream/{stream}"),
            lambda_arn=found.functions["deliver"],
            event_uuid=found.mapping,
        )


def _record(name: str, kind: str, **values: str) -> Record:
    return {"name": name, "resource_type": kind, **values}
