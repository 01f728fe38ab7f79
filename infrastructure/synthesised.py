"""What the documentation says of the stacks: their graph, how long things are kept, the API's edge.

`synthesised.json` keeps it, so that a page needs neither a synthesis nor Node. A test compares it
with what the stacks make.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import Any

KEPT = Path(__file__).with_name("synthesised.json")
STAGES = ("dev", "stage", "prod")
WORDS: Mapping[str, str] = {
    "AWS::DynamoDB::Table": "table",
    "AWS::Kinesis::Stream": "stream",
    "AWS::S3::Bucket": "bucket",
    "AWS::SNS::Topic": "topic",
    "AWS::SES::ConfigurationSet": "mail configuration",
    "AWS::SecretsManager::Secret": "secret",
    "AWS::KMS::Key": "key",
    "AWS::Cognito::UserPool": "user pool",
    "AWS::Cognito::UserPoolGroup": "group",
    "AWS::Cognito::UserPoolClient": "client",
    "AWS::ApiGateway::RestApi": "REST API",
    "AWS::ApiGatewayV2::Api": "WebSocket API",
    "AWS::Lambda::LayerVersion": "layer",
    "AWS::Events::Rule": "rule",
    "AWS::SQS::Queue": "dead-letter queue",
    "AWS::CloudWatch::Alarm": "alarm",
    "AWS::CloudWatch::Dashboard": "dashboard",
    "AWS::WAFv2::WebACL": "firewall",
    "AWS::GuardDuty::Detector": "GuardDuty detector",
    "AWS::SecurityHub::Hub": "Security Hub",
    "AWS::Amplify::App": "web app",
}
"""What a stack is made for, in words; the rest (roles, permissions, outputs) serves these."""

Properties = Mapping[str, Any]
Template = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StackPart:
    """One stack: which others it needs, its functions, and how many of what else it holds."""

    needs: Sequence[str]
    functions: Sequence[str]
    holds: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Synthesised:
    """One stage as its templates describe it."""

    stacks: Mapping[str, StackPart]
    days: Mapping[str, float]
    """What is removed by itself → after how many days."""
    requests_per_second: int
    burst: int
    firewall: Mapping[str, Sequence[str]]
    """Each rule of the firewall in its order → the parts of it that only count."""
    requests_of_an_address: Mapping[str, int]
    """What the firewall lets one address ask: how many `requests` in how many `seconds`."""


def read() -> dict[str, Synthesised]:
    """Return every stage as it was last kept."""
    stages = json.loads(KEPT.read_text("utf-8"))
    return {stage: _restored(found) for stage, found in stages.items()}


def keep(directory: Path) -> None:
    """Put the stage of a synthesised assembly in the place of what was kept of it."""
    stage, found = of(directory)
    stages = {**(read() if KEPT.exists() else {}), stage: found}
    text = {name: asdict(stages[name]) for name in sorted(stages, key=STAGES.index)}
    KEPT.write_text(json.dumps(text, indent=2) + "\n", "utf-8")


def of(directory: Path) -> tuple[str, Synthesised]:
    """Return the name of a synthesised assembly's stage, and what is to be told of it."""
    manifest = json.loads((directory / "manifest.json").read_text("utf-8"))["artifacts"]
    stacks = {
        name: artifact
        for name, artifact in manifest.items()
        if artifact["type"] == "aws:cloudformation:stack"
    }
    templates = {name: _template(directory, artifact) for name, artifact in stacks.items()}
    names = [artifact["properties"]["stackName"] for artifact in stacks.values()]
    (stage,) = {name.rpartition("-")[2] for name in names}
    found = _Resources([r for t in templates.values() for r in t["Resources"].values()])
    (settings,) = chain.from_iterable(
        each["MethodSettings"] for each in found.of("AWS::ApiGateway::Stage")
    )
    rules = [rule for acl in found.of("AWS::WAFv2::WebACL") for rule in acl["Rules"]]
    return stage, Synthesised(
        stacks={
            _short(name): StackPart(
                needs=sorted(_short(need) for need in _needs(stacks[name]) if need in stacks),
                functions=sorted(_functions(template, stage)),
                holds=_held(template),
            )
            for name, template in templates.items()
        },
        days=dict(_days(found)),
        requests_per_second=settings["ThrottlingRateLimit"],
        burst=settings["ThrottlingBurstLimit"],
        firewall={rule["Name"]: _counted(rule) for rule in rules},
        requests_of_an_address=next(filter(None, map(_rate, rules)), {}),
    )


class _Resources:
    def __init__(self, resources: Sequence[Mapping[str, Any]]) -> None:
        self._resources = resources

    def of(self, kind: str) -> list[Properties]:
        return [r.get("Properties", {}) for r in self._resources if r["Type"] == kind]


def _restored(found: Mapping[str, Any]) -> Synthesised:
    stacks = {name: StackPart(**part) for name, part in found["stacks"].items()}
    return Synthesised(**{**found, "stacks": stacks})


def _template(directory: Path, artifact: Mapping[str, Any]) -> Template:
    path = directory / artifact["properties"]["templateFile"]
    template: Template = json.loads(path.read_text("utf-8"))
    return template


def _short(stack: str) -> str:
    return stack.removeprefix("Omnichannel").removesuffix("Stack")


def _needs(artifact: Mapping[str, Any]) -> Sequence[str]:
    needs: Sequence[str] = artifact.get("dependencies", ())
    return needs


def _functions(template: Template, stage: str) -> Iterator[str]:
    for function in _Resources(list(template["Resources"].values())).of("AWS::Lambda::Function"):
        yield function["FunctionName"].partition(f"-{stage}-")[2]


def _held(template: Template) -> dict[str, int]:
    """Count in the order of `WORDS`."""
    kinds = Counter(resource["Type"] for resource in template["Resources"].values())
    return {word: kinds[kind] for kind, word in WORDS.items() if kind in kinds}


def _days(found: _Resources) -> Iterator[tuple[str, float]]:
    """Yield what expires; what is told twice has to be told alike."""
    for stream in found.of("AWS::Kinesis::Stream"):
        yield "stream", stream["RetentionPeriodHours"] / 24
    (logs,) = {group["RetentionInDays"] for group in found.of("AWS::Logs::LogGroup")}
    yield "logs", logs
    (queues,) = {q["MessageRetentionPeriod"] for q in found.of("AWS::SQS::Queue")}
    yield "dead letters", queues / 86_400
    for bucket in found.of("AWS::S3::Bucket"):
        for rule in bucket["LifecycleConfiguration"]["Rules"]:
            if "ExpirationInDays" in rule:
                yield rule["Id"], rule["ExpirationInDays"]
            if "NoncurrentVersionExpiration" in rule:
                yield "old versions", rule["NoncurrentVersionExpiration"]["NoncurrentDays"]


def _counted(rule: Properties) -> list[str]:
    group = rule["Statement"].get("ManagedRuleGroupStatement", {})
    overrides = group.get("RuleActionOverrides", ())
    return [each["Name"] for each in overrides if "Count" in each["ActionToUse"]]


def _rate(rule: Properties) -> Mapping[str, int]:
    limit = rule["Statement"].get("RateBasedStatement")
    return limit and {"requests": limit["Limit"], "seconds": limit["EvaluationWindowSec"]}
