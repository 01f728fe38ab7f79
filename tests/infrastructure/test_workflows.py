"""The workflows of GitHub Actions, and the roles that they deploy with."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".github" / "workflows"
WORKFLOWS = {path.name: yaml.safe_load(path.read_text("utf-8")) for path in FOLDER.glob("*.yml")}
DEPLOY = WORKFLOWS["deploy.yml"]
ROLES = yaml.safe_load((ROOT / "infrastructure" / "github.yaml").read_text("utf-8"))
PINNED = re.compile(r"[\w.-]+(/[\w.-]+)+@[0-9a-f]{40}")

Job = Mapping[str, Any]


def jobs() -> Iterator[tuple[str, Job]]:
    """Yield every job of every workflow under a readable name."""
    for name, workflow in WORKFLOWS.items():
        for job_name, job in workflow["jobs"].items():
            yield f"{name}:{job_name}", job


def steps() -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield every step with its job's name."""
    for name, job in jobs():
        for step in job.get("steps", ()):
            yield name, step


def on(workflow: Mapping[Any, Any]) -> Mapping[str, Any]:
    """Return what starts a workflow; YAML 1.1 takes the word for a boolean."""
    starts: Mapping[str, Any] = workflow[True]
    return starts


# --- what runs ----------------------------------------------------------------------------------


def test_every_action_is_pinned_by_commit() -> None:
    used = [step["uses"] for _, step in steps() if "uses" in step]

    assert used
    assert [action for action in used if not PINNED.fullmatch(action)] == []


def test_every_pin_says_which_version_it_is() -> None:
    lines = [line for path in FOLDER.glob("*.yml") for line in path.read_text().splitlines()]
    pins = [line for line in lines if "uses:" in line and "@" in line]

    assert [line for line in pins if not re.search(r"# v\d+\.\d+\.\d+$", line)] == []


def test_an_action_has_the_same_pin_everywhere() -> None:
    used = {step["uses"] for _, step in steps() if "uses" in step}
    assert len({action.partition("@")[0] for action in used}) == len(used)


def test_a_step_runs_what_a_person_can_run_by_hand() -> None:
    runs = [step["run"] for _, step in steps() if "run" in step]
    targets = set(re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE))

    named = [re.fullmatch(r"make ([a-z]+)( [A-Z]+=\w+)*", run) for run in runs]
    assert None not in named
    assert {match[1] for match in named if match} <= targets


def test_every_push_is_linted_typed_tested_and_synthesised() -> None:
    assert on(WORKFLOWS["ci.yml"])["push"] is None
    run = {step["run"].split()[1] for name, step in steps() if "run" in step and "ci" in name}

    assert {"check", "test", "synth"} <= run


@pytest.mark.parametrize(("name", "job"), list(jobs()), ids=lambda value: str(value)[:30])
def test_only_jobs_that_deploy_may_ask_for_a_token_of_identity(name: str, job: Job) -> None:
    has_token = "id-token" in job.get("permissions", {})

    assert has_token == ("deploy" in name)


def test_nothing_may_write_to_the_repository() -> None:
    given = [workflow["permissions"] for workflow in WORKFLOWS.values()]
    given += [job["permissions"] for _, job in jobs() if "permissions" in job]

    written = {name for part in given for name, right in part.items() if right == "write"}
    assert written == {"id-token"}


def test_the_checkouts_keep_no_credentials() -> None:
    checkouts = [step for _, step in steps() if "checkout@" in step.get("uses", "")]

    assert checkouts
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


# --- deploying ----------------------------------------------------------------------------------


def test_staging_comes_before_production_and_each_has_its_environment() -> None:
    environments = {name: job["environment"]["name"] for name, job in DEPLOY["jobs"].items()}

    assert environments == {"staging": "staging", "production": "production"}
    assert DEPLOY["jobs"]["production"]["needs"] == "staging"


def test_what_did_not_pass_is_not_deployed() -> None:
    ci = WORKFLOWS["ci.yml"]["jobs"]

    assert set(ci["deploy"]["needs"]) == set(ci) - {"deploy"}
    assert "github.ref == 'refs/heads/main'" in ci["deploy"]["if"]
    assert set(on(DEPLOY)) == {"workflow_call", "workflow_dispatch"}


def test_a_deployment_that_began_is_never_cut_off() -> None:
    kept = [job["concurrency"]["cancel-in-progress"] for job in DEPLOY["jobs"].values()]

    assert kept == [False, False]


def test_what_to_deploy_is_a_choice_and_a_variable() -> None:
    chosen = on(DEPLOY)["workflow_dispatch"]["inputs"]["infra_type"]

    assert chosen["options"] == ["serverless", "containers"]
    assert "vars.INFRA_TYPE" in DEPLOY["env"]["INFRA_TYPE"]


def test_each_environment_releases_its_own_stage() -> None:
    released = {
        name: [step["run"] for step in job["steps"] if "run" in step]
        for name, job in DEPLOY["jobs"].items()
    }

    assert released == {
        "staging": ["make release STAGE=stage PYTHON=python"],
        "production": ["make release STAGE=prod PYTHON=python"],
    }


# --- the roles ----------------------------------------------------------------------------------


def resources(kind: str) -> dict[str, Mapping[str, Any]]:
    """Return the properties of the roles' stack by resource type."""
    found: dict[str, Mapping[str, Any]] = {
        name: resource["Properties"]
        for name, resource in ROLES["Resources"].items()
        if resource["Type"] == f"AWS::IAM::{kind}"
    }
    return found


@pytest.mark.parametrize("environment", list(DEPLOY["jobs"]))
def test_a_role_trusts_one_environment_of_one_repository(environment: str) -> None:
    (statement,) = resources("Role")[f"{environment.title()}Role"]["AssumeRolePolicyDocument"][
        "Statement"
    ]

    assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert statement["Condition"] == {
        "StringEquals": {
            "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
            "token.actions.githubusercontent.com:sub": {
                "Fn::Sub": f"${{Subject}}:environment:{environment}"
            },
        }
    }


@pytest.mark.parametrize(
    ("subject", "fits"),
    [
        ("repo:octo-1/product-2", True),
        ("repo:octo@1/product@2", True),
        ("repo:octo/product", True),
        ("repo:octo/*", False),
        ("repo:*", False),
        ("repo:octo/product:ref:refs/heads/main", False),
        ("octo/product", False),
    ],
)
def test_the_repository_is_one_and_not_a_pattern(subject: str, fits: bool) -> None:
    allowed = ROLES["Parameters"]["Subject"]["AllowedPattern"]

    assert (re.search(allowed, subject) is not None) == fits


def test_a_role_may_only_become_one_of_the_bootstraps_roles() -> None:
    (policy,) = resources("ManagedPolicy").values()
    (statement,) = policy["PolicyDocument"]["Statement"]
    named = [resource["Fn::Sub"] for resource in statement["Resource"]]

    assert statement["Action"] == "sts:AssumeRole"
    assert all("*" not in name and ":role/cdk-${Qualifier}-" in name for name in named)
    assert all(
        role["ManagedPolicyArns"] == [{"Ref": "Deploying"}] and "Policies" not in role
        for role in resources("Role").values()
    )


def test_a_role_that_creates_resources_is_not_among_them() -> None:
    (policy,) = resources("ManagedPolicy").values()

    assert "cfn-exec-role" not in str(policy)
