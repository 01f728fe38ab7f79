"""A command reaches the stage that was named, or says why it can't."""

from __future__ import annotations

import os

import pytest

from chalicelib.settings import Settings
from scripts.reaching import Refused, reach


@pytest.fixture(autouse=True)
def stranger(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give an environment without anything of AWS, and the old one back."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setattr(os, "environ", os.environ.copy())


def test_a_stage_that_there_is_not_is_refused() -> None:
    with pytest.raises(Refused, match="There is no stage 'live'"):
        reach("live", None)


def test_without_a_region_nobody_is_asked() -> None:
    with pytest.raises(Refused, match="AWS_DEFAULT_REGION"):
        reach("prod", None)


@pytest.mark.parametrize(
    ("table", "reached"),
    [(None, "omnichannel-publisher-prod"), ("another-table", "another-table")],
)
def test_a_stages_own_names_are_reached_but_for_another_table(
    table: str | None, reached: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    reach("prod", table)
    told = Settings.read(os.environ)
    assert (told.stage, told.table_name, told.aws_region) == ("prod", reached, "eu-west-1")
    assert told.secrets_prefix == "omnichannel-publisher/prod"


def test_the_names_of_buckets_are_those_that_were_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("MEDIA_BUCKET", "made-by-the-stack")
    reach("prod", None)

    assert Settings.read(os.environ).media_bucket == "made-by-the-stack"
