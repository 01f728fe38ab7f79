"""The stacks as a whole: how many, how they depend, that stages do not meet, that rules hold."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import pytest

from chalicelib.settings import Settings
from infrastructure import synthesised
from infrastructure.stages import Stage, UnknownStage
from tests.infrastructure.conftest import PROJECT, Assembly, Synthesise

pytestmark = pytest.mark.slow

NAMES = re.compile(r"((?<!DeploymentConfig)Name|^Domain)$")
"""Properties that name a resource itself."""


def graph(assembly: Assembly) -> Mapping[str, Sequence[str]]:
    """Return which stack needs which, by their short names."""
    _, told = synthesised.of(assembly.directory)
    return {name: stack.needs for name, stack in told.stacks.items()}


def test_prod_is_eight_stacks(prod: Assembly) -> None:
    assert len(graph(prod)) == 8


def test_no_stack_needs_itself_in_the_end(dev: Assembly, stage: Assembly, prod: Assembly) -> None:
    for assembly in (dev, stage, prod):
        assert len(list(TopologicalSorter(graph(assembly)).static_order())) >= 7


def test_a_second_synthesis_writes_identical_templates(
    prod: Assembly, synthesise: Synthesise
) -> None:
    assert synthesise("prod", run=2).texts == prod.texts


def test_what_a_stack_imports_another_exports_once(prod: Assembly) -> None:
    exported = [
        output["Export"]["Name"]
        for text in prod.texts.values()
        for output in json.loads(text).get("Outputs", {}).values()
        if "Export" in output
    ]
    imported = set(walked(prod, "Fn::ImportValue"))

    assert len(exported) == len(set(exported))
    assert imported <= set(exported)


def walked(assembly: Assembly, wanted: str) -> Iterator[Any]:
    """Yield every value under a key, however deep."""

    def walk(value: object) -> Iterator[Any]:
        if isinstance(value, dict):
            for key, item in value.items():
                if key == wanted:
                    yield item
                yield from walk(item)
        elif isinstance(value, list):
            for item in value:
                yield from walk(item)

    for text in assembly.texts.values():
        yield from walk(json.loads(text))


# --- stages -----------------------------------------------------------------------------------


UNDER_ANOTHER = {
    "AWS::Amplify::Branch",
    "AWS::ApiGateway::Stage",
    "AWS::ApiGatewayV2::Stage",
    "AWS::Cognito::UserPoolGroup",
    "AWS::IAM::Policy",
    "AWS::Lambda::Alias",
}
"""Types whose names only have to differ within another resource, which has a name of its own."""
ALARM = "AWS::CloudWatch::Alarm"


def own_names(assembly: Assembly) -> set[tuple[str, str]]:
    """Return the names that this assembly's resources insist on, each with its type."""
    return {
        (resource["Type"], json.dumps(value))
        for resource in assembly.all().values()
        for key, value in resource.get("Properties", {}).items()
        if NAMES.search(key) and not _refers(value) and resource["Type"] not in UNDER_ANOTHER
    }


def _refers(value: object) -> bool:
    """Return whether a value is a resource's, so that it is the stage's own anyway."""
    return isinstance(value, dict) and ("Ref" in value or "Fn::GetAtt" in value)


def test_stages_in_one_account_do_not_collide(
    dev: Assembly, stage: Assembly, prod: Assembly
) -> None:
    taken: set[tuple[str, str]] = set()
    for assembly in (dev, stage, prod):
        alarms = {(ALARM, a["Properties"]["AlarmName"]) for a in assembly.all(ALARM).values()}
        stacks = {("stack", name) for name in stack_names(assembly)}
        names = {name for name in own_names(assembly) if name[0] != ALARM} | alarms | stacks
        assert {kind for kind, _ in names} >= {"AWS::DynamoDB::Table", "AWS::Lambda::Function"}
        assert taken & names == set()
        taken |= names


def stack_names(assembly: Assembly) -> set[str]:
    return {
        artifact["properties"]["stackName"]
        for artifact in assembly.manifest.values()
        if artifact["type"] == "aws:cloudformation:stack"
    }


def test_dev_leaves_out_what_costs_by_the_month(dev: Assembly) -> None:
    kinds = {resource["Type"] for resource in dev.all().values()}

    assert not {kind for kind in kinds if kind.startswith(("AWS::WAFv2", "AWS::GuardDuty"))}
    assert not kinds & {"AWS::SecurityHub::Hub", "AWS::KMS::Key"}
    assert "AWS::DynamoDB::Table" in kinds


def test_a_stage_without_an_address_of_its_own_writes_the_apis_into_its_links(
    dev: Assembly,
) -> None:
    (worker,) = (
        function["Properties"]["Environment"]["Variables"]
        for function in dev.resources("Worker", "AWS::Lambda::Function").values()
        if function["Properties"]["Handler"] == "app.deliver"
    )

    assert "Fn::ImportValue" in json.dumps(worker["PUBLIC_URL"])
    assert "Api" in graph(dev)["Worker"]


def test_what_an_account_can_have_once_is_left_to_it_by_setting(
    stage: Assembly, prod: Assembly
) -> None:
    once = {
        "AWS::GuardDuty::Detector",
        "AWS::SecurityHub::Hub",
        "AWS::SecurityHub::Standard",
        "AWS::ApiGateway::Account",
    }

    assert once <= {resource["Type"] for resource in prod.all().values()}
    assert not once & {resource["Type"] for resource in stage.all().values()}


def test_prod_is_protected_and_keeps_its_data(prod: Assembly) -> None:
    kept = ("AWS::DynamoDB::Table", "AWS::Kinesis::Stream", "AWS::S3::Bucket", "AWS::KMS::Key")
    stacks = [
        artifact["properties"]
        for artifact in prod.manifest.values()
        if artifact["type"] == "aws:cloudformation:stack"
    ]

    assert all(stack["terminationProtection"] for stack in stacks)
    for kind in (*kept, "AWS::Cognito::UserPool", "AWS::Logs::LogGroup"):
        found = prod.all(kind)
        assert found and {r["DeletionPolicy"] for r in found.values()} == {"Retain"}, kind


def test_everything_that_takes_tags_says_whose_it_is(prod: Assembly) -> None:
    for kind in ("AWS::Lambda::Function", "AWS::S3::Bucket", "AWS::Kinesis::Stream"):
        for resource in prod.all(kind).values():
            keys = {tag["Key"] for tag in resource["Properties"]["Tags"]}
            assert {"project", "stage", "owner", "cost-centre"} <= keys


@pytest.mark.parametrize(
    ("stage", "changes", "said"),
    [
        ("production", {}, "no stage 'production'"),
        ("prod", {"shards": "0"}, "shards"),
        ("prod", {"shards": "3"}, "reserved executions"),
        ("prod", {"wharf": "x"}, "wharf"),
        ("prod", {"canary": "Maybe"}, "canary"),
        ("prod", {"github_secret": "signin/github"}, "named omnichannel-publisher/prod/"),
        ("dev", {"github_secret": "omnichannel-publisher/dev/github"}, "needs a domain, or a"),
    ],
)
def test_a_stage_that_can_not_be_is_refused_in_a_sentence(
    stage: str, changes: Mapping[str, str], said: str
) -> None:
    with pytest.raises(UnknownStage, match=said):
        Stage.read(stage, changes)


def test_the_deployed_names_are_those_that_the_application_is_told(prod: Assembly) -> None:
    told = Stage.read("prod").settings

    assert prod.one("Data", "AWS::DynamoDB::Table")["TableName"] == told.table_name
    assert prod.one("Data", "AWS::Kinesis::Stream")["Name"] == told.stream_name
    assert prod.one("Data", "AWS::SNS::Topic")["TopicName"] == told.mail_events_topic
    assert prod.one("Data", "AWS::SES::ConfigurationSet")["Name"] == told.mail_configuration_set
    assert isinstance(told, Settings)


# --- rules ------------------------------------------------------------------------------------


def test_every_finding_of_the_rules_is_explained(
    dev: Assembly, stage: Assembly, prod: Assembly
) -> None:
    for assembly in (dev, stage, prod):
        report = json.loads((assembly.directory / "validation-report.json").read_text())
        assert [v for plugin in report["pluginReports"] for v in plugin["violations"]] == []


LOOSE = """
from pathlib import Path
import sys
from infrastructure import node
node.provide()
from aws_cdk import aws_sns
from infrastructure.application import application
from infrastructure.bundle import Bundle
from infrastructure.stages import Stage
app = application(Stage.read("dev"), Bundle.read(Path(sys.argv[1])), sys.argv[2])
aws_sns.Topic(app.node.find_child("OmnichannelDataStack"), "Loose")
app.synth()
"""


def test_a_finding_that_nobody_explained_fails_the_synthesis(dev: Assembly, shared: Path) -> None:
    command = [sys.executable, "-c", LOOSE, str(shared / "package"), str(shared / "loose")]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)

    assert done.returncode != 0
    assert "AwsSolutions-SNS" in done.stdout + done.stderr
    assert "OmnichannelDataStack/Loose" in done.stdout + done.stderr


def test_the_linter_finds_nothing_in_any_template(prod: Assembly) -> None:
    templates = [str(path) for path in sorted(prod.directory.glob("*.template.json"))]
    command = [f"{sys.prefix}/bin/cfn-lint", "--ignore-checks", "W3005", "--template"]
    done = subprocess.run([*command, *templates], capture_output=True, text=True)

    assert (done.returncode, done.stdout) == (0, "")
