"""Is a zip that Lambda could not run, or that tells too much, refused by name?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from zipfile import ZipFile

import pytest

from infrastructure.packaging import archive, checks
from infrastructure.packaging.target import ARCHITECTURES, BYTECODE_MAGIC, PackagingError
from infrastructure.packaging.wheels import Pinned

ARM = ARCHITECTURES["arm64"]
BYTECODE = BYTECODE_MAGIC + b"\1\0\0\0" + bytes(8)
METADATA = b"Metadata-Version: 2.1\nName: Some_Thing\nVersion: 1.2\n"
GOOD = {
    "app.py": b"",
    "__pycache__/app.cpython-312.pyc": BYTECODE,
    "thing/__init__.pyc": BYTECODE,
    "some_thing-1.2.dist-info/METADATA": METADATA,
}


def library(machine: int) -> bytes:
    return b"\x7fELF" + bytes(14) + machine.to_bytes(2, "little")


def refusal(folder: Path, files: Mapping[str, bytes], *, at_most: int | None = None) -> str:
    """Return why a zip of these files is refused; empty if it is not."""
    path = folder / "some.zip"
    with ZipFile(path, "w") as zipped:
        for name, content in files.items():
            zipped.writestr(name, content)
    try:
        checks.require(path, ARM, [Pinned("some-thing", "1.2")], at_most=at_most)
    except PackagingError as error:
        return str(error)
    return ""


def test_a_sound_package_is_let_through(tmp_path: Path) -> None:
    sound = {**GOOD, "thing/_fast.cpython-312-aarch64-linux-gnu.so": library(183)}
    assert refusal(tmp_path, sound, at_most=10_000) == ""


def test_a_library_of_another_processor_is_named(tmp_path: Path) -> None:
    told = refusal(tmp_path, {**GOOD, "thing/_fast.abi3.so": library(62)})
    assert "thing/_fast.abi3.so is not for arm64 (ELF machine 62)" in told


def test_a_bundled_library_is_looked_at_whatever_its_name_ends_with(tmp_path: Path) -> None:
    told = refusal(tmp_path, {**GOOD, "thing.libs/libjpeg-1f.so.62.4": library(62)})
    assert "thing.libs/libjpeg-1f.so.62.4 is not for arm64" in told


def test_a_library_of_another_python_is_named(tmp_path: Path) -> None:
    name = "thing/_fast.cpython-313-aarch64-linux-gnu.so"
    assert f"{name} is not for python3.12" in refusal(tmp_path, {**GOOD, name: library(183)})


def test_a_library_of_another_system_is_named(tmp_path: Path) -> None:
    told = refusal(tmp_path, {**GOOD, "thing/_fast.so": b"\xcf\xfa\xed\xfe" + bytes(20)})
    assert "thing/_fast.so is not a library for Linux" in told


@pytest.mark.parametrize("version", [b"1.1", b"1.2.1"])
def test_a_requirement_in_another_version_is_missing(tmp_path: Path, version: bytes) -> None:
    other = {**GOOD, "some_thing-1.2.dist-info/METADATA": METADATA.replace(b"1.2\n", version)}
    assert "some-thing==1.2 of the lock is missing in it" in refusal(tmp_path, other)


def test_bytecode_of_another_python_is_named(tmp_path: Path) -> None:
    other = (3571).to_bytes(2, "little") + b"\r\n" + BYTECODE[4:]
    told = refusal(tmp_path, {**GOOD, "thing/part.pyc": other})
    assert "thing/part.pyc is not bytecode of python3.12" in told


@pytest.mark.parametrize("flags", [0, 3], ids=["by its time", "by its hash"])
def test_bytecode_that_would_be_compared_with_its_source_is_named(
    tmp_path: Path, flags: int
) -> None:
    checked = BYTECODE_MAGIC + flags.to_bytes(4, "little") + bytes(8)
    told = refusal(tmp_path, {**GOOD, "thing/part.pyc": checked})
    assert "thing/part.pyc is believed only where" in told


def test_source_without_bytecode_is_named(tmp_path: Path) -> None:
    told = refusal(tmp_path, {**GOOD, "chalicelib/slow.py": b""})
    assert "chalicelib/slow.py has no bytecode" in told


@pytest.mark.parametrize(
    "name", ["sandbox/seed.json", "tests/test_it.txt", "thing/tests/data.txt", ".chalice/x.json"]
)
def test_what_only_developers_need_is_named(tmp_path: Path, name: str) -> None:
    assert f"{name} is for developers" in refusal(tmp_path, {**GOOD, name: b""})


@pytest.mark.parametrize("name", [".env", "chalicelib/.env.prod", "server.key", "certs/ours.pem"])
def test_a_file_of_secrets_is_named(tmp_path: Path, name: str) -> None:
    assert f"{name} looks like a secret" in refusal(tmp_path, {**GOOD, name: b""})


def test_a_secret_inside_our_own_files_is_named(tmp_path: Path) -> None:
    held = b"id: " + b"AKIA" + b"ABCDEFGHIJKLMNOP"
    told = refusal(tmp_path, {**GOOD, "chalicelib/catalogue.json": held})
    assert "chalicelib/catalogue.json holds something that looks like a secret" in told


def test_a_path_that_leads_elsewhere_is_named(tmp_path: Path) -> None:
    assert "../app.txt would be unpacked elsewhere" in refusal(tmp_path, {"../app.txt": b""})


def test_a_package_that_grew_too_large_says_by_how_much(tmp_path: Path) -> None:
    told = refusal(tmp_path, {**GOOD, "app.txt": bytes(5000)}, at_most=5000)
    assert "bytes and may have 5,000" in told


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    told = refusal(tmp_path, {"sandbox/a.so": library(62), "b.py": b""})
    assert len(told.splitlines()) == 5


def test_what_fits_zipped_must_fit_unzipped(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "zeros").write_bytes(bytes(1000))
    made = archive.write(tmp_path / "tree", tmp_path / "a.zip")
    checks.require_unzipped([made.path, made.path], at_most=2000)
    with pytest.raises(PackagingError, match=r"2,000 bytes; Lambda takes 1,999"):
        checks.require_unzipped([made.path, made.path], at_most=1999)
