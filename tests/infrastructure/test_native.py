"""The native way: what Chalice is supplied with, what is found again, what is taken away."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws

from infrastructure.bundle import Bundle, PackagedFunction
from infrastructure.native.account import NotReady
from infrastructure.native.command import Native, words
from infrastructure.native.handover import hand_over
from infrastructure.native.state import adopt
from infrastructure.native.supply import LINKED, folder
from infrastructure.packaging.target import VERSION
from infrastructure.resilience import TELLING
from infrastructure.stages import CHALICE, ROOT, Stage
from tests.infrastructure import natively

LAYER = "omnichannel-publisher-prod-imaging"
CONFIG: dict[str, Any] = json.loads(CHALICE.read_text())


@dataclass
class Deployment:
    """A native deployment whose stacks and Chalice are only recorded."""

    root: Path
    stage: Stage = field(default_factory=natively.prod)
    commands: list[Sequence[str]] = field(default_factory=list)
    stacks: list[tuple[Sequence[str], Mapping[str, str]]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    status: int = 0

    def __post_init__(self) -> None:
        self.account = natively.ground(self.stage)
        self.bundle = packaged(self.root / "package")
        for name in LINKED:
            (self.root / name).symlink_to(ROOT / name)
        self.native = Native(
            self.account,
            lambda: self.bundle,
            lambda stacks, told: self.stacks.append((stacks, told)),
            self.run,
            self.said.append,
            self.root,
        )

    def run(self, command: Sequence[str], place: Path) -> int:
        written = folder(self.stage, self.root)
        assert place == {"deploy": written, "delete": self.root}[command[1]]
        self.commands.append([Path(command[0]).name, *command[1:]])
        return self.status

    @property
    def written(self) -> Path:
        return folder(self.stage, self.root) / ".chalice"

    @property
    def config(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.written / "config.json").read_text())
        return found

    @property
    def state(self) -> Path:
        return self.root / ".chalice" / "deployed" / "prod.json"

    def statements(self, file: str) -> dict[str, Any]:
        found = json.loads((self.written / file).read_text())["Statement"]
        return {each["Sid"]: each for each in found}


def packaged(directory: Path) -> Bundle:
    """Return a package of the functions and policies that are configured, with nothing in it."""
    directory.mkdir()
    for name in ("deployment.zip", "imaging-layer.zip"):
        (directory / name).write_bytes(b"PK\x05\x06" + bytes(18))
    functions = {}
    for name, settings in CONFIG["lambda_functions"].items():
        file = CHALICE.with_name(settings["iam_policy_file"])
        functions[name] = PackagedFunction(
            name,
            {"Architectures": ["arm64"]},
            tuple(json.loads(file.read_text())["Statement"]),
            ("ImagingLayer",) if name in ("deliver", "prepare_media") else (),
        )
    layer = {
        "LayerName": LAYER,
        "Description": "What draws",
        "ContentUri": "./imaging-layer.zip",
        "CompatibleRuntimes": ["python3.12"],
        "CompatibleArchitectures": ["arm64"],
    }
    return Bundle(directory, functions, {}, {"ImagingLayer": layer})


needs_our_python = pytest.mark.skipif(
    sys.version_info[:2] != VERSION, reason="Chalice deploys for its own Python"
)


@pytest.fixture
def deployment(tmp_path: Path) -> Iterator[Deployment]:
    with mock_aws():
        yield Deployment(tmp_path)


# --- what Chalice is supplied with ------------------------------------------------------------


def test_chalice_is_told_what_only_the_account_knows(deployment: Deployment) -> None:
    deployment.native.supply()
    variables = deployment.config["stages"]["prod"]["environment_variables"]

    assert variables["USER_POOL_ARN"] == natively.POOL
    assert variables["CLIENT_ID"] == "theclient"
    assert variables["MEDIA_BUCKET"] == "data-media-1x"
    assert variables["FAILURE_BUCKET"] == "data-failures-1x"
    assert variables["RELEASE_FUNCTION"] == "omnichannel-publisher-prod-release_due"
    assert variables["STAGE"] == "prod"


def test_the_tracked_configuration_is_left_alone(deployment: Deployment) -> None:
    before = CHALICE.read_bytes()
    deployment.native.supply()

    assert CHALICE.read_bytes() == before


def test_the_functions_that_draw_get_the_published_layer(deployment: Deployment) -> None:
    deployment.native.supply()
    functions = deployment.config["stages"]["prod"]["lambda_functions"]
    (version,) = deployment.account.client("lambda").list_layer_versions(LayerName=LAYER)[
        "LayerVersions"
    ]

    arn = version["LayerVersionArn"]
    assert functions == {"deliver": {"layers": [arn]}, "prepare_media": {"layers": [arn]}}


def test_a_layer_is_published_again_only_when_its_bytes_change(deployment: Deployment) -> None:
    deployment.native.supply()
    first = deployment.config
    deployment.native.supply()
    assert deployment.config == first

    (deployment.bundle.directory / "imaging-layer.zip").write_bytes(b"PK\x05\x06" + bytes(19))
    deployment.native.supply()
    assert deployment.config != first


def test_only_the_layer_in_use_and_the_one_before_are_kept(deployment: Deployment) -> None:
    for size in (18, 19, 20):
        file = deployment.bundle.directory / "imaging-layer.zip"
        file.write_bytes(b"PK\x05\x06" + bytes(size))
        deployment.native.supply()
    versions = deployment.account.client("lambda").list_layer_versions(LayerName=LAYER)

    assert sorted(v["Version"] for v in versions["LayerVersions"]) == [2, 3]


def test_policies_name_the_resources_of_this_stage(deployment: Deployment) -> None:
    deployment.native.supply()
    api, deliver = map(deployment.statements, ("policy-api.json", "policy-deliver.json"))
    text = json.dumps([api, deliver])

    assert api["Table"]["Resource"][0] == natively.arn(
        "dynamodb", "table/omnichannel-publisher-prod"
    )
    assert api["ReleaseAtOnce"]["Resource"] == [
        natively.arn("lambda", "function:omnichannel-publisher-prod-release_due")
    ]
    assert api["Log"]["Resource"][0] == natively.arn(
        "logs", "log-group:/aws/lambda/omnichannel-publisher-prod"
    )
    assert deliver["KeepFailures"]["Resource"] == ["arn:aws:s3:::data-failures-1x/*"]
    assert deliver["Key"]["Resource"] == natively.arn("kms", "key/one")
    assert ":*:*:" not in text.replace("arn:aws:sns:*:*:*", "")


def test_functions_that_are_handed_events_may_keep_those_they_fail_on(
    deployment: Deployment,
) -> None:
    deployment.native.supply()

    assert deployment.statements("policy-release.json")["KeepFailedEvents"]["Resource"] == (
        natively.arn("sqs", "omnichannel-publisher-prod-release-due-dead")
    )
    assert "KeepFailedEvents" not in deployment.statements("policy-api.json")


def test_an_emulated_aws_gets_its_addresses_and_one_wider_policy(tmp_path: Path) -> None:
    told = '{"STAGE": "emulated", "PLATFORM_ENDPOINTS": "{}"}'
    with mock_aws():
        deployment = Deployment(tmp_path, natively.prod(emulated=told))
        deployment.native.supply()
        variables = deployment.config["stages"]["prod"]["environment_variables"]
        statements = deployment.statements("policy-deliver.json")

    assert (variables["STAGE"], variables["PLATFORM_ENDPOINTS"]) == ("emulated", "{}")
    assert statements["Email"]["Resource"] == "*"
    assert statements["Table"]["Resource"] != "*"


def test_only_the_api_is_told_of_the_bridge_to_github(tmp_path: Path) -> None:
    secret = "omnichannel-publisher/prod/github"
    with mock_aws():
        deployment = Deployment(tmp_path, natively.prod(github_secret=secret))
        deployment.native.supply()
        told = deployment.config["stages"]["prod"]
        statements = deployment.statements("policy-api.json")

    bridge = told["lambda_functions"]["api_handler"]["environment_variables"]
    assert bridge["GITHUB_SECRET"] == "github"
    assert bridge["TOKEN_KEY"] == statements["SignTokens"]["Resource"]
    assert bridge.keys().isdisjoint(told["environment_variables"])


def test_the_code_that_is_deployed_is_this_checkouts(deployment: Deployment) -> None:
    deployment.native.supply()

    for name in (*LINKED, *(str(p.relative_to(ROOT)) for p in (ROOT / "chalicelib").rglob("*.py"))):
        place = deployment.written.parent / name
        assert place.is_dir() or place.resolve() == (ROOT / name).resolve()


@needs_our_python
def test_chalice_takes_our_package_for_its_own(deployment: Deployment) -> None:
    deployment.native.supply()
    (offered,) = (deployment.written / "deployments").iterdir()
    wanted = deployment.bundle.directory / "deployment.zip"

    assert hashlib.sha256(offered.read_bytes()).digest() == (
        hashlib.sha256(wanted.read_bytes()).digest()
    )


def test_without_the_stacks_it_says_which_step_is_missing(tmp_path: Path) -> None:
    with mock_aws(), pytest.raises(NotReady, match="run chalice-cdk native ground --stage prod"):
        _ = natively.account_of(natively.prod()).exports


# --- from the checkout ------------------------------------------------------------------------


@needs_our_python
@pytest.mark.parametrize(
    ("arguments", "handed_over"),
    [
        (["chalice", "deploy", "--stage", "prod"], ["chalice", "deploy", "--stage", "prod"]),
        (
            ["chalice", "--project-dir", ".", "deploy", "--stage=prod"],
            ["chalice", "deploy", "--stage=prod"],
        ),
        (["chalice", "--project-dir=.", "deploy", "--stage=prod"], None),
    ],
)
def test_chalice_deploy_in_the_checkout_goes_on_where_the_account_is_known(
    deployment: Deployment,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    handed_over: list[str] | None,
) -> None:
    deployment.native.supply()
    monkeypatch.chdir(deployment.root)
    run: list[tuple[str, Sequence[str], Path]] = []
    found: list[tuple[str, str, Path]] = []
    hand_over(
        arguments,
        deployment.root,
        lambda path, given: run.append((path, given, Path.cwd())),
        lambda *asked: found.append(asked),
    )

    wanted = [sys.executable, *(handed_over or ["chalice", "deploy", "--stage=prod"])]
    assert run == [(sys.executable, wanted, deployment.written.parent)]
    assert found == [("prod", "", deployment.state)]


def test_chalice_deploy_in_the_checkout_is_refused_before_it_is_supplied(
    deployment: Deployment,
) -> None:
    with pytest.raises(SystemExit, match="run chalice-cdk native --stage prod supply first"):
        hand_over(["chalice", "deploy", "--stage", "prod"], deployment.root)


@needs_our_python
def test_chalice_deploy_of_other_code_than_was_packaged_is_refused(
    deployment: Deployment,
) -> None:
    deployment.native.supply()
    (offered,) = (deployment.written / "deployments").iterdir()
    offered.unlink()

    with pytest.raises(SystemExit, match="the code is not what was packaged"):
        hand_over(["chalice", "deploy", "--stage", "prod"], deployment.root)


@needs_our_python
@pytest.mark.parametrize(
    ("change", "is_taken"),
    [
        (lambda code: (code / "__pycache__" / "ids.cpython-399.pyc").write_bytes(b"x"), True),
        (lambda code: (code / "settings.py").write_text("# other"), False),
        (lambda code: (code / "settings.py").unlink(), False),
    ],
    ids=["another Python's bytecode", "other code", "a file is gone"],
)
def test_only_a_change_to_the_code_is_refused(
    deployment: Deployment, change: Callable[[Path], object], is_taken: bool
) -> None:
    code = deployment.root / "chalicelib"
    code.unlink()
    shutil.copytree(ROOT / "chalicelib", code)
    (code / "__pycache__").mkdir(exist_ok=True)
    deployment.native.supply()
    change(code)

    run: list[str] = []
    with contextlib.ExitStack() as held:
        if not is_taken:
            held.enter_context(pytest.raises(SystemExit, match="is not what was packaged"))
        held.enter_context(contextlib.chdir(deployment.root))
        hand_over(
            ["chalice", "deploy", "--stage", "prod"],
            deployment.root,
            lambda path, _: run.append(path),
            lambda *_: None,
        )
    assert bool(run) is is_taken


# --- what Chalice remembers -------------------------------------------------------------------


def test_what_is_deployed_is_found_without_any_record_of_it(deployment: Deployment) -> None:
    made = natively.deploy(deployment.account)
    adopt(deployment.account, deployment.state, deployment.said.append)
    records = {each["name"]: each for each in json.loads(deployment.state.read_text())["resources"]}

    assert len(records) == 10 + 10 + 2 + 2 + 1 + 1
    assert records["websocket_api"]["websocket_api_id"] == made["live"]
    assert records["rest_api"]["rest_api_id"] == made["api"]
    assert records["deliver-kinesis-event-source"]["event_uuid"] == made["mapping"]
    assert records["hear_mail-sns-subscription"]["subscription_arn"] == made["subscription"]
    assert records["api_handler"]["lambda_arn"] == made["functions"]["api_handler"]
    assert records["deliver_role"]["role_name"] == "omnichannel-publisher-prod-deliver"


def test_a_record_of_what_is_gone_is_forgotten(deployment: Deployment) -> None:
    deployment.state.parent.mkdir(parents=True)
    deployment.state.write_text("{}")
    adopt(deployment.account, deployment.state, deployment.said.append)

    assert not deployment.state.exists()


def test_half_a_deployment_is_found_too(deployment: Deployment) -> None:
    natively.function(deployment.account, "deliver")
    adopt(deployment.account, deployment.state, deployment.said.append)
    records = json.loads(deployment.state.read_text())["resources"]

    assert [each["name"] for each in records] == ["deliver_role", "deliver"]


def test_what_failed_deployments_made_twice_is_removed_but_for_what_is_in_use(
    deployment: Deployment,
) -> None:
    made = natively.deploy(deployment.account)
    handler = made["functions"]["api_handler"]
    natively.api(deployment.account, handler)
    used = natively.api(deployment.account, handler, "omnichannel-publisher-prod")
    found = adopt(deployment.account, deployment.state, deployment.said.append)
    left = deployment.account.client("apigateway").get_rest_apis()["items"]

    assert found.api == used
    assert [each["id"] for each in left] == [used]


def test_another_stages_api_is_not_touched(deployment: Deployment) -> None:
    other = natively.function(
        natively.account_of(Stage.read("dev", {"native": "yes"})), "api_handler"
    )
    api = natively.api(deployment.account, other)
    adopt(deployment.account, deployment.state, deployment.said.append)

    assert [a["id"] for a in deployment.account.client("apigateway").get_rest_apis()["items"]] == [
        api
    ]
    assert not deployment.state.exists()


# --- steps ------------------------------------------------------------------------------------


def test_data_and_auth_come_first_and_what_stands_around_is_told_the_api(
    deployment: Deployment,
) -> None:
    deployment.native.do(["ground"])
    made = natively.deploy(deployment.account)
    deployment.native.do(["attach"])

    assert deployment.stacks == [
        (("OmnichannelDataStack", "OmnichannelAuthStack"), {}),
        (
            (
                "OmnichannelMonitoringStack",
                "OmnichannelSecurityStack",
                "OmnichannelFrontendStack",
            ),
            {
                "RestApiId": made["api"],
                "WebSocketApiId": made["live"],
                "StreamMapping": made["mapping"],
            },
        ),
    ]


def test_the_cdk_is_told_the_parameters_of_the_stacks_that_there_are(tmp_path: Path) -> None:
    for name, parameters in (("Monitoring", ["StreamMapping", "BootstrapVersion"]), ("Auth", [])):
        template = {"Parameters": {each: {} for each in parameters}}
        (tmp_path / f"{name}.template.json").write_text(json.dumps(template))
    told = {"RestApiId": "abc", "StreamMapping": "1-2"}

    assert words(tmp_path, "prod", ["Monitoring", "Security", "Auth"], told) == [
        "Monitoring",
        "Auth",
        "--exclusively",
        "--require-approval",
        "never",
        "--parameters",
        "Monitoring-prod:StreamMapping=1-2",
    ]


def test_chalice_is_asked_in_the_words_of_its_manual(deployment: Deployment) -> None:
    natively.deploy(deployment.account)
    deployment.native.do(["supply", "deploy"])

    assert deployment.commands == [["chalice", "deploy", "--stage", "prod"]]


@pytest.mark.parametrize("address", ["", "https://announcer.example.org"])
def test_what_only_the_apis_know_of_themselves_is_told_in_a_second_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setattr(Stage, "public_url", address)
    with mock_aws():
        deployment = Deployment(tmp_path)
        deployment.native.supply()
        told = deployment.config["stages"]["prod"]["environment_variables"].get("PUBLIC_URL", "")
        assert told == address
        made: dict[str, Any] = {}

        def run(command: Sequence[str], place: Path) -> int:
            made.update(made or natively.deploy(deployment.account))
            return deployment.run(command, place)

        object.__setattr__(deployment.native, "run", run)
        deployment.native.deploy()

        assert len(deployment.commands) == 2
        variables = deployment.config["stages"]["prod"]["environment_variables"]
        assert variables["PUBLIC_URL"] == (
            address or f"https://{made['api']}.execute-api.us-east-1.amazonaws.com/v1"
        )


def test_whoever_sends_frames_is_told_where_and_allowed_it_there(deployment: Deployment) -> None:
    made = natively.deploy(deployment.account)
    deployment.native.supply()
    functions = deployment.config["stages"]["prod"]["lambda_functions"]
    told = {
        name: given["environment_variables"]["WEBSOCKET_ENDPOINT"]
        for name, given in functions.items()
        if "WEBSOCKET_ENDPOINT" in given.get("environment_variables", {})
    }

    assert told == dict.fromkeys(
        TELLING, f"https://{made['live']}.execute-api.us-east-1.amazonaws.com/v1"
    )
    (may,) = deployment.statements("policy-deliver.json")["Push"]["Resource"]
    assert may == natively.arn("execute-api", f"{made['live']}/v1/POST/@connections/*")


def test_a_second_websocket_that_a_failed_deployment_left_is_removed(
    deployment: Deployment,
) -> None:
    gateway = deployment.account.client("apigatewayv2")
    name = "omnichannel-publisher-prod-websocket-api"
    gateway.create_api(Name=name, ProtocolType="WEBSOCKET")
    made = natively.deploy(deployment.account)
    found = adopt(deployment.account, deployment.state, deployment.said.append)

    assert found.live_api == made["live"]
    assert [each["ApiId"] for each in gateway.get_apis()["Items"]] == [made["live"]]


def test_a_failed_deployment_says_that_it_can_be_repeated(deployment: Deployment) -> None:
    deployment.native.supply()
    deployment.status = 1

    with pytest.raises(NotReady, match="chalice deploy failed"):
        deployment.native.deploy()


def test_nothing_is_deployed_before_it_is_supplied(deployment: Deployment) -> None:
    with pytest.raises(NotReady, match="run chalice-cdk native supply first"):
        deployment.native.deploy()


def test_an_unknown_step_is_refused_before_anything_is_done(deployment: Deployment) -> None:
    with pytest.raises(NotReady, match="not polish"):
        deployment.native.do(["ground", "polish"])

    assert deployment.stacks == []


def test_what_chalice_leaves_is_removed_but_for_what_prod_keeps(deployment: Deployment) -> None:
    natively.deploy(deployment.account)
    logs = deployment.account.client("logs")
    logs.create_log_group(logGroupName="/aws/lambda/omnichannel-publisher-prod")
    deployment.native.do(["supply"])
    shutil.rmtree(deployment.written.parent)
    deployment.native.do(["delete"])
    client = deployment.account.client("lambda")

    assert deployment.commands == [["chalice", "delete", "--stage", "prod"]]
    assert client.list_layer_versions(LayerName=LAYER)["LayerVersions"] == []
    assert not deployment.state.exists()
    assert len(logs.describe_log_groups()["logGroups"]) == 1


def test_a_stage_that_keeps_nothing_leaves_no_logs(tmp_path: Path) -> None:
    with mock_aws():
        deployment = Deployment(tmp_path, natively.prod(retain="no"))
        logs = deployment.account.client("logs")
        logs.create_log_group(logGroupName="/aws/lambda/omnichannel-publisher-prod-deliver")
        deployment.native.do(["supply", "delete"])

        assert logs.describe_log_groups()["logGroups"] == []
