"""Alarms: each says how urgent it is, what is wrong and which page tells what to do."""

from __future__ import annotations

from enum import StrEnum

from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from infrastructure.stages import PROJECT, Stage

PAGE = "docs/how-to/answer-alarms.md"


class Severity(StrEnum):
    """How soon somebody has to look."""

    P1 = "P1"
    """At once, at night too: announcements are not published."""
    P2 = "P2"
    """Within the hour: something fails, or will soon be late."""
    P3 = "P3"
    """Today: people wait for a decision."""
    P4 = "P4"
    """This week: slower or costlier than it should be."""


def alarm(
    scope: Construct,
    identity: str,
    *,
    stage: Stage,
    name: str,
    severity: Severity,
    page: str,
    says: str,
    metric: cloudwatch.IMetric,
    threshold: float,
    comparison: cloudwatch.ComparisonOperator = (
        cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD
    ),
    periods: int = 1,
    breaching_without_data: bool = False,
) -> cloudwatch.Alarm:
    """Make an alarm whose name begins with its severity; `page` is the heading that helps."""
    missing = cloudwatch.TreatMissingData
    return cloudwatch.Alarm(
        scope,
        identity,
        alarm_name=f"{severity}-{PROJECT}-{stage.name}-{name}",
        alarm_description=f"[{severity}] {says} What to do: {PAGE}#{page}",
        metric=metric,
        threshold=threshold,
        comparison_operator=comparison,
        evaluation_periods=periods,
        treat_missing_data=missing.BREACHING if breaching_without_data else missing.NOT_BREACHING,
    )
