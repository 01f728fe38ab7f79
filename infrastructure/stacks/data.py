"""What keeps: the table, the stream, the buckets, the mail events' topic, the signing key."""

from __future__ import annotations

import string
from collections.abc import Mapping
from typing import Any, cast

from aws_cdk import (
    Aws,
    Duration,
    aws_dynamodb,
    aws_iam,
    aws_kinesis,
    aws_kms,
    aws_s3,
    aws_ses,
    aws_sns,
    aws_sqs,
)
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from chalicelib.channels.email import EVENT_TYPES
from chalicelib.gateways.media import UPLOADS
from chalicelib.gateways.secrets import HmacSigner
from chalicelib.repositories import schema
from infrastructure.policies import Grounds, Place
from infrastructure.resilience import EVENTS, rule
from infrastructure.rules import accept
from infrastructure.stacks._stack import ProductStack
from infrastructure.stages import PROJECT, Stage

STREAM_HOURS = 24
UPLOAD_DAYS = 7
"""An upload's original; what is published is the safe copy made of it within seconds."""
FAILURE_DAYS = 90
SIGNING_KEY_DIGITS = 64
NOT_HEXADECIMAL = "".join(
    sorted(set(string.ascii_letters + string.punctuation) - set("0123456789abcdef"))
)
KEY_USERS = ("cloudwatch.amazonaws.com", "ses.amazonaws.com")
"""Services that write to our encrypted topics."""
PSEUDO: Mapping[str, str] = {
    Aws.PARTITION: "<AWS::Partition>",
    Aws.REGION: "<AWS::Region>",
    Aws.ACCOUNT_ID: "<AWS::AccountId>",
}


class OmnichannelDataStack(ProductStack):
    """Table, stream, buckets, mail events and the signing key."""

    def __init__(self, scope: Construct, stage: Stage) -> None:
        super().__init__(scope, stage)
        self.dead: Mapping[str, aws_sqs.Queue] = {}
        told = stage.settings
        self.key = self._key() if stage.customer_managed_key else None
        self.table = self._table(told.table_name)
        self.stream = self._stream(told.stream_name)
        self.media = self._media(list(told.allowed_origins))
        expiry = aws_s3.LifecycleRule(id="replayed", expiration=Duration.days(FAILURE_DAYS))
        self.failures = self._encrypted(self.bucket("Failures", rules=[expiry]))
        self.mail_events = self._mail_events(told.mail_events_topic, told.mail_configuration_set)
        self._signing_key(f"{told.secrets_prefix}/{HmacSigner.NAME}")
        self.token_key = self._token_key() if stage.github_secret else None
        if stage.native:
            self._ground_for_chalice()
        self._spoken = dict(PSEUDO)
        self.grounds = Grounds(
            stage,
            Place(Aws.PARTITION, Aws.REGION, Aws.ACCOUNT_ID),
            table=self._shared("table", self.table.attr_arn),
            stream=self._shared("stream", self.stream.attr_arn),
            media=self._shared("media", self.media.bucket_arn),
            failures=self._shared("failures", self.failures.bucket_arn),
            key=self._shared("key", self.key.key_arn) if self.key else None,
            token_key=(
                self._shared("token-key", self.token_key.key_arn) if self.token_key else None
            ),
            spoken=self._spoken,
        )

    def _shared(self, name: str, arn: str) -> str:
        """Return a resource's ARN for other stacks, exported under a name that can be read."""
        export = self.stage.export(name)
        imported = self.export_value(arn, name=export)
        self._spoken[imported] = export
        return imported

    def variables(self) -> Mapping[str, str]:
        """Return what each function is told of these resources."""
        return self.stage.variables(self.media.bucket_name, self.failures.bucket_name)

    def _key(self) -> aws_kms.Key:
        key = aws_kms.Key(
            self,
            "Key",
            description="What Omnichannel Publisher keeps",
            enable_key_rotation=True,
            removal_policy=self.removal,
        )
        key.add_to_resource_policy(
            aws_iam.PolicyStatement(
                sid="Publish",
                principals=[aws_iam.ServicePrincipal(service) for service in KEY_USERS],
                actions=["kms:Decrypt", "kms:GenerateDataKey"],
                resources=["*"],  # in a key's own policy: this key
                conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
            )
        )
        return key

    def _token_key(self) -> aws_kms.Key:
        """Make the key of the ID tokens of who signs in with GitHub; nobody ever sees it."""
        return aws_kms.Key(
            self,
            "TokenKey",
            description="Signs ID tokens of sign-in with GitHub",
            key_spec=aws_kms.KeySpec.RSA_2048,
            key_usage=aws_kms.KeyUsage.SIGN_VERIFY,
            removal_policy=self.removal,
        )

    def _table(self, name: str) -> aws_dynamodb.CfnTable:
        table = aws_dynamodb.CfnTable
        definition = schema.TABLE
        sse: dict[str, Any] = {"sse_enabled": True}
        if self.key is not None:
            sse |= {"sse_type": "KMS", "kms_master_key_id": self.key.key_arn}
        made = table(
            self,
            "Table",
            table_name=name,
            billing_mode=definition["BillingMode"],
            key_schema=_keys(definition["KeySchema"]),
            attribute_definitions=[
                table.AttributeDefinitionProperty(
                    attribute_name=attribute["AttributeName"],
                    attribute_type=attribute["AttributeType"],
                )
                for attribute in definition["AttributeDefinitions"]
            ],
            global_secondary_indexes=[
                table.GlobalSecondaryIndexProperty(
                    index_name=index["IndexName"],
                    key_schema=_keys(index["KeySchema"]),
                    projection=table.ProjectionProperty(
                        projection_type=index["Projection"]["ProjectionType"]
                    ),
                )
                for index in definition["GlobalSecondaryIndexes"]
            ],
            time_to_live_specification=table.TimeToLiveSpecificationProperty(
                enabled=schema.TIME_TO_LIVE["Enabled"],
                attribute_name=schema.TIME_TO_LIVE["AttributeName"],
            ),
            point_in_time_recovery_specification=table.PointInTimeRecoverySpecificationProperty(
                point_in_time_recovery_enabled=True
            ),
            sse_specification=table.SSESpecificationProperty(**sse),
            deletion_protection_enabled=self.stage.retain,
        )
        made.apply_removal_policy(self.removal)
        return made

    def _stream(self, name: str) -> aws_kinesis.CfnStream:
        stream = aws_kinesis.CfnStream(
            self,
            "Stream",
            name=name,
            shard_count=self.stage.shards,
            retention_period_hours=STREAM_HOURS,
            stream_encryption=aws_kinesis.CfnStream.StreamEncryptionProperty(
                encryption_type="KMS",
                key_id=self.key.key_arn if self.key else "alias/aws/kinesis",
            ),
        )
        stream.apply_removal_policy(self.removal)
        if self.key is not None:
            accept(stream, "One key of ours for all that is kept.", "AwsSolutions-KDS3")
        return stream

    def _media(self, origins: list[str]) -> aws_s3.Bucket:
        uploads = aws_s3.LifecycleRule(
            id="uploads", prefix=UPLOADS, expiration=Duration.days(UPLOAD_DAYS)
        )
        bucket = self._encrypted(self.bucket("Media", rules=[uploads]))
        bucket.add_cors_rule(
            allowed_origins=origins,
            allowed_methods=[aws_s3.HttpMethods.GET, aws_s3.HttpMethods.POST],
            allowed_headers=["*"],
            max_age=3000,
        )
        # The library's own switch would add a function of its own to do this.
        _cfn_bucket(bucket).add_property_override(
            "NotificationConfiguration.EventBridgeConfiguration.EventBridgeEnabled", True
        )
        return bucket

    def _encrypted(self, bucket: aws_s3.Bucket) -> aws_s3.Bucket:
        """Put our own key, if there is one, on a bucket."""
        if self.key is not None:
            rule = {
                "BucketKeyEnabled": True,
                "ServerSideEncryptionByDefault": {
                    "SSEAlgorithm": "aws:kms",
                    "KMSMasterKeyID": self.resolve(self.key.key_arn),
                },
            }
            _cfn_bucket(bucket).add_property_override(
                "BucketEncryption.ServerSideEncryptionConfiguration", [rule]
            )
        return bucket

    def _mail_events(self, name: str, configuration_set: str) -> aws_sns.Topic:
        """Make what SES tells through: topic, configuration set and the way between them."""
        topic = aws_sns.Topic(
            self, "MailEvents", topic_name=name, master_key=self.key, enforce_ssl=True
        )
        topic.add_to_resource_policy(
            aws_iam.PolicyStatement(
                sid="Tell",
                principals=[aws_iam.ServicePrincipal("ses.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
            )
        )
        ses = aws_ses.CfnConfigurationSet(self, "MailConfiguration", name=configuration_set)
        destination = aws_ses.CfnConfigurationSetEventDestination
        told = destination(
            self,
            "MailDestination",
            configuration_set_name=ses.ref,
            event_destination=destination.EventDestinationProperty(
                name=name,
                enabled=True,
                matching_event_types=list(EVENT_TYPES),
                sns_destination=destination.SnsDestinationProperty(topic_arn=topic.topic_arn),
            ),
        )
        told.node.add_dependency(topic)
        return topic

    def _ground_for_chalice(self) -> None:
        """Make what the stacks of the API and its functions make besides, and Chalice can't."""
        self.dead = self._queues()
        self.trace_some(f"{PROJECT}-{self.stage.name}")
        if self.stage.log_role_of_account:
            self.log_role()

    def _queues(self) -> Mapping[str, aws_sqs.Queue]:
        """Make what waits for the functions that Chalice deploys; it makes no queues itself."""
        queues = {}
        place = Place(Aws.PARTITION, Aws.REGION, Aws.ACCOUNT_ID)
        for name in EVENTS:
            queue = self.dead_letters(self, f"{name.title().replace('_', '')}Dead", name)
            source, service = place.arn("events", f"rule/{rule(self.stage, name)}"), "events"
            if name == "hear_mail":
                source, service = self.mail_events.topic_arn, "sns"
            queue.add_to_resource_policy(
                aws_iam.PolicyStatement(
                    sid="PutAside",
                    principals=[aws_iam.ServicePrincipal(f"{service}.amazonaws.com")],
                    actions=["sqs:SendMessage"],
                    resources=[queue.queue_arn],
                    conditions={"ArnEquals": {"aws:SourceArn": source}},
                )
            )
            queues[name] = queue
        return queues

    def _signing_key(self, name: str) -> None:
        """Make the key of cursors and unsubscribe links; without it the code makes its own."""
        secret = secretsmanager.CfnSecret(
            self,
            "SigningKey",
            name=name,
            description="Signs cursors and unsubscribe links",
            generate_secret_string=secretsmanager.CfnSecret.GenerateSecretStringProperty(
                secret_string_template="{}",
                generate_string_key="key",
                password_length=SIGNING_KEY_DIGITS,
                exclude_characters=NOT_HEXADECIMAL,
                # Said twice: else one of each kind would be required.
                exclude_uppercase=True,
                exclude_punctuation=True,
            ),
            kms_key_id=None,
        )
        secret.apply_removal_policy(self.removal)
        accept(
            secret,
            "Unsubscribe links in mails already sent are signed with it: they must go on working.",
            "AwsSolutions-SMG4",
        )


def _keys(given: list[dict[str, str]]) -> list[aws_dynamodb.CfnTable.KeySchemaProperty]:
    return [
        aws_dynamodb.CfnTable.KeySchemaProperty(
            attribute_name=key["AttributeName"], key_type=key["KeyType"]
        )
        for key in given
    ]


def _cfn_bucket(bucket: aws_s3.Bucket) -> aws_s3.CfnBucket:
    return cast(aws_s3.CfnBucket, bucket.node.default_child)
