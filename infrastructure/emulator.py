"""The stacks as an emulated AWS can take them: what it can't is left out, all else stays as it is.

A stage's `emulated` is the switch. It holds what every function is told besides: the addresses of
the platforms' stand-ins, which no account has. Whatever is left out stands here, with its reason;
what refers to a resource that is left out goes with it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

Template = Mapping[str, Any]
Resource = Mapping[str, Any]

STACKS: Mapping[str, str] = {
    "OmnichannelSecurityStack": "GuardDuty, Security Hub and a firewall's place before an API.",
    "OmnichannelFrontendStack": "Amplify.",
}
"""Stacks that are nothing without what an emulator lacks → what that is."""

TYPES: Mapping[str, str] = {
    "AWS::CodeDeploy::Application": "No CodeDeploy: an alias takes each new version at once.",
    "AWS::CodeDeploy::DeploymentGroup": "No CodeDeploy: an alias takes each new version at once.",
    "AWS::Cognito::ManagedLoginBranding": "Its sign-in pages have one look.",
    "AWS::XRay::SamplingRule": "No X-Ray: nobody takes a trace, however few there are.",
}
"""Resources that it does not know → why that proves nothing less."""

HANDOVER = "UpdatePolicy"
"""How CodeDeploy moves an alias; it means nothing without CodeDeploy."""
OF_SEVERAL = "Metrics"
"""An alarm's metrics where they are calculated with: only single ones are known."""
ENCRYPTED = "aws:SecureTransport"
"""Resource policies refuse requests without TLS, and an emulator on loopback has none."""
UNNAMED = "ses:SendEmail"
"""It asks whether a role may send for every resource, where SES asks for sender and configuration.

The one place where a policy is wider on an emulator.
"""


def adapt(directory: Path, variables: Mapping[str, str]) -> None:
    """Rewrite a synthesised assembly in its place."""
    manifest_file = directory / "manifest.json"
    manifest = json.loads(manifest_file.read_text("utf-8"))
    for stack in STACKS:
        manifest["artifacts"].pop(stack, None)
        manifest["artifacts"].pop(f"{stack}.assets", None)
        for path in directory.glob(f"{stack}.*.json"):
            path.unlink()
    for path in directory.glob("*.template.json"):
        template = adapted(json.loads(path.read_text("utf-8")), variables)
        path.write_text(json.dumps(template, indent=1), "utf-8")
    manifest_file.write_text(json.dumps(manifest, indent=1), "utf-8")


def adapted(template: Template, variables: Mapping[str, str]) -> Template:
    """Return a stack's template without what can't be taken, its functions told `variables`."""
    resources = {
        name: _told(_unnamed(_unencrypted(_at_once(resource))), variables)
        for name, resource in template["Resources"].items()
    }
    left_out = {name for name, resource in resources.items() if _is_unknown(resource)}
    while more := {n for n, r in resources.items() if left_out & set(_names(r))} - left_out:
        left_out |= more
    kept = {name: r for name, r in resources.items() if name not in left_out}
    return {**template, "Resources": kept}


def _is_unknown(resource: Resource) -> bool:
    properties = resource.get("Properties", {})
    is_calculated = resource["Type"] == "AWS::CloudWatch::Alarm" and OF_SEVERAL in properties
    is_empty = "PolicyDocument" in properties and not properties["PolicyDocument"]["Statement"]
    return resource["Type"] in TYPES or is_calculated or is_empty


def _at_once(resource: Resource) -> Resource:
    return {key: value for key, value in resource.items() if key != HANDOVER}


def _unencrypted(resource: Resource) -> Resource:
    properties = resource.get("Properties", {})
    document = properties.get("PolicyDocument")
    if document is None:
        return resource
    kept = [each for each in document["Statement"] if ENCRYPTED not in json.dumps(each)]
    changed = {**properties, "PolicyDocument": {**document, "Statement": kept}}
    return {**resource, "Properties": changed}


def _unnamed(resource: Resource) -> Resource:
    properties = resource.get("Properties", {})
    if resource["Type"] != "AWS::IAM::Role" or "Policies" not in properties:
        return resource
    policies = [
        {**policy, "PolicyDocument": for_every_resource(policy["PolicyDocument"])}
        for policy in properties["Policies"]
    ]
    return {**resource, "Properties": {**properties, "Policies": policies}}


def for_every_resource(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a policy as an emulator has to be asked for the same; see `UNNAMED`."""
    statements = [
        {**each, "Resource": "*"} if each["Action"] == UNNAMED else each
        for each in document["Statement"]
    ]
    return {**document, "Statement": statements}


def _told(resource: Resource, variables: Mapping[str, str]) -> Resource:
    if resource["Type"] != "AWS::Lambda::Function":
        return resource
    properties = resource["Properties"]
    told = {**properties["Environment"]["Variables"], **variables}
    return {**resource, "Properties": {**properties, "Environment": {"Variables": told}}}


def _names(value: object) -> Iterator[str]:
    """Yield every text in a value: among them the names of what it refers to."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _names(item)
    elif isinstance(value, list):
        for item in value:
            yield from _names(item)
