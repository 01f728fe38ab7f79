"""A release is deployed and asked for; one that is not well gives its place back."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from infrastructure import release as module
from infrastructure.release import (
    CONTAINERS,
    NotReleased,
    Release,
    address,
    main,
    release,
    released_before,
)
from infrastructure.smoke import NotWell
from tests.infrastructure.test_smoke import Answer, served

BEFORE = "b" * 40
URL = "https://api.example.org/v1"
OUTPUTS = {"OmnichannelDataStack": {}, "OmnichannelApiStack": {"ApiEndpoint4F16": f"{URL}/"}}


@dataclass
class Machine:
    """Plays the commands that a release runs."""

    failing: tuple[str, ...] = ()
    ran: list[list[str]] = field(default_factory=list)

    def __call__(self, command: Sequence[str], folder: Path) -> int:
        self.ran.append([Path(command[0]).name, *command[1:]])
        if "--outputs-file" in command:
            (folder / command[-1]).write_text(json.dumps(OUTPUTS))
        return int(any(word in self.ran[-1] for word in self.failing))

    def did(self, *words: str) -> bool:
        """Return whether a command with these words was run."""
        return any(set(words) <= set(command) for command in self.ran)


def ill(url: str) -> None:
    raise NotWell(f"{url}/health answers 502 instead of 200.")


def of(tmp_path: Path, machine: Machine, ask: Callable[[str], object] = str) -> Release:
    return Release("stage", machine, ask, tmp_path)


def test_what_is_well_stays(tmp_path: Path) -> None:
    machine = Machine()

    assert release(of(tmp_path, machine), BEFORE) == (0, f"stage runs this release: {URL}")
    assert not machine.did("git")


def test_every_stack_of_the_stage_is_deployed_without_a_question(tmp_path: Path) -> None:
    machine = Machine()

    of(tmp_path, machine).deploy()

    assert machine.did("chalice-cdk", "--stage", "stage", "deploy", "--all", "never")


def test_the_address_that_was_deployed_is_asked(tmp_path: Path) -> None:
    asked: list[str] = []

    of(tmp_path, Machine(), asked.append).deploy()

    assert asked == [URL]


def test_what_is_not_well_gives_its_place_to_the_release_before(tmp_path: Path) -> None:
    machine = Machine()

    status, sentence = release(of(tmp_path, machine, ill), BEFORE)

    assert status == 1
    assert sentence.endswith(f"answers 502 instead of 200. stage runs {BEFORE[:12]} again.")
    assert machine.did("git", "worktree", "add", BEFORE)
    assert machine.did("make", "deploy", "STAGE=stage")
    assert machine.did("git", "worktree", "remove")


def test_stacks_that_failed_halfway_are_deployed_as_they_were(tmp_path: Path) -> None:
    machine = Machine(failing=("chalice-cdk",))

    status, sentence = release(of(tmp_path, machine), BEFORE)

    assert (status, machine.did("make", "deploy")) == (1, True)
    assert sentence.startswith("stage could not be deployed.")


def test_without_a_release_before_nothing_is_put_in_its_place(tmp_path: Path) -> None:
    machine = Machine()

    status, sentence = release(of(tmp_path, machine, ill), "")

    assert (status, machine.did("git")) == (1, False)
    assert sentence.endswith("No release before it is known, so nothing took its place.")


@pytest.mark.parametrize(
    ("failing", "says"), [("add", "is not in this clone"), ("make", "could not be deployed again")]
)
def test_a_way_back_that_fails_calls_for_a_person(tmp_path: Path, failing: str, says: str) -> None:
    machine = Machine(failing=(failing,))

    status, sentence = release(of(tmp_path, machine, ill), BEFORE)

    assert status == 1
    assert says in sentence
    assert sentence.endswith("stage needs a person, now.")


def test_the_outputs_of_an_earlier_deployment_are_not_believed(tmp_path: Path) -> None:
    stale = tmp_path / module.OUTPUTS
    stale.parent.mkdir()
    stale.write_text(json.dumps(OUTPUTS))

    with pytest.raises(NotReleased):
        Release("stage", lambda *_: 1, str, tmp_path).deploy()

    assert not stale.exists()


def test_outputs_without_an_api_are_said_to_have_none(tmp_path: Path) -> None:
    place = tmp_path / "outputs.json"
    place.write_text(json.dumps({"OmnichannelDataStack": {"Table": "t"}}))

    with pytest.raises(NotReleased, match="where is the API"):
        address(place)


# --- what ran before ----------------------------------------------------------------------------


def github(states: dict[int, str], deployments: object = None) -> Callable[[str], Answer]:
    """Answer as GitHub's deployments API does, newest first."""
    made = [{"id": number, "sha": f"{number}" * 40} for number in states]

    def answers(path: str) -> Answer:
        if path.startswith("/v1/repos/o/r/deployments?environment=staging&"):
            return 200, json.dumps(made if deployments is None else deployments).encode()
        number = int(path.split("/")[-2])
        return 200, json.dumps([{"state": states[number]}]).encode()

    return answers


def environ(url: str) -> dict[str, str]:
    return {
        "GITHUB_API_URL": url,
        "GITHUB_REPOSITORY": "o/r",
        "GITHUB_TOKEN": "t",
        "ENVIRONMENT": "staging",
    }


def test_the_newest_deployment_that_succeeded_ran_before() -> None:
    with served(github({4: "in_progress", 3: "failure", 2: "success", 1: "inactive"})) as url:
        assert released_before(environ(url)) == "2" * 40


def test_a_first_deployment_has_none_before_it() -> None:
    with served(github({1: "in_progress"})) as url:
        assert released_before(environ(url)) == ""


def test_a_commit_that_is_named_ran_before() -> None:
    assert released_before({"PREVIOUS": BEFORE}) == BEFORE


def test_by_hand_nothing_is_known_of_before() -> None:
    assert released_before({}) == ""


def test_a_github_that_refuses_is_as_if_nothing_was_known() -> None:
    with served(lambda _: (403, b'{"message": "no"}')) as url:
        assert released_before(environ(url)) == ""


# --- the command --------------------------------------------------------------------------------


def test_containers_end_in_one_clear_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INFRA_TYPE", "containers")

    assert main(["release", "--stage", "stage"]) == 1
    assert capsys.readouterr().err == f"{CONTAINERS}\n"


@pytest.mark.parametrize(("ask", "status", "mark"), [(str, 0, "✅"), (ill, 1, "❌")])
def test_success_and_failure_are_reported_on_the_page_of_the_run(
    ask: Callable[[str], object],
    status: int,
    mark: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("INFRA_TYPE", "")
    for variable in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"):
        monkeypatch.setenv(variable, str(tmp_path / variable))
    monkeypatch.delenv("PREVIOUS", raising=False)
    monkeypatch.delenv("GITHUB_TOKEN", raising=False)
    monkeypatch.setattr(module, "Release", lambda stage, run: of(tmp_path, Machine(), ask))

    assert main(["release", "--stage", "stage"]) == status
    assert (tmp_path / "GITHUB_STEP_SUMMARY").read_text().startswith(mark)
    assert (tmp_path / "GITHUB_OUTPUT").read_text() == f"url={URL}\n"
