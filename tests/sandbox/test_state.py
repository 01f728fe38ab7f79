"""One copy of the product has a state folder and three ports to itself, or says why not."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from sandbox import state as states
from sandbox.__main__ import main
from sandbox.ports import Ports
from sandbox.state import PROJECT, Lock, State, Trouble, read_json, write_json

HOLDER = """
import sys
from pathlib import Path
from sandbox.state import Lock, State
lock = Lock(State(Path(sys.argv[1])))
print("held", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize(
    ("environment", "path"),
    [
        ({"OMNICHANNEL_STATE_DIR": "/srv/x"}, "/srv/x"),
        ({"XDG_STATE_HOME": "/srv/s", "HOME": "/h"}, "/srv/s/omnichannel-publisher"),
        ({"HOME": "/h"}, "/h/.local/state/omnichannel-publisher"),
        ({"XDG_STATE_HOME": "relative", "HOME": "/h"}, "/h/.local/state/omnichannel-publisher"),
        ({"OMNICHANNEL_STATE_DIR": "", "HOME": "/h"}, "/h/.local/state/omnichannel-publisher"),
    ],
)
def test_the_state_folder_is_where_the_environment_wants_it(
    environment: Mapping[str, str], path: str
) -> None:
    assert State.of(environment).path == Path(path)


def test_without_a_home_the_users_own_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(states, "_home_of_user", lambda: "/people/ana")
    assert State.of({"HOME": ""}).path == Path("/people/ana/.local/state/omnichannel-publisher")


def test_without_any_home_a_sentence_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(states, "_home_of_user", lambda: "")
    with pytest.raises(Trouble, match="HOME is not set: choose a state folder"):
        State.of({})


@pytest.mark.parametrize("inside", [PROJECT, PROJECT / "state", PROJECT / "a" / ".." / "b"])
def test_the_checkout_is_no_place_for_state(inside: Path) -> None:
    with pytest.raises(Trouble, match="inside the checkout"):
        State.of({"OMNICHANNEL_STATE_DIR": str(inside)})


def test_a_link_into_the_checkout_is_found_out(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(PROJECT)
    with pytest.raises(Trouble, match="inside the checkout"):
        State.of({"OMNICHANNEL_STATE_DIR": str(tmp_path / "link" / "state")})


def test_a_folder_that_can_not_be_written_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Trouble, match=r"can't be written \(Not a directory\): choose another"):
        State(tmp_path / "file" / "state").prepare()


@pytest.mark.parametrize("there", [["notes.txt"], ["lock", "status"], ["lock/", "aws/", "lib/"]])
def test_a_folder_of_other_things_is_refused_and_left_as_it_is(
    tmp_path: Path, there: list[str]
) -> None:
    fill(tmp_path, there)
    with pytest.raises(Trouble, match=r"holds something else .* with OMNICHANNEL_STATE_DIR"):
        State(tmp_path).prepare()
    assert {path.name for path in tmp_path.iterdir()} == {name.rstrip("/") for name in there}


@pytest.mark.parametrize(
    "there",
    [
        [],
        ["run.log"],
        ["aws/"],
        ["endpoints.json"],
        ["lock", "outside/", "stream-17.json", "notes.txt"],
    ],
)
def test_a_folder_that_is_empty_or_was_begun_by_the_product_is_taken(
    tmp_path: Path, there: list[str]
) -> None:
    fill(tmp_path, there)
    State(tmp_path).prepare()
    assert (tmp_path / "aws").is_dir()


def test_what_a_start_left_is_its_own(tmp_path: Path) -> None:
    State(tmp_path).prepare()
    Lock(State(tmp_path)).release()
    (tmp_path / "somebody's").touch()
    State(tmp_path).prepare()


def fill(folder: Path, names: list[str]) -> None:
    for name in names:
        path = folder / name
        path.mkdir() if name.endswith("/") else path.touch()


def test_a_full_disk_is_told_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(Trouble, match="No space left on device"):
        State(tmp_path).prepare()


def test_only_the_user_can_look_into_the_state_folder(tmp_path: Path) -> None:
    state = State(tmp_path / "state")
    state.prepare()
    assert state.path.stat().st_mode & 0o077 == 0


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the lock of `tmp_path` until its input ends."""
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=PROJECT, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.communicate()


def test_a_second_copy_is_refused_and_told_about_the_first(
    tmp_path: Path, holder: subprocess.Popen[str]
) -> None:
    with pytest.raises(Trouble, match=rf"already running .* \(process {holder.pid}\)"):
        Lock(State(tmp_path))


def test_the_lock_goes_with_its_process(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    holder.kill()
    holder.wait()
    lock = Lock(State(tmp_path))
    assert (tmp_path / "lock").read_text() == str(os.getpid())
    lock.release()


def test_a_child_that_inherited_the_lock_holds_it_on(tmp_path: Path) -> None:
    lock = Lock(State(tmp_path))
    with subprocess.Popen(
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=[lock.descriptor]
    ) as child:
        lock.release()
        with pytest.raises(Trouble, match="already running"):
            Lock(State(tmp_path))
        child.communicate(b"\n")
    Lock(State(tmp_path)).release()


def test_a_written_file_is_whole_and_private(tmp_path: Path) -> None:
    path = tmp_path / "value.json"
    write_json(path, {"a": 1})
    assert json.loads(path.read_text()) == {"a": 1}
    assert path.stat().st_mode & 0o077 == 0
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("content", [None, "", "{", "\x00"])
def test_a_missing_or_torn_file_is_no_value(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "value.json"
    if content is not None:
        path.write_text(content)
    assert read_json(path) is None


def test_a_copy_that_runs_or_never_ran_was_not_killed(
    tmp_path: Path, holder: subprocess.Popen[str]
) -> None:
    assert not State(tmp_path / "new").was_killed()
    write_json(State(tmp_path).endpoints, {})
    assert not State(tmp_path).was_killed()


def test_a_copy_that_left_its_endpoints_behind_was_killed(
    tmp_path: Path, holder: subprocess.Popen[str]
) -> None:
    write_json(State(tmp_path).endpoints, {})
    holder.kill()
    os.waitid(os.P_PID, holder.pid, os.WEXITED | os.WNOWAIT)  # dead, and its number still there
    assert State(tmp_path).was_killed()


def test_a_token_is_refused_in_a_sentence_when_nothing_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OMNICHANNEL_STATE_DIR", str(tmp_path))
    assert main(["token", "member"]) == 1
    assert capsys.readouterr().err == "The product is not running: start it with make run.\n"
    write_json(State(tmp_path).endpoints, {})
    assert main(["token", "member"]) == 1
    assert capsys.readouterr().err.startswith("The product was killed and does not run any more")


@pytest.mark.parametrize("command", ["run", "demo"])
def test_the_next_start_first_takes_away_what_a_killed_copy_left(
    tmp_path: Path, command: str
) -> None:
    write_json(State(tmp_path).endpoints, {})
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        environment = {**os.environ, "OMNICHANNEL_STATE_DIR": str(tmp_path), "API_PORT": port}
        done = subprocess.run(
            [sys.executable, "-m", "sandbox", command],
            cwd=PROJECT,
            env=environment,
            capture_output=True,
            text=True,
        )
    assert done.stdout.startswith("The last run was killed before it could stop in order")
    assert done.stderr.startswith(f"Port {port} is taken")
    assert done.returncode == 1
    assert not State(tmp_path).endpoints.exists()


@pytest.mark.parametrize("command", ["run", "demo"])
def test_a_wrong_setting_ends_the_start_before_anything_is_made(
    tmp_path: Path, command: str
) -> None:
    state = tmp_path / "state"
    given = {"OMNICHANNEL_STATE_DIR": str(state), "TRACING": "maybe", "STAGE": "prod"}
    done = subprocess.run(
        [sys.executable, "-m", "sandbox", command],
        cwd=PROJECT,
        env={**os.environ, **given},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("TRACING must be one of 1, true")
    assert done.stderr.count("\n") == 1
    assert not state.exists()


def test_the_usual_ports_are_taken_when_nothing_is_said() -> None:
    assert Ports.of({"API_PORT": ""}) == Ports(8000, 8001, 4566)


@pytest.mark.parametrize("text", ["x", "0", "65536", "-1", "８０", "1.5"])
def test_a_port_that_is_none_is_told_with_its_variable(text: str) -> None:
    with pytest.raises(Trouble, match="AWS_PORT must be a port"):
        Ports.of({"AWS_PORT": text})


def test_the_three_ports_differ() -> None:
    with pytest.raises(Trouble, match="three different ports"):
        Ports.of({"API_PORT": "4566"})


def test_a_taken_port_is_told_with_its_variable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(Trouble, match=f"Port {port} is taken.* with SANDBOX_PORT"):
            Ports(1, port, 3).require_free("SANDBOX_PORT")
