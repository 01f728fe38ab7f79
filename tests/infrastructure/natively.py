"""A stage as `chalice deploy` leaves it, in an account that moto plays."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any

import boto3
from botocore.awsrequest import AWSResponse
from moto.apigatewayv2.models import apigatewayv2_backends

from infrastructure.native.account import Account
from infrastructure.resilience import FUNCTIONS, dead_letters, live_name, rule
from infrastructure.stages import API_HANDLER, PROJECT, Stage

REGION = "us-east-1"
NUMBER = "123456789012"
POOL = f"arn:aws:cognito-idp:{REGION}:{NUMBER}:userpool/us-east-1_real"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


def prod(**changes: str) -> Stage:
    """Return the stage that is deployed natively here."""
    return Stage.read("prod", {"native": "yes", **changes})


def arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{REGION}:{NUMBER}:{resource}"


def account_of(stage: Stage) -> Account:
    return Account(stage, boto3.session.Session(region_name=REGION))


def ground(stage: Stage) -> Account:
    """Make what the Data and Auth stacks make, as far as it is asked for; return the account."""
    account = account_of(stage)
    told = {
        "table": arn("dynamodb", f"table/{stage.settings.table_name}"),
        "stream": arn("kinesis", f"stream/{stage.settings.stream_name}"),
        "media": "arn:aws:s3:::data-media-1x",
        "failures": "arn:aws:s3:::data-failures-1x",
        "key": arn("kms", "key/one"),
        "user-pool": POOL,
        "client": "theclient",
        "sign-in": "https://sign-in.example",
    }
    if stage.github_secret:
        told["token-key"] = arn("kms", "key/two")
    outputs = {
        f"Output{number}": {"Value": value, "Export": {"Name": stage.export(name)}}
        for number, (name, value) in enumerate(told.items())
    }
    queues = {
        f"Queue{number}": {
            "Type": "AWS::SQS::Queue",
            "Properties": {"QueueName": dead_letters(stage, name)},
        }
        for number, name in enumerate(("release_due", "prepare_media", "hear_mail"))
    }
    account.client("cloudformation").create_stack(
        StackName="ground", TemplateBody=json.dumps({"Resources": queues, "Outputs": outputs})
    )
    account.client("kinesis").create_stream(StreamName=stage.settings.stream_name, ShardCount=1)
    account.client("sns").create_topic(Name=stage.settings.mail_events_topic)
    return account


def deploy(account: Account) -> Mapping[str, Any]:
    """Make what Chalice makes; return what AWS called it."""
    functions = {name: function(account, name) for name in FUNCTIONS}
    return {
        "functions": functions,
        "mapping": read_stream(account, functions["deliver"]),
        "subscription": account.client("sns").subscribe(
            TopicArn=arn("sns", account.stage.settings.mail_events_topic),
            Protocol="lambda",
            Endpoint=functions["hear_mail"],
            ReturnSubscriptionArn=True,
        )["SubscriptionArn"],
        "rules": [
            hand_over(account, "release_due", {"ScheduleExpression": "rate(1 minute)"}),
            hand_over(account, "prepare_media", {"EventPattern": '{"source": ["aws.s3"]}'}),
        ],
        "api": api(account, functions[API_HANDLER]),
        "live": live_api(account),
    }


def function(account: Account, name: str) -> str:
    role = account.client("iam").create_role(
        RoleName=account.role(name), AssumeRolePolicyDocument=json.dumps(TRUST)
    )["Role"]["Arn"]
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("app.py", "")
    made = account.client("lambda").create_function(
        FunctionName=account.stage.function(name),
        Role=role,
        Runtime="python3.12",
        Handler="app.x",
        Code={"ZipFile": code.getvalue()},
    )
    return str(made["FunctionArn"])


def read_stream(account: Account, function: str) -> str:
    made = account.client("lambda").create_event_source_mapping(
        FunctionName=function,
        EventSourceArn=arn("kinesis", f"stream/{account.stage.settings.stream_name}"),
        StartingPosition="TRIM_HORIZON",
    )
    return str(made["UUID"])


def hand_over(account: Account, name: str, when: Mapping[str, str]) -> str:
    events, named = account.client("events"), rule(account.stage, name)
    events.put_rule(Name=named, **when)
    target = arn("lambda", f"function:{account.stage.function(name)}")
    events.put_targets(Rule=named, Targets=[{"Id": "1", "Arn": target}])
    return named


def api(account: Account, function: str, name: str = PROJECT) -> str:
    gateway = account.client("apigateway")
    api = str(gateway.create_rest_api(name=name)["id"])
    (root,) = gateway.get_resources(restApiId=api)["items"]
    health = gateway.create_resource(restApiId=api, parentId=root["id"], pathPart="health")["id"]
    where = {"restApiId": api, "resourceId": health, "httpMethod": "GET"}
    gateway.put_method(**where, authorizationType="NONE")
    path = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{function}/invocations"
    gateway.put_integration(**where, type="AWS_PROXY", integrationHttpMethod="POST", uri=path)
    gateway.create_deployment(restApiId=api, stageName="v1")
    return api


def live_api(account: Account) -> str:
    """Make a WebSocket API of the name that Chalice gives it."""
    gateway = account.client("apigatewayv2")
    api = str(gateway.create_api(Name=live_name(account.stage), ProtocolType="WEBSOCKET")["ApiId"])
    gateway.create_stage(ApiId=api, StageName="v1")
    gateway.meta.events.register("before-call.apigatewayv2.UpdateStage", _update_stage)
    return api


def _update_stage(params: Mapping[str, Any], **_: Any) -> tuple[AWSResponse, dict[str, Any]]:
    """Change a stage, which moto can't: make it anew with what it had and what is new."""
    _, _, api, _, name = params["url_path"].strip("/").split("/")
    gateway = apigatewayv2_backends[NUMBER][REGION]
    known = gateway.get_stage(api, name)
    changed = {
        "stageName": name,
        "defaultRouteSettings": known.default_route_settings,
        "accessLogSettings": known.access_log_settings,
        **json.loads(params["body"]),
    }
    gateway.delete_stage(api, name)
    gateway.create_stage(api, changed)
    return AWSResponse(params["url"], 200, {}, None), {}
