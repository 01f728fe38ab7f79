"""Findings of cdk-nag that are meant to be so, each with its reason beside the resource."""

from __future__ import annotations

from aws_cdk import Acknowledgment, Validations
from constructs import IConstruct


def accept(construct: IConstruct, reason: str, *rules: str) -> None:
    """Record why rules don't hold here; a finding that nobody explained fails the synthesis."""
    Validations.of(construct).acknowledge(*(Acknowledgment(id=r, reason=reason) for r in rules))


def managed(policy: str) -> str:
    """Return the finding about a role that has one of AWS's own policies."""
    return f"AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/{policy}]"
