"""What of a stage costs money, counted in the templates of its stacks.

`deployed.json` keeps the counts, so that a bill needs neither a synthesis nor Node. A test compares
it with what the stacks make.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from chalicelib.settings import ON

COUNTS = Path(__file__).with_name("deployed.json")
FUNCTION_ALARMS = ("-error-rate", "-errors", "-slow", "-throttled")
"""How the names of alarms on single functions end."""
GLOBAL = "CLOUDFRONT"
"""Scope of a firewall before the web app."""
API_ALARMS = ("-api-slow",)

Template = Mapping[str, Any]
Properties = Mapping[str, Any]


class NotCounted(Exception):
    """The templates hold no stage that could be counted; the message says why."""


@dataclass(frozen=True, slots=True)
class Deployed:
    """The parts of one stage that are paid for, and the settings that decide how much."""

    stage: str
    memory_mb: Mapping[str, int]
    """By function."""
    provisioned: int
    """API environments that are kept warm."""
    shards: int
    window_seconds: int
    """How long the stream's records wait for others."""
    metered_methods: bool
    """Whether API Gateway writes metrics for each method."""
    traced: bool
    sampled_share: float
    """How many of the API's requests are traced."""
    firewalls: int
    firewall_rules: int
    web_firewalls: int
    """Of the firewalls, how many stand before the web app."""
    hosting_firewalls: int
    """Of those, how many stand before Amplify itself."""
    distributions: int
    zones: int
    """Hosted zones that names are put into."""
    alarm_metrics: int
    alarm_metrics_of_functions: int
    """Of those, how many watch single functions: `function_alarms` of the stage."""
    dashboards: int
    secrets: int
    keys: int
    detectors: int
    hubs: int
    web_apps: int
    adapts: bool
    """Whether a model has a say: the setting `USE_AI_AGENT`."""

    @classmethod
    def counted(cls, templates: Iterable[Template]) -> Deployed:
        """Count in a stage's templates; `NotCounted` if they are not of one stage."""
        found = _Resources([t for template in templates for t in template["Resources"].values()])
        functions = found.of("AWS::Lambda::Function")
        stages = {_stage(function) for function in functions}
        if len(stages) != 1:
            raise NotCounted(f"These are not the templates of one stage: {sorted(stages)}")
        (stage,) = stages
        (mapping,) = found.of("AWS::Lambda::EventSourceMapping")
        firewalls = found.of("AWS::WAFv2::WebACL")
        alarms = found.of("AWS::CloudWatch::Alarm")
        return cls(
            stage=stage,
            memory_mb={_name(each, stage): each["MemorySize"] for each in functions},
            provisioned=sum(map(_provisioned, found.of("AWS::Lambda::Alias"))),
            shards=sum(stream["ShardCount"] for stream in found.of("AWS::Kinesis::Stream")),
            window_seconds=mapping.get("MaximumBatchingWindowInSeconds", 0),
            metered_methods=any(map(_metered, found.of("AWS::ApiGateway::Stage"))),
            traced=any(_is_traced(function) for function in functions),
            sampled_share=_sampled(found.of("AWS::XRay::SamplingRule")),
            firewalls=len(firewalls),
            firewall_rules=sum(len(acl["Rules"]) for acl in firewalls),
            web_firewalls=sum(acl.get("Scope") == GLOBAL for acl in firewalls),
            hosting_firewalls=sum(map(_is_of_amplify, found.of("AWS::WAFv2::WebACLAssociation"))),
            distributions=len(found.of("AWS::CloudFront::Distribution")),
            zones=len({r["HostedZoneId"] for r in found.of("AWS::Route53::RecordSet")}),
            alarm_metrics=sum(map(_metrics, alarms)),
            alarm_metrics_of_functions=sum(map(_metrics, filter(_is_of_function, alarms))),
            dashboards=len(found.of("AWS::CloudWatch::Dashboard")),
            secrets=len(found.of("AWS::SecretsManager::Secret")),
            keys=len(found.of("AWS::KMS::Key")),
            detectors=len(found.of("AWS::GuardDuty::Detector")),
            hubs=len(found.of("AWS::SecurityHub::Hub")),
            web_apps=len(found.of("AWS::Amplify::App")),
            adapts=any(map(_adapts, functions)),
        )


def read() -> dict[str, Deployed]:
    """Return every stage as it was last counted."""
    stages = json.loads(COUNTS.read_text("utf-8"))
    return {name: Deployed(stage=name, **counts) for name, counts in stages.items()}


def keep(counted: Deployed) -> None:
    """Put one stage's counts in the place of those that were kept."""
    stages = {**(read() if COUNTS.exists() else {}), counted.stage: counted}
    text = {name: _without_name(stages[name]) for name in sorted(stages, key=_order)}
    COUNTS.write_text(json.dumps(text, indent=2) + "\n", "utf-8")


def templates(folder: Path) -> Iterator[Template]:
    """Yield the templates of a synthesised assembly."""
    for path in sorted(folder.glob("*.template.json")):
        template: Template = json.loads(path.read_text("utf-8"))
        yield template


class _Resources:
    def __init__(self, resources: Iterable[Mapping[str, Any]]) -> None:
        self._resources = list(resources)

    def of(self, kind: str) -> list[Properties]:
        return [r.get("Properties", {}) for r in self._resources if r["Type"] == kind]


def _is_of_amplify(association: Properties) -> bool:
    return bool(association["ResourceArn"] == {"Fn::GetAtt": ["App", "Arn"]})


def _stage(function: Properties) -> str:
    stage: str = function["Environment"]["Variables"]["STAGE"]
    return stage


def _name(function: Properties, stage: str) -> str:
    whole: str = function["FunctionName"]
    return whole.partition(f"-{stage}-")[2]


def _provisioned(alias: Properties) -> int:
    settings = alias.get("ProvisionedConcurrencyConfig", {})
    return int(settings.get("ProvisionedConcurrentExecutions", 0))


def _metered(stage: Properties) -> bool:
    return any(settings.get("MetricsEnabled") for settings in stage.get("MethodSettings", ()))


def _is_traced(function: Properties) -> bool:
    return bool(function.get("TracingConfig", {}).get("Mode") == "Active")


def _adapts(function: Properties) -> bool:
    told = function["Environment"]["Variables"]
    return str(told.get("USE_AI_AGENT", "")).lower() in ON


def _sampled(rules: Iterable[Properties]) -> float:
    return max((float(rule["SamplingRule"]["FixedRate"]) for rule in rules), default=1)


def _metrics(alarm: Properties) -> int:
    """Return how many metrics an alarm watches: each is paid for, an expression is not."""
    return sum("MetricStat" in metric for metric in alarm.get("Metrics", ())) or 1


def _is_of_function(alarm: Properties) -> bool:
    name: str = alarm.get("AlarmName", "")
    return name.endswith(FUNCTION_ALARMS) and not name.endswith(API_ALARMS)


def _without_name(counted: Deployed) -> dict[str, Any]:
    return {name: value for name, value in asdict(counted).items() if name != "stage"}


def _order(stage: str) -> int:
    return ("dev", "stage", "prod").index(stage)
