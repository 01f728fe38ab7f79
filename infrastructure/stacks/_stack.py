"""What every stack has in common."""

from __future__ import annotations

from aws_cdk import (
    Aws,
    CfnRule,
    CfnRuleAssertion,
    Duration,
    Fn,
    RemovalPolicy,
    Stack,
    Tags,
    aws_s3,
    aws_sqs,
)
from constructs import Construct

from infrastructure.rules import accept
from infrastructure.stages import GLOBAL_REGION, PROJECT, Stage

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
        return RemovalPolicy.RETAIN if self.stage.retain else RemovalPolicy.DESTROY

    def only_globally(self, why: str) -> None:
        """Have CloudFormation refuse this stack anywhere but where AWS's global services are."""
        here = Fn.condition_equals(Aws.REGION, GLOBAL_REGION)
        says = f"{why} can only be in {GLOBAL_REGION}: deploy the stage there, or switch it off."
        assertion = CfnRuleAssertion(assert_=here, assert_description=says)
        CfnRule(self, "Region", assertions=[assertion])

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
        """Make the queue of what could not be handed over; an alarm watches it."""
        queue = aws_sqs.Queue(
            scope,
            identity,
            queue_name=f"{PROJECT}-{self.stage.name}-{of}-dead",
            retention_period=Duration.days(DEAD_LETTER_DAYS),
            encryption=aws_sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
        )
        accept(queue, "It is the dead-letter queue itself.", "AwsSolutions-SQS3")
        return queue


def _first_line(kind: type[Stack]) -> str:
    return (kind.__doc__ or "").partition("\n")[0].rstrip(".")
