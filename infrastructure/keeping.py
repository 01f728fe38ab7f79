"""How long a stage keeps what it holds when it is deleted, and its logs."""

from __future__ import annotations

from aws_cdk import RemovalPolicy
from aws_cdk import aws_logs as logs
from constructs import Construct

from infrastructure.stages import Stage

RETENTION = {
    1: logs.RetentionDays.ONE_DAY,
    3: logs.RetentionDays.THREE_DAYS,
    5: logs.RetentionDays.FIVE_DAYS,
    7: logs.RetentionDays.ONE_WEEK,
    14: logs.RetentionDays.TWO_WEEKS,
    30: logs.RetentionDays.ONE_MONTH,
    60: logs.RetentionDays.TWO_MONTHS,
    90: logs.RetentionDays.THREE_MONTHS,
    180: logs.RetentionDays.SIX_MONTHS,
    365: logs.RetentionDays.ONE_YEAR,
}


def removal(stage: Stage) -> RemovalPolicy:
    """Return what becomes of data when its stack is deleted."""
    return RemovalPolicy.RETAIN if stage.retain else RemovalPolicy.DESTROY


def function_log(scope: Construct, name: str, stage: Stage) -> logs.LogGroup:
    """Return the log of a function of this name."""
    return _kept(scope, "Log", f"/aws/lambda/{name}", stage)


def access_log(scope: Construct, name: str, stage: Stage) -> logs.LogGroup:
    """Return the log of who called an API of this name."""
    return _kept(scope, "AccessLog", f"/aws/apigateway/{name}", stage)


def _kept(scope: Construct, identity: str, name: str, stage: Stage) -> logs.LogGroup:
    return logs.LogGroup(
        scope,
        identity,
        log_group_name=name,
        retention=RETENTION[stage.log_days],
        removal_policy=removal(stage),
    )
