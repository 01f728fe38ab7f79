"""Create in the embedded AWS what the deployed product finds there; run again, it changes nothing.

Names come from the settings, the table from `repositories.schema`, the groups from the roles. Only
the demo users are the sandbox's own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from chalicelib.channels.email import EVENT_TYPES
from chalicelib.domain.identity import Role
from chalicelib.repositories import schema
from chalicelib.settings import Settings
from sandbox.embedded import ACCESS_KEY, REGION
from sandbox.users import SENDER, USERS, User

MAX_RECEIVES = 3
HANDLING_SECONDS = 90
"""An event comes again after this long; longer than its function may run."""
REPORTING_SECONDS = 30
MAX_REPORTS = 10
"""A report that comes too early comes again for as long as an attempt's lease."""


@dataclass(frozen=True)
class Resources:
    """What the embedded AWS chose names for, and what says which stream this is."""

    user_pool_id: str
    user_pool_arn: str
    client_id: str
    stream_arn: str
    stream_created: int
    object_events_url: str
    mail_events_url: str

    def as_json(self) -> dict[str, Any]:
        """Return a value for `of_json`."""
        return asdict(self)

    @classmethod
    def of_json(cls, value: Mapping[str, Any]) -> Resources:
        """Return what `as_json` wrote."""
        return cls(**value)


class Clients:
    """boto3 clients of the embedded AWS."""

    def __init__(self, endpoint: str) -> None:
        """Use the embedded AWS at ``endpoint``, whatever this machine is configured for."""
        self._session = boto3.session.Session()
        self._endpoint = endpoint

    def client(self, service: str) -> Any:
        """Return a client."""
        return self._session.client(
            service,  # type: ignore[call-overload] # any service
            endpoint_url=self._endpoint,
            region_name=REGION,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=ACCESS_KEY,
            config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 2}),
        )


def provision(clients: Clients, settings: Settings, web: Sequence[str] = ()) -> Resources:
    """Create whatever is missing and return what has to be known of it.

    `web` are the addresses of the web app, which may have other ports than at the last start.
    """
    _table(clients.client("dynamodb"), settings.table_name)
    stream = _stream(clients.client("kinesis"), settings.stream_name)
    _private_bucket(clients.client("s3"), settings.failure_bucket)
    object_events = _object_events(clients, settings)
    mail_events = _mail_events(clients, settings)
    with _existing("AlreadyExistsException"):
        clients.client("sesv2").create_email_identity(EmailIdentity=SENDER)
    pool = _pool(clients.client("cognito-idp"), settings.table_name, web)
    return Resources(
        user_pool_id=pool["pool"],
        user_pool_arn=pool["arn"],
        client_id=pool["client"],
        stream_arn=stream["StreamARN"],
        stream_created=int(stream["StreamCreationTimestamp"].timestamp()),
        object_events_url=object_events,
        mail_events_url=mail_events,
    )


def _table(dynamodb: Any, name: str) -> None:
    with _existing("ResourceInUseException"):
        dynamodb.create_table(TableName=name, **schema.TABLE)
    found = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    if found["TimeToLiveStatus"] not in ("ENABLED", "ENABLING"):
        dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=schema.TIME_TO_LIVE)


def _stream(kinesis: Any, name: str) -> Any:
    with _existing("ResourceInUseException"):
        kinesis.create_stream(StreamName=name, ShardCount=1)
    return kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]


def _object_events(clients: Clients, settings: Settings) -> str:
    """Create the private media bucket and the queue it tells of new objects; return the queue."""
    bucket = settings.media_bucket
    s3, sqs = clients.client("s3"), clients.client("sqs")
    _private_bucket(s3, bucket)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration=_cors(settings))
    queue = _queue(sqs, f"{bucket}-events", HANDLING_SECONDS, MAX_RECEIVES)
    arn = _arn(sqs, queue)
    _let_in(sqs, queue, "s3.amazonaws.com", f"arn:aws:s3:::{bucket}")
    created = {"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"QueueConfigurations": [created]}
    )
    return queue


def _private_bucket(s3: Any, name: str) -> None:
    with _existing("BucketAlreadyOwnedByYou", "BucketAlreadyExists"):
        s3.create_bucket(Bucket=name)
    s3.put_public_access_block(
        Bucket=name,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": True,
        },
    )


def _cors(settings: Settings) -> dict[str, Any]:
    rule = {
        "AllowedOrigins": list(settings.allowed_origins),
        "AllowedMethods": ["GET", "POST"],
        "AllowedHeaders": ["*"],
        "MaxAgeSeconds": 3000,
    }
    return {"CORSRules": [rule]}


def _mail_events(clients: Clients, settings: Settings) -> str:
    """Create what SES tells through: configuration set, topic, queue; return the queue."""
    sns, sqs, ses = (clients.client(name) for name in ("sns", "sqs", "sesv2"))
    name = settings.mail_events_topic
    topic = sns.create_topic(Name=name)["TopicArn"]
    queue = _queue(sqs, name, REPORTING_SECONDS, MAX_REPORTS)
    _let_in(sqs, queue, "sns.amazonaws.com", topic)
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=_arn(sqs, queue))
    with _existing("AlreadyExistsException"):
        ses.create_configuration_set(ConfigurationSetName=settings.mail_configuration_set)
    destination = {
        "Enabled": True,
        "MatchingEventTypes": list(EVENT_TYPES),
        "SnsDestination": {"TopicArn": topic},
    }
    with _existing("AlreadyExistsException"):
        ses.create_configuration_set_event_destination(
            ConfigurationSetName=settings.mail_configuration_set,
            EventDestinationName=name,
            EventDestination=destination,
        )
    return queue


def _let_in(sqs: Any, queue: str, service: str, source_arn: str) -> None:
    """Let a service put on a queue what comes from one source."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sqs:SendMessage",
        "Resource": _arn(sqs, queue),
        "Condition": {"ArnEquals": {"aws:SourceArn": source_arn}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})


def _queue(sqs: Any, name: str, handling_seconds: int, receives: int) -> str:
    """Create a queue with one for what can't be handled."""
    dead = _arn(sqs, sqs.create_queue(QueueName=f"{name}-dead")["QueueUrl"])
    redrive = json.dumps({"deadLetterTargetArn": dead, "maxReceiveCount": receives})
    url = str(sqs.create_queue(QueueName=name)["QueueUrl"])
    attributes = {"VisibilityTimeout": str(handling_seconds), "RedrivePolicy": redrive}
    sqs.set_queue_attributes(QueueUrl=url, Attributes=attributes)
    return url


def _arn(sqs: Any, url: str) -> str:
    answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return str(answer["Attributes"]["QueueArn"])


def _pool(cognito: Any, name: str, web: Sequence[str]) -> dict[str, str]:
    """Create the user pool with its groups, its client and the demo users."""
    pools = cognito.get_paginator("list_user_pools").paginate(MaxResults=60)
    found = [p["Id"] for page in pools for p in page["UserPools"] if p["Name"] == name]
    pool = found[0] if found else _new_pool(cognito, name)
    clients = cognito.list_user_pool_clients(UserPoolId=pool, MaxResults=60)["UserPoolClients"]
    ids = [c["ClientId"] for c in clients if c["ClientName"] == name]
    client = ids[0] if ids else _new_client(cognito, pool, name)
    cognito.update_user_pool_client(
        UserPoolId=pool, ClientId=client, ClientName=name, **_sign_in(web)
    )
    for role in Role:
        with _existing("GroupExistsException"):
            cognito.create_group(UserPoolId=pool, GroupName=role.value)
    for login, user in USERS.items():
        add_user(cognito, pool, login, user)
    arn = cognito.describe_user_pool(UserPoolId=pool)["UserPool"]["Arn"]
    return {"pool": pool, "client": client, "arn": arn}


def _new_pool(cognito: Any, name: str) -> str:
    answer = cognito.create_user_pool(
        PoolName=name,
        AutoVerifiedAttributes=["email"],
        AdminCreateUserConfig={"AllowAdminCreateUserOnly": True},
    )
    return str(answer["UserPool"]["Id"])


def _new_client(cognito: Any, pool: str, name: str) -> str:
    answer = cognito.create_user_pool_client(UserPoolId=pool, ClientName=name, GenerateSecret=False)
    return str(answer["UserPoolClient"]["ClientId"])


def _sign_in(web: Sequence[str]) -> dict[str, Any]:
    """Return how people may sign in: with a password as scripts do, or on the pool's pages."""
    flows = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    if not web:
        return {"ExplicitAuthFlows": flows}
    return {
        "ExplicitAuthFlows": flows,
        "AllowedOAuthFlowsUserPoolClient": True,
        "AllowedOAuthFlows": ["code"],
        "AllowedOAuthScopes": ["openid", "email", "profile"],
        "SupportedIdentityProviders": ["COGNITO"],
        "CallbackURLs": list(web),
        "LogoutURLs": list(web),
    }


def add_user(cognito: Any, pool: str, login: str, user: User) -> None:
    """Let a demo user sign in to a user pool that has the groups of the roles."""
    where = {"UserPoolId": pool, "Username": login}
    with _existing("UsernameExistsException"):
        cognito.admin_create_user(
            **where,
            MessageAction="SUPPRESS",
            UserAttributes=[
                {"Name": "email", "Value": f"{login}@community.example"},
                {"Name": "email_verified", "Value": "true"},
                {"Name": "name", "Value": user.name},
            ],
        )
    # Each time anew: an earlier start may have been interrupted in between.
    cognito.admin_set_user_password(**where, Password=user.password(login), Permanent=True)
    cognito.admin_add_user_to_group(**where, GroupName=user.role.value)


class _existing:
    """Pass over the errors that say that something is there already."""

    def __init__(self, *codes: str) -> None:
        self._codes = codes

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        return isinstance(error, ClientError) and error.response["Error"]["Code"] in self._codes
