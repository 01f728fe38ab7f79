"""What every stack has in common."""

from __future__ import annotations

from typing import cast

from aws_cdk import (
    Aws,
    CfnParameter,
    CfnRule,
    CfnRuleAssertion,
    Duration,
    Fn,
    RemovalPolicy,
    Stack,
    Tags,
    aws_apigateway,
    aws_iam,
    aws_s3,
    aws_sqs,
    aws_xray,
)
from constructs import Construct

from infrastructure.keeping import removal
from infrastructure.resilience import GATEWAY_STAGE, dead_letters
from infrastructure.rules import accept, managed
from infrastructure.stages import GLOBAL_REGION, PROJECT, Stage

TRACING_PRIORITY = 1000
"""Of 1 to 9999: an account's own rules may go before or after it."""
PUSH_ROLE = "service-role/AmazonAPIGatewayPushToCloudWatchLogs"
DEAD_LETTER_DAYS = 14
OLD_VERSION_DAYS = 30


class ProductStack(Stack):
    """A stack of one stage: named, tagged and protected like the others."""

    def __init__(self, scope: Construct, stage: Stage) -> None:
        name = type(self).__name__
        super().__init__(
            scope,
            name,
            stack_name=f"{name}-{stage.name}",
            description=f"Omnichannel Publisher, {stage.name}: {_first_line(type(self))}",
            termination_protection=stage.retain,
        )
        self.stage = stage
        tags = {
            "project": PROJECT,
            "stage": stage.name,
            "owner": stage.owner,
            "cost-centre": stage.cost_centre,
        }
        for key, value in tags.items():
            Tags.of(self).add(key, value)

    @property
    def removal(self) -> RemovalPolicy:
        """Return what becomes of data when the stack is deleted."""
        return removal(self.stage)

    def only_globally(self, why: str) -> None:
        """Have CloudFormation refuse this stack anywhere but where AWS's global services are."""
        here = Fn.condition_equals(Aws.REGION, GLOBAL_REGION)
        says = f"{why} can only be in {GLOBAL_REGION}: deploy the stage there, or switch it off."
        assertion = CfnRuleAssertion(assert_=here, assert_description=says)
        CfnRule(self, "Region", assertions=[assertion])

    def told(self, name: str, what: str, pattern: str) -> str:
        """Return what this stack is told when it is deployed, about what Chalice deployed."""
        known = self.node.try_find_child(name)
        if known is None:
            known = CfnParameter(self, name, description=what, allowed_pattern=pattern)
        return cast(CfnParameter, known).value_as_string

    def bucket(self, identity: str, *, rules: list[aws_s3.LifecycleRule]) -> aws_s3.Bucket:
        """Make a private, encrypted, versioned bucket that keeps no rests."""
        rests = aws_s3.LifecycleRule(
            id="rests",
            abort_incomplete_multipart_upload_after=Duration.days(1),
            noncurrent_version_expiration=Duration.days(OLD_VERSION_DAYS),
        )
        bucket = aws_s3.Bucket(
            self,
            identity,
            block_public_access=aws_s3.BlockPublicAccess.BLOCK_ALL,
            encryption=aws_s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            versioned=True,
            object_ownership=aws_s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            removal_policy=self.removal,
            lifecycle_rules=[rests, *rules],
        )
        accept(
            bucket,
            "Only our own functions reach it; CloudTrail's data events tell who did, where wanted.",
            "AwsSolutions-S1",
        )
        return bucket

    def dead_letters(self, scope: Construct, identity: str, of: str) -> aws_sqs.Queue:
        """Make the queue of what a function could not be handed; an alarm watches it."""
        queue = aws_sqs.Queue(
            scope,
            identity,
            queue_name=dead_letters(self.stage, of),
            retention_period=Duration.days(DEAD_LETTER_DAYS),
            encryption=aws_sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
        )
        accept(queue, "It is the dead-letter queue itself.", "AwsSolutions-SQS3")
        return queue

    def log_role(self) -> aws_apigateway.CfnAccount:
        """Let API Gateway write logs: one role for the whole account and region, so it stays."""
        role = aws_iam.Role(
            self,
            "LogRole",
            description="API Gateway's way to CloudWatch Logs, for every API of the account",
            assumed_by=aws_iam.ServicePrincipal("apigateway.amazonaws.com"),
            managed_policies=[aws_iam.ManagedPolicy.from_aws_managed_policy_name(PUSH_ROLE)],
        )
        role.apply_removal_policy(RemovalPolicy.RETAIN)
        accept(role, "AWS's own policy for exactly this role.", managed(PUSH_ROLE))
        account = aws_apigateway.CfnAccount(self, "Account", cloud_watch_role_arn=role.role_arn)
        account.apply_removal_policy(RemovalPolicy.RETAIN)
        return account

    def trace_some(self, api_name: str) -> None:
        """Say how many requests are traced; Lambda itself decides for what else starts a function.

        Service type and name are those by which X-Ray knows a stage (API Gateway developer guide,
        "Configure AWS X-Ray sampling rules", 2026-11-21).
        """
        rule = aws_xray.CfnSamplingRule
        rule(
            self,
            "Traced",
            sampling_rule=rule.SamplingRuleProperty(
                rule_name=api_name,
                version=1,
                priority=TRACING_PRIORITY,
                fixed_rate=self.stage.traced_share,
                reservoir_size=0,
                service_type="AWS::ApiGateway::Stage",
                service_name=f"{api_name}/{GATEWAY_STAGE}",
                host="*",
                http_method="*",
                url_path="*",
                resource_arn="*",
            ),
        )


def _first_line(kind: type[Stack]) -> str:
    return (kind.__doc__ or "").partition("\n")[0].rstrip(".")
