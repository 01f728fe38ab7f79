"""What members say about themselves."""

from __future__ import annotations

import pytest

from chalicelib.domain.ports import Profile
from tests.fakes.world import ADA, BOB, World


def test_before_any_change_the_tokens_name_is_shown(world: World) -> None:
    assert world.profiling.read(ADA) == Profile("ada", "Ada Lovelace", "en", "UTC")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"name": "Countess"}, Profile("ada", "Countess")),
        ({"language": "es"}, Profile("ada", "Ada Lovelace", "es")),
        ({"time_zone": "Europe/Madrid"}, Profile("ada", "Ada Lovelace", "en", "Europe/Madrid")),
        ({}, Profile("ada", "Ada Lovelace")),
    ],
)
def test_only_what_is_given_changes(
    world: World, change: dict[str, str], expected: Profile
) -> None:
    assert world.profiling.change(ADA, **change) == expected
    assert world.profiling.read(ADA) == expected


def test_an_emptied_name_falls_back_to_the_tokens(world: World) -> None:
    world.profiling.change(ADA, name="Countess")
    world.profiling.change(ADA, name="")

    assert world.profiling.read(ADA).name == "Ada Lovelace"


def test_changes_add_up(world: World) -> None:
    world.profiling.change(ADA, name="Countess")

    assert world.profiling.change(ADA, language="es") == Profile("ada", "Countess", "es")


def test_members_have_profiles_of_their_own(world: World) -> None:
    world.profiling.change(ADA, name="Countess")

    assert world.profiling.read(BOB).name == "Bob"
