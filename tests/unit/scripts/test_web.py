"""A build of the web app is current exactly while its sources are as they were."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts import web


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """Return a folder of sources with a build of them."""
    folder = tmp_path / "frontend"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "main.tsx").write_text("1")
    (folder / "dist").mkdir()
    (folder / "dist" / "built-from").write_text(web.digest(folder))
    return folder


def is_current(folder: Path) -> bool:
    return web.is_current(folder / "dist", folder)


def test_a_build_of_these_sources_is_current(sources: Path) -> None:
    assert is_current(sources)


def test_installed_packages_are_no_sources(sources: Path) -> None:
    (sources / "node_modules").mkdir()
    (sources / "node_modules" / "package.js").write_text("1")
    assert is_current(sources)


@pytest.mark.parametrize("name", ["src/main.tsx", "src/new.tsx", "package-lock.json"])
def test_a_changed_or_further_source_makes_it_stale(sources: Path, name: str) -> None:
    (sources / name).write_text("2")
    assert not is_current(sources)


def test_a_renamed_source_makes_it_stale(sources: Path) -> None:
    (sources / "src" / "main.tsx").rename(sources / "src" / "other.tsx")
    assert not is_current(sources)


def test_without_a_build_nothing_is_current(sources: Path) -> None:
    (sources / "dist" / "built-from").unlink()
    assert not is_current(sources)


@pytest.mark.parametrize(
    ("catalogue", "is_open"),
    [
        ('msgid ""\nmsgstr ""\n"Language: es\\n"\n\nmsgid "Close"\nmsgstr "Cerrar"\n', False),
        ('msgid "Close"\nmsgstr ""\n\nmsgid "Open"\nmsgstr "Abrir"\n', True),
        ('msgid "Close"\nmsgstr ""\n"Cerrar"\n', False),
    ],
)
def test_a_sentence_without_translation_is_found(catalogue: str, is_open: bool) -> None:
    assert bool(web.UNTRANSLATED.search(catalogue)) is is_open
