"""What one copy exports another takes in, and nothing of it is published."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.domain.errors import StoreUnavailable
from chalicelib.domain.states import Status
from chalicelib.repositories.archive import Archive
from chalicelib.services.replaying import Selection
from scripts import move
from scripts.exports import export
from scripts.imports import Malformed, Taken, check, take_in
from scripts.sorting import in_order
from tests.fakes.ground import START
from tests.fakes.platforms import answers, lost_after
from tests.fakes.world import World

FEED, NONE, DIRECT = "lookup-feed", "none-feed", "none-direct"
LATER = timedelta(hours=6)


def lived_in(stopped: timedelta = timedelta(minutes=3)) -> World:
    """Return a world with everything in it, stopped in the middle."""
    world = World()
    world.subscribe(DIRECT)
    world.platforms.arm(NONE, lost_after)
    world.platforms.arm("key-feed", *[answers(429)] * 20)
    world.submit("Hello", FEED, NONE, DIRECT, media=())
    world.submit("Refused for now", "key-feed")
    world.submit("Tonight", FEED, DIRECT, at=world.clock.now() + LATER)
    world.submit("A draft", FEED, keep_as_draft=True)
    world.achieve(channels=(FEED,))
    world.upload()
    world.run(stopped)
    world.submit("Just now", FEED, DIRECT)
    return world


def empty() -> World:
    """Return a deployment that nobody has used."""
    return World(connected=False)


def written(world: World, place: Path, name: str = "export.jsonl", **options: Any) -> Path:
    target = place / name
    export(Archive(world.store).records(), world.media, target, **options)
    return target


def taken(world: World, file: Path, **options: Any) -> Taken:
    return take_in(file, Archive(world.store), world.media, world.clock.now(), **options)


def shown(world: World) -> list[str]:
    return [post.text for name in world.channels for post in world.platforms.shown(name)]


def edited(file: Path, change: Callable[[list[str]], None]) -> Path:
    lines = file.read_text("utf-8").splitlines()
    change(lines)
    changed = file.with_name("edited.jsonl")
    changed.write_text("\n".join(lines) + "\n", "utf-8")
    return changed


def test_nothing_that_is_taken_in_is_published(tmp_path: Path) -> None:
    there = empty()
    taken(there, written(lived_in(), tmp_path))
    there.run(LATER * 2)
    assert shown(there) == []
    assert there.next_due() is None


def test_with_rearming_what_is_ahead_is_published_at_its_minute(tmp_path: Path) -> None:
    there = empty()
    taken(there, written(lived_in(), tmp_path), rearm=True)
    there.run(LATER - timedelta(minutes=5))
    assert shown(there) == []
    for channel in (FEED, DIRECT):
        there.connect(channel)
    there.run(LATER)
    assert sorted(shown(there)) == ["Tonight"] * 4


def test_rearmed_deliveries_wait_until_their_account_is_connected(tmp_path: Path) -> None:
    there = empty()
    taken(there, written(lived_in(), tmp_path), rearm=True)
    there.run(LATER + timedelta(hours=1))
    assert shown(there) == []
    for channel in (FEED, DIRECT):
        there.connect(channel)
    there.run()
    assert sorted(shown(there)) == ["Tonight"] * 4


def test_what_was_held_is_published_once_by_a_replay(tmp_path: Path) -> None:
    there = empty()
    taken(there, written(lived_in(), tmp_path))
    for channel in (FEED, DIRECT, "key-feed"):
        there.connect(channel)
    wanted = Selection(START, START + LATER * 2, statuses=frozenset({Status.SKIPPED}))
    there.replaying.redrive(there.replaying.find(wanted))
    there.run(LATER * 2)
    assert sorted(set(shown(there))) == ["Just now", "Refused for now", "Tonight"]
    assert len(shown(there)) == 1 + 2 * (1 + 3)


def test_doing_it_again_stores_nothing_more(tmp_path: Path) -> None:
    file, there = written(lived_in(), tmp_path), empty()
    first, again = taken(there, file), taken(there, file)
    assert first.stored and not first.there and not first.kept
    assert again.there == first.stored and not again.stored and not again.kept


def test_what_was_cut_off_is_finished_by_doing_it_again(tmp_path: Path) -> None:
    file, whole, there = written(lived_in(), tmp_path), empty(), empty()
    taken(whole, file)
    for number in range(1, 60, 9):
        there.breaker.break_write(number, "before", StoreUnavailable("The machine went down."))
        with pytest.raises(StoreUnavailable):
            taken(there, file)
    there.breaker.mend()
    taken(there, file)
    assert written(there, tmp_path, "a").read_bytes() == written(whole, tmp_path, "b").read_bytes()


def test_what_was_exported_from_here_is_there_already(tmp_path: Path) -> None:
    world = lived_in()
    found = taken(world, written(world, tmp_path))
    assert found.there and not (found.stored or found.held or found.kept)


def test_what_stands_there_is_kept_and_named(tmp_path: Path) -> None:
    here, there = lived_in(), empty()
    there.connect(FEED, page="another")
    found = taken(there, written(here, tmp_path))
    assert found.kept == [f"ACCT#{FEED} / STATE"]
    assert there.accounts.state(FEED).settings["page"] == "another"


def test_an_export_does_not_depend_on_pages_or_on_how_much_is_sorted_at_once(
    tmp_path: Path,
) -> None:
    world = lived_in()
    exported = [written(world, tmp_path, str(run), run=run).read_bytes() for run in (1, 5, 1000)]
    assert len(set(exported)) == 1


def test_what_came_in_leaves_as_it_came(tmp_path: Path) -> None:
    first, second = empty(), empty()
    taken(first, written(lived_in(), tmp_path, "a"))
    held = written(first, tmp_path, "b")
    found = taken(second, held)
    assert found.held.total() == 0
    assert written(second, tmp_path, "c").read_bytes() == held.read_bytes()


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    texts=st.lists(
        st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=80).filter(
            str.strip
        ),
        min_size=1,
        max_size=4,
    )
)
def test_whatever_was_written_makes_the_whole_round(tmp_path: Path, texts: list[str]) -> None:
    here, there = World(connected=False), empty()
    for text in texts:
        here.submit(text, FEED, keep_as_draft=True)
    first = written(here, tmp_path, "a")
    taken(there, first)
    assert written(there, tmp_path, "b").read_bytes() == first.read_bytes()


def test_no_secret_is_in_an_export(tmp_path: Path) -> None:
    exported = written(lived_in(), tmp_path).read_text("utf-8")
    assert '"kind":"account"' in exported
    assert "-token" not in exported


def test_an_export_that_does_not_succeed_leaves_no_file(tmp_path: Path) -> None:
    world = lived_in()
    world.media.objects = Unreadable(world.media.objects)
    with pytest.raises(StoreUnavailable, match="No"):
        written(world, tmp_path)
    assert not (tmp_path / "export.jsonl").exists()


class Unreadable(dict[str, bytes]):
    """Objects that are there and can't be read."""

    def __getitem__(self, ref: str) -> bytes:
        raise StoreUnavailable("No.")


# --- pictures -------------------------------------------------------------------------------------


def test_pictures_travel_in_a_folder(tmp_path: Path) -> None:
    here, there, folder = lived_in(), empty(), tmp_path / "pictures"
    file = written(here, tmp_path, folder=folder)
    found = taken(there, file, folder=folder)
    assert there.media.objects and there.media.objects.items() <= here.media.objects.items()
    assert found.stored["object"] == len(there.media.objects)
    assert taken(there, file, folder=folder).there["object"] == len(there.media.objects)


def test_a_picture_that_is_not_what_it_was_is_missing(tmp_path: Path) -> None:
    folder, there = tmp_path / "pictures", empty()
    file = written(lived_in(), tmp_path, folder=folder)
    for copy in folder.rglob("*.jpg"):
        copy.write_bytes(b"another")
    assert taken(there, file, folder=folder).absent
    assert not there.media.objects


def test_a_picture_that_is_gone_is_told_and_keeps_nobody(tmp_path: Path) -> None:
    world, there = lived_in(), empty()
    world.media.objects.clear()
    file = written(world, tmp_path)
    assert '"missing":true' in file.read_text("utf-8")
    assert taken(there, file).absent


# --- faults ---------------------------------------------------------------------------------------


def faulty(tmp_path: Path, change: Callable[[list[str]], None]) -> str:
    """Return what is said of a changed export, which must leave the table alone."""
    there = empty()
    file = edited(written(lived_in(), tmp_path), change)
    with pytest.raises(Malformed) as told:
        taken(there, file)
    assert not list(Archive(there.store).records())
    return str(told.value)


def test_a_file_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    assert "the end is missing" in faulty(tmp_path, lambda lines: lines.pop())


def test_a_line_that_is_gone_is_noticed(tmp_path: Path) -> None:
    assert "the end is missing" in faulty(tmp_path, lambda lines: lines.pop(5))


def test_lines_in_another_order_are_refused(tmp_path: Path) -> None:
    def swap(lines: list[str]) -> None:
        lines[3], lines[4] = lines[4], lines[3]

    assert "line 5: it must stand before line 4" in faulty(tmp_path, swap)


def test_a_line_that_stands_twice_is_refused(tmp_path: Path) -> None:
    assert "line 5: it must stand before" in faulty(
        tmp_path, lambda lines: lines.insert(4, lines[3])
    )


def test_half_a_line_is_refused(tmp_path: Path) -> None:
    def cut(lines: list[str]) -> None:
        lines[3] = lines[3][:20]

    assert "line 4: it is no JSON" in faulty(tmp_path, cut)


def test_another_version_is_refused(tmp_path: Path) -> None:
    def change(lines: list[str]) -> None:
        lines[0] = lines[0].replace(":1}", ":2}")

    assert "line 1: must be" in faulty(tmp_path, change)


@pytest.mark.parametrize(
    ("kind", "change", "told"),
    [
        ("delivery", {"status": "sent"}, "/status must be one of"),
        ("delivery", {"due_at": "2026-11-21"}, "/due_at must be written like"),
        ("delivery", {"due_at": 7}, "/due_at must be written like"),
        ("delivery", {"attempts": "1"}, "/attempts must be a whole number"),
        ("delivery", {"doubt": 1}, "/doubt must be true or false"),
        ("delivery", {"key": "1"}, "/key must be an object"),
        ("delivery", {"key": {"channel": "x"}}, "/key/message_id is missing"),
        ("delivery", {"counts": {"all": 1}}, "/counts/all is not known here"),
        ("message", {"channels": "x"}, "/channels must be a list"),
        ("message", {"channels": [1]}, "/channels/0 must be a text"),
        ("message", {"summary": []}, "/summary must be an object"),
        ("message", {"summary": {"x": "y"}}, "/summary/x must be one of"),
        ("certification", {"submission": {"certified_on": "today"}}, "/submission/certified_on"),
        ("message", {"kind": "note"}, "/kind must be one of"),
        ("message", {"kind": None}, "/kind must be one of"),
    ],
)
def test_a_fault_is_told_with_its_line_and_field(
    tmp_path: Path, kind: str, change: Mapping[str, Any], told: str
) -> None:
    found: list[int] = []

    def break_one(lines: list[str]) -> None:
        number = next(n for n, line in enumerate(lines) if f'"kind":"{kind}"' in line)
        lines[number] = json.dumps(json.loads(lines[number]) | change)
        found.append(number + 1)

    assert f"line {found[0] if found else ''}" in (said := faulty(tmp_path, break_one))
    assert told in said


@pytest.mark.parametrize("line", ["[]", "1", '"text"', '{"kind":"profile","kind":"profile"}'])
def test_what_is_no_object_is_refused(tmp_path: Path, line: str) -> None:
    assert "line 2: " in faulty(tmp_path, lambda lines: lines.insert(1, line))


@pytest.mark.parametrize(
    "fields", [{"ref": "../secret.jpg"}, {"ref": "media/../../x.jpg"}, {"ref": 1}, {"sha256": "1"}]
)
def test_a_picture_stands_where_pictures_stand(tmp_path: Path, fields: Mapping[str, Any]) -> None:
    def change(lines: list[str]) -> None:
        lines[-2] = json.dumps(json.loads(lines[-2]) | fields)

    assert "must be" in faulty(tmp_path, change)


def test_not_more_faults_are_told_than_anybody_reads(tmp_path: Path) -> None:
    file = tmp_path / "junk"
    file.write_text("junk\n" * 5000)
    with pytest.raises(Malformed) as told:
        check(file)
    assert len(str(told.value).splitlines()) == 101


def test_an_empty_file_is_no_export(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    with pytest.raises(Malformed, match="the end is missing"):
        check(tmp_path / "empty")


# --- the command ----------------------------------------------------------------------------------


def test_what_was_taken_in_is_told(tmp_path: Path) -> None:
    there = empty()
    there.connect(FEED, page="another")
    said = "\n".join(move.told(taken(there, written(lived_in(), tmp_path))))
    assert "came in held: " in said
    assert f"    ACCT#{FEED} / STATE" in said
    assert "missing pictures: " in said


def test_a_file_that_is_not_there_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "nothing.jsonl"
    assert move.main(["import", str(file)]) == 1
    assert capsys.readouterr().err == f"There is no file {file}.\n"


def test_lines_are_sorted_in_runs(tmp_path: Path) -> None:
    places = [("b", "2"), ("a", "1"), ("c", "3"), ("b", "1"), ("a", "2")]
    lines = [(place, "".join(place)) for place in places]
    assert [line for _, line in in_order(lines, tmp_path, run=2)] == ["a1", "a2", "b1", "b2", "c3"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("export", "."), "FILE says which file"),
        (("export", "{}"), "is a folder: FILE names the file to write"),
        (("export", "{}/nowhere/everything.jsonl"), "There is no folder"),
        (("export", "{}/everything.jsonl", "--media", "{}/file"), "is no folder"),
        (("import", "{}/file", "--media", "{}/nowhere"), "There is no folder"),
    ],
)
def test_a_place_that_can_not_be_is_refused_before_anything_is_done(
    arguments: tuple[str, ...], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()

    assert move.main([part.format(tmp_path) for part in arguments]) == 1
    assert told in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_an_export_is_its_owners_alone(tmp_path: Path) -> None:
    assert written(lived_in(), tmp_path).stat().st_mode & 0o777 == 0o600


def test_recipients_whose_ids_another_signing_key_made_are_not_taken_in(tmp_path: Path) -> None:
    file, fresh = written(lived_in(), tmp_path), empty()
    with pytest.raises(Malformed, match="another signing key"):
        taken(fresh, file, id_of=lambda channel, address: "somebody")

    assert list(Archive(fresh.store).records()) == []


def test_recipients_who_have_the_same_ids_here_are_taken_in(tmp_path: Path) -> None:
    old, fresh = lived_in(), empty()
    ids = {
        record.value.recipient.address: record.value.recipient.id
        for record in Archive(old.store).records()
        if record.kind.name == "recipient"
    }
    file = written(old, tmp_path)
    found = taken(fresh, file, id_of=lambda channel, address: ids[address])

    assert found.stored["recipient"] == len(ids) > 0
