"""Build and check the web app in `frontend/`, with the Node.js of this machine or the pinned one.

python -m scripts.web build    install its packages and build it
python -m scripts.web ensure   build it if it is missing or older than its sources; never fails
python -m scripts.web check    its types, sentences and tests

The build is swapped in whole, so a product that runs meanwhile never serves half of one.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from infrastructure import node
from sandbox.state import PROJECT
from sandbox.web_app import DIST, PREFIX

FRONTEND = PROJECT / "frontend"
OPENAPI = PROJECT / "docs" / "reference" / "openapi.json"
LOCK = ".lock"
MADE = ("node_modules", "dist", "dist.new", LOCK)
"""What is made here of the sources, and is none itself."""
UNTRANSLATED = re.compile(r'^msgid "(?!"\n)[^\n]*(?:\n"[^\n]*)*\nmsgstr ""\n(?!")', re.MULTILINE)
OLDEST = (20, 19)
NEEDS = "The web app needs Node.js {oldest} or newer, which nodejs.org or a package manager has"
HOW = f"{NEEDS}; then: make web"


class Failed(Exception):
    """It can't be done; the message is a sentence that says why."""


@dataclass(frozen=True)
class Node:
    """A Node.js that is new enough, and its npm."""

    folder: Path
    npm: Sequence[str]

    def run(self, *command: str, **added: str) -> None:
        """Run a command of the app's packages in its folder; `Failed` with what it said."""
        path = os.pathsep.join(
            (str(FRONTEND / "node_modules" / ".bin"), str(self.folder), os.environ.get("PATH", ""))
        )
        environment = {**os.environ, "PATH": path, "CI": "true", "NO_COLOR": "1", **added}
        words = [*self.npm, *command[1:]] if command[0] == "npm" else list(command)
        done = subprocess.run(
            words,
            cwd=FRONTEND,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if done.returncode != 0:
            raise Failed(f"`{' '.join(command)}` failed in frontend/:\n{done.stdout}")


def find_node() -> Node | None:
    """Return this machine's Node.js, else the one that the infrastructure's packages bring."""
    found, manager = shutil.which("node"), shutil.which("npm")
    if found and manager and _version(found) >= OLDEST:
        return Node(Path(found).parent, [manager])
    try:
        return Node(node.executable().parent, node.npm())
    except node.NotInstalled:
        return None


def digest(folder: Path = FRONTEND) -> str:
    """Return what the sources are: another value for any other file, name or content."""
    found = hashlib.sha256()
    for path in _sources(folder):
        name = path.relative_to(folder).as_posix()
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        found.update(f"{name}\0{content}\n".encode())
    return found.hexdigest()


def is_current(dist: Path = DIST, folder: Path = FRONTEND) -> bool:
    """Say whether what is built was made of the sources as they are."""
    try:
        return (dist / "built-from").read_text() == digest(folder)
    except OSError:
        return False


def build(found: Node, *, anew: bool = True) -> None:
    """Install the packages and build the app into its place, unless it is current and may stay.

    One at a time: who comes meanwhile waits, and finds it built.
    """
    with _alone():
        if anew or not is_current():
            _build(found)


def _build(found: Node) -> None:
    sources = digest()
    _install(found)
    fresh = FRONTEND / "dist.new"
    found.run("vite", "build", "--outDir", str(fresh), "--emptyOutDir", WEB_BASE=PREFIX)
    (fresh / "built-from").write_text(sources)
    shutil.rmtree(DIST, ignore_errors=True)
    fresh.rename(DIST)


def ensure() -> None:
    """Build the app unless it is current; say what is missing rather than fail."""
    if is_current():
        return
    found = find_node()
    if found is None:
        _say(f"No web app: {HOW.format(oldest='.'.join(map(str, OLDEST)))}.")
        return
    _say("Building the web app, about half a minute the first time …")
    try:
        build(found, anew=False)
    except Failed as error:
        _say(f"The product starts without this build of the web app. {error}")


def check(found: Node) -> None:
    """Check types, sentences and tests; `Failed` with the first that doesn't hold."""
    _install(found)
    found.run("tsc", "--noEmit")
    found.run("openapi-typescript", str(OPENAPI), "-o", "src/lib/schema.ts", "--check")
    _check_sentences(found)
    found.run("vitest", "run")


def _check_sentences(found: Node) -> None:
    """Fail if a sentence of the source is in no catalogue, or in one without its translation."""
    before = _catalogues()
    found.run("lingui", "extract", "--clean")
    changed = [name for name, text in _catalogues().items() if before.get(name) != text]
    if changed:
        raise Failed(f"Sentences changed; their catalogues are new, commit them: {changed}")
    open_ones = [name for name, text in _catalogues().items() if UNTRANSLATED.search(text)]
    if open_ones:
        raise Failed(f"Sentences without a translation are in {open_ones}.")


def _catalogues() -> Mapping[str, str]:
    found = sorted((FRONTEND / "src").glob("**/locales/*.po"))
    return {str(path.relative_to(FRONTEND)): _undated(path.read_text("utf-8")) for path in found}


def _undated(catalogue: str) -> str:
    return re.sub(r'^"POT-Creation-Date:.*\n', "", catalogue, flags=re.MULTILINE)


def _install(found: Node) -> None:
    """Bring `node_modules` in step with the lock file, which alone says what is in there."""
    lock = (FRONTEND / "package-lock.json").read_bytes()
    stamp = FRONTEND / "node_modules" / ".installed-from"
    wanted = hashlib.sha256(lock).hexdigest()
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    found.run("npm", "ci", "--no-audit", "--no-fund")
    stamp.write_text(wanted)


def _sources(folder: Path) -> list[Path]:
    made = {folder / name for name in MADE}
    found = [path for path in folder.rglob("*") if made.isdisjoint({path, *path.parents})]
    return sorted(path for path in found if path.is_file())


def _version(executable: str) -> tuple[int, ...]:
    try:
        said = subprocess.run([executable, "--version"], capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return ()
    return tuple(int(number) for number in re.findall(r"\d+", said.stdout)[:2])


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    with (FRONTEND / LOCK).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line asks and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m scripts.web", description=__doc__)
    parser.add_argument("action", choices=("build", "ensure", "check"))
    action = parser.parse_args(arguments).action
    if action == "ensure":
        ensure()
        return 0
    found = find_node()
    if found is None:
        _say(f"{HOW.format(oldest='.'.join(map(str, OLDEST)))}.")
        return 1 if action == "build" else 0
    try:
        (build if action == "build" else check)(found)
    except Failed as error:
        _say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
