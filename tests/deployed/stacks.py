"""Deploy synthesised stacks by CloudFormation and take them away again.

What `cdk deploy` does, without Node: files into the bucket of the bootstrap, one change set for
each stack in order. A failure tells which resource failed and why.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from sandbox.embedded import REGION
from sandbox.environment import until
from tests.deployed.assembly import Assembly, Stack
from tests.deployed.emulated_aws import EmulatedAws

ACCOUNT = "000000000000"
BOOTSTRAP = "/cdk-bootstrap/hnb659fds/version"
VERSION = "21"
"""Of the bootstrap; the templates want 6 or a later one (`Rules`)."""


class NotDeployed(AssertionError):
    """A stack is not what its template says; the message is what CloudFormation told of it."""


class Stacks:
    """The stacks of one assembly in one emulated AWS."""

    def __init__(self, aws: EmulatedAws, assembly: Assembly) -> None:
        """Deploy nothing yet."""
        self._cloud = aws.client("cloudformation")
        self._aws = aws
        self._stacks = assembly.stacks(ACCOUNT, REGION)

    @property
    def names(self) -> list[str]:
        """Return the stacks in the order in which they are made."""
        return [stack.identity for stack in self._stacks]

    def deploy(self, names: Collection[str] = (), told: Mapping[str, str] | None = None) -> None:
        """Bring stacks to what their templates say, all unless some are named.

        `told` are the stacks' parameters. `NotDeployed` tells what went wrong.
        """
        chosen = [stack for stack in self._stacks if not names or stack.identity in names]
        self._bootstrap()
        for stack in chosen:
            self._upload(stack)
        for stack in chosen:
            self._change(stack, told or {})

    def delete(self) -> None:
        """Delete every stack, the last one first."""
        for stack in reversed(self._stacks):
            self._cloud.delete_stack(StackName=stack.name)
            until(lambda: not self._found(stack), f"The end of {stack.name}")  # noqa: B023

    def resources(self, kind: str) -> dict[str, str]:
        """Return the physical ids of every stack's resources of a type, by their logical ids."""
        return {
            resource["LogicalResourceId"]: resource["PhysicalResourceId"]
            for stack in self._stacks
            for page in self._cloud.get_paginator("list_stack_resources").paginate(
                StackName=stack.name
            )
            for resource in page["StackResourceSummaries"]
            if resource["ResourceType"] == kind
        }

    def _bootstrap(self) -> None:
        ssm, s3 = self._aws.client("ssm"), self._aws.client("s3")
        ssm.put_parameter(Name=BOOTSTRAP, Value=VERSION, Type="String", Overwrite=True)
        for bucket in {file.bucket for stack in self._stacks for file in stack.files}:
            with contextlib.suppress(s3.exceptions.BucketAlreadyOwnedByYou):
                s3.create_bucket(Bucket=bucket)

    def _upload(self, stack: Stack) -> None:
        for file in stack.files:
            self._aws.client("s3").upload_file(str(file.path), file.bucket, file.key)

    def _change(self, stack: Stack, told: Mapping[str, str]) -> None:
        kind = "UPDATE" if self._found(stack) else "CREATE"
        change = {"StackName": stack.name, "ChangeSetName": f"deployed-{uuid.uuid4()}"}
        template = stack.template
        try:
            self._cloud.create_change_set(
                **change,
                ChangeSetType=kind,
                TemplateURL=f"{self._aws.url}/{template.bucket}/{template.key}",
                Capabilities=["CAPABILITY_NAMED_IAM"],
                Parameters=[
                    {"ParameterKey": name, "ParameterValue": told[name]}
                    for name in stack.parameters
                    if name in told
                ],
            )
        except ClientError as error:
            raise NotDeployed(f"{stack.name}: {error}") from error
        if not self._is_wanted(change):
            return
        self._cloud.execute_change_set(**change)
        status = until(lambda: self._settled(stack), stack.name)
        if status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            raise NotDeployed("\n  ".join([f"{stack.name} is {status}:", *self._failures(stack)]))

    def _is_wanted(self, change: dict[str, str]) -> bool:
        """Wait for a change set; say whether it changes anything."""

        def made() -> Any:
            found = self._cloud.describe_change_set(**change)
            return found if found["Status"] in ("CREATE_COMPLETE", "FAILED") else None

        found = until(made, f"The change set of {change['StackName']}")
        if found["Status"] == "CREATE_COMPLETE":
            return True
        reason = found.get("StatusReason", "")
        if "didn't contain changes" not in reason:
            raise NotDeployed(f"{change['StackName']}: {reason}")
        self._cloud.delete_change_set(**change)
        return False

    def _settled(self, stack: Stack) -> str | None:
        status = str(self._described(stack)["StackStatus"])
        return None if status.endswith("_IN_PROGRESS") else status

    def _found(self, stack: Stack) -> bool:
        try:
            status = str(self._described(stack)["StackStatus"])
        except ClientError:
            return False
        return status not in ("DELETE_COMPLETE", "REVIEW_IN_PROGRESS")

    def _described(self, stack: Stack) -> Any:
        return self._cloud.describe_stacks(StackName=stack.name)["Stacks"][0]

    def _failures(self, stack: Stack) -> Iterator[str]:
        for event in self._cloud.describe_stack_events(StackName=stack.name)["StackEvents"]:
            if event["ResourceStatus"].endswith("_FAILED"):
                reason = event.get("ResourceStatusReason", "")
                yield f"{event['LogicalResourceId']} ({event['ResourceType']}): {reason}"
