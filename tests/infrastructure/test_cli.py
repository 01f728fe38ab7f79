"""`chalice-cdk`: what it refuses in a sentence, and what it says is missing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from infrastructure import cli
from infrastructure.bundle import Bundle, NotPackaged
from infrastructure.stages import Stage
from tests.sandbox.platform_kit import serving

KNOWN = "[default]\naws_access_key_id = a\naws_secret_access_key = b\nregion = us-east-1\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["synth", "--stage", "live"], "There is no stage 'live': choose one of dev, stage, prod."),
        (["synth", "-c", "shards"], "-c takes name=value, not shards"),
        (["synth", "-c", "shards=many"], "shards: "),
        (["synth", "--everything"], "chalice-cdk synth does not know --everything"),
    ],
)
def test_what_can_not_be_is_refused_in_one_line(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(arguments) == 1
    out, err = capsys.readouterr()

    assert out == ""
    assert said in err and err.count("\n") == 1


@pytest.fixture
def stranger(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Leave this machine nothing that says who asks AWS; return where its profiles would be."""
    profiles = tmp_path / "config"
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(profiles))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    return profiles


@pytest.mark.parametrize("command", ["bootstrap", "diff", "deploy", "destroy", "native"])
@pytest.mark.parametrize(
    ("rest", "said"),
    [
        ([], "AWS credentials: none found; AWS_PROFILE or the usual AWS variables say who"),
        (["--profile", "work"], "AWS credentials: The config profile (work) could not be found"),
    ],
)
@pytest.mark.usefixtures("stranger")
def test_what_reaches_an_account_first_asks_for_credentials(
    command: str, rest: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([command, *rest]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(said) and err.count("\n") == 1


def test_the_credentials_of_a_profile_are_enough(stranger: Path) -> None:
    stranger.write_text("[profile work]\naws_access_key_id = a\naws_secret_access_key = b\n")
    cli.require_credentials(["--all", "--profile", "work"])


@pytest.mark.usefixtures("stranger")
def test_the_doctor_names_what_is_missing_and_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["doctor"]) == 1
    said = capsys.readouterr().err
    assert "missing  AWS credentials: no region" in said
    assert "missing  configuration: PUBLIC_URL" in said


@pytest.mark.parametrize(
    ("allowed", "said"),
    [
        (115, []),
        (
            10,
            [
                "this account allows 10 executions at once, the stage needs 115: have Service "
                "Quotas raise Lambda's Concurrent executions (L-B99A9384), or take "
                "reserved_concurrency out of .chalice/config.json"
            ],
        ),
    ],
)
def test_the_doctor_knows_what_a_new_account_would_refuse(
    allowed: int, said: list[str], stranger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger.write_text(KNOWN)
    answer = json.dumps({"AccountLimit": {"ConcurrentExecutions": allowed}}).encode()
    with serving(lambda *_: (200, {}, answer)) as account:
        monkeypatch.setenv("AWS_ENDPOINT_URL", account)

        assert list(dict(cli.CHECKS)["AWS quota"](Stage.read("dev"))) == said


def test_the_doctor_says_when_the_quota_may_not_be_read(
    stranger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger.write_text(KNOWN)
    refusal = {"x-amzn-errortype": "AccessDeniedException"}
    with serving(lambda *_: (403, refusal, b"{}")) as account:
        monkeypatch.setenv("AWS_ENDPOINT_URL", account)

        (said,) = dict(cli.CHECKS)["AWS quota"](Stage.read("dev"))

    assert "quota can't be read" in said and "AccessDenied" in said


@pytest.mark.usefixtures("stranger")
def test_the_doctor_asks_nobody_for_a_quota_without_credentials() -> None:
    assert list(dict(cli.CHECKS)["AWS quota"](Stage.read("dev"))) == []


def test_a_stage_that_names_everything_lacks_no_configuration() -> None:
    stage = Stage.read(
        "dev", {"alarm_email": "ops@example.org", "web_origins": "https://app.example.net"}
    )

    assert list(dict(cli.CHECKS)["configuration"](stage)) == []


def test_without_a_package_it_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(NotPackaged, match="run make package first"):
        Bundle.read(tmp_path)


def test_an_event_that_the_package_lacks_is_named(tmp_path: Path) -> None:
    role = {"Type": "AWS::IAM::Role", "Properties": {"Policies": []}}
    function = {
        "Type": "AWS::Serverless::Function",
        "Properties": {"Role": {"Fn::GetAtt": ["ReleaseDueRole", "Arn"]}},
    }
    api = {"Type": "AWS::Serverless::Api", "Properties": {}}
    resources = {"ReleaseDueRole": role, "ReleaseDue": function, "RestAPI": api}
    (tmp_path / "sam.json").write_text(json.dumps({"Resources": resources}))

    with pytest.raises(NotPackaged, match="release_due has no Schedule event"):
        Bundle.read(tmp_path).functions["release_due"].source("Schedule")
