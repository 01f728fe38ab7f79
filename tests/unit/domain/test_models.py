"""Where models are reached, what they cost, how long they live."""

from __future__ import annotations

from datetime import date

import pytest

from chalicelib.domain.models import DEFAULT, FALLBACK, KNOWN, Usage, bare, profile, warning


@pytest.mark.parametrize(
    ("region", "geography"),
    [
        ("us-east-1", "us"),
        ("us-west-2", "us"),
        ("eu-central-1", "eu"),
        ("ap-northeast-1", "jp"),
        ("ap-southeast-2", "au"),
        ("sa-east-1", "global"),
    ],
)
def test_a_model_is_called_by_the_profile_of_its_regions_geography(
    region: str, geography: str
) -> None:
    assert profile(DEFAULT, region) == f"{geography}.{DEFAULT}"


def test_who_names_a_profile_has_chosen() -> None:
    assert profile(f"global.{DEFAULT}", "eu-west-1") == f"global.{DEFAULT}"


def test_a_profiles_model_is_known_by_its_bare_name() -> None:
    assert bare(f"eu.{DEFAULT}") == DEFAULT == bare(DEFAULT)


def test_a_call_costs_its_tokens() -> None:
    assert Usage(f"us.{DEFAULT}", 1_000_000, 100_000, 900).cost_micro_dollars == 1_650_000


def test_what_a_model_nobody_knows_costs_is_not_made_up() -> None:
    assert Usage("someone.model-v1:0", 1000, 1000, 1).cost_micro_dollars == 0


@pytest.mark.parametrize("model", [DEFAULT, FALLBACK])
def test_a_model_is_warned_of_from_the_day_it_may_end(model: str) -> None:
    ends = KNOWN[model].ends_not_before
    assert warning(f"us.{model}", date(2026, 1, 1)) is None
    assert str(ends) in str(warning(f"us.{model}", ends))


def test_a_model_nobody_knows_is_warned_of() -> None:
    assert "Nothing is known" in str(warning("someone.model-v1:0", date(2026, 1, 1)))
