"""Alarms: each says how urgent it is and which page helps, and watches a metric that exists."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from chalicelib.domain.metrics import Metric
from chalicelib.observability import NAMESPACE
from chalicelib.services.releasing import SPAN
from infrastructure.resilience import UNWATCHED
from tests.infrastructure.conftest import PROJECT, Assembly, Synthesise
from tests.infrastructure.test_resources import FUNCTIONS

pytestmark = pytest.mark.slow

ALARM = "AWS::CloudWatch::Alarm"
HELP = re.compile(r"^\[(P[1-4])\] (.+) What to do: (docs/how-to/[a-z-]+\.md)#([a-z0-9-]+)$")


def alarms(assembly: Assembly) -> Mapping[str, Mapping[str, Any]]:
    """Return every alarm's properties by its name without what all names begin with."""
    found = (alarm["Properties"] for alarm in assembly.all(ALARM).values())
    return {re.sub(r"^P\d-omnichannel-publisher-\w+?-", "", a["AlarmName"]): a for a in found}


def anchors(page: Path) -> set[str]:
    """Return the headings of a page as links name them."""
    titles = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-") for title in titles}


def test_every_alarm_names_its_severity_and_a_heading_that_helps(prod: Assembly) -> None:
    for name, alarm in alarms(prod).items():
        found = HELP.match(alarm["AlarmDescription"])
        assert found, name
        severity, _, page, heading = found.groups()
        assert alarm["AlarmName"].startswith(f"{severity}-")
        assert heading in anchors(PROJECT / page), (name, heading)


def test_every_heading_helps_with_an_alarm_that_there_is(prod: Assembly) -> None:
    used = {a["AlarmDescription"].rpartition("#")[2] for a in alarms(prod).values()}

    assert anchors(PROJECT / "docs/how-to/answer-alarms.md") - used == {"answer-an-alarm"}


def test_every_function_is_watched_in_the_same_four_ways(prod: Assembly) -> None:
    kinds = ("error-rate", "errors", "slow", "throttled")
    needed = set(FUNCTIONS) - set(UNWATCHED)

    assert {f"{function}-{kind}" for function in needed for kind in kinds} <= set(alarms(prod))


def test_nobody_is_woken_for_live_updates_but_a_bad_version_of_them_is_taken_back(
    prod: Assembly,
) -> None:
    watched = {name for name in alarms(prod) if name.startswith(UNWATCHED)}

    assert watched == {f"{function}-live-fails" for function in UNWATCHED}


def test_what_the_product_promises_is_watched_by_what_the_code_measures(prod: Assembly) -> None:
    watched = {
        alarm["MetricName"]
        for alarm in alarms(prod).values()
        if alarm.get("Namespace") == NAMESPACE
    }
    inside = {
        stat["MetricStat"]["Metric"]["MetricName"]
        for alarm in alarms(prod).values()
        for stat in alarm.get("Metrics", [])
        if "MetricStat" in stat and stat["MetricStat"]["Metric"]["Namespace"] == NAMESPACE
    }

    assert watched | inside == set(Metric)


def test_a_stage_hears_of_its_own_troubles_only(prod: Assembly) -> None:
    for alarm in alarms(prod).values():
        if alarm.get("Namespace") == NAMESPACE:
            assert alarm["Dimensions"] == [{"Name": "stage", "Value": "prod"}]


def test_a_stage_without_alarms_of_functions_watches_what_the_product_promises(
    prod: Assembly, dev: Assembly
) -> None:
    of_functions = {name for name in alarms(prod) if name.startswith(tuple(FUNCTIONS))}
    kept = {name for name in of_functions if name.endswith(("-live-fails", "-dead-letters"))}

    assert set(alarms(dev)) == set(alarms(prod)) - of_functions | kept


def test_thresholds_are_stricter_in_prod(prod: Assembly, synthesise: Synthesise) -> None:
    there, here = alarms(prod), alarms(synthesise("stage"))

    assert (there["deliver-errors"]["Threshold"], here["deliver-errors"]["Threshold"]) == (3, 5)
    assert (there["deliver-slow"]["Threshold"], here["deliver-slow"]["Threshold"]) == (8000, 10000)


def test_a_clock_that_sleeps_until_the_next_post_is_not_slow(prod: Assembly) -> None:
    longest_ms = SPAN.total_seconds() * 1000

    assert longest_ms < alarms(prod)["release_due-slow"]["Threshold"] < 60_000


def test_a_clock_of_which_nothing_is_heard_is_an_alarm(prod: Assembly) -> None:
    silent = alarms(prod)["tick-age"]

    assert silent["TreatMissingData"] == "breaching"
    assert silent["EvaluationPeriods"] == 3


def test_somebody_is_told_of_every_alarm_but_those_that_deployments_ask(prod: Assembly) -> None:
    for name, alarm in alarms(prod).items():
        told = bool(alarm.get("AlarmActions"))
        assert told != name.endswith("-live-fails"), name


def test_whoever_is_configured_is_told(stage: Assembly, prod: Assembly) -> None:
    (told,) = stage.resources("Monitoring", "AWS::SNS::Subscription").values()

    assert told["Properties"]["Endpoint"] == "ops@example.org"
    assert not prod.resources("Monitoring", "AWS::SNS::Subscription")


def test_the_dashboard_shows_every_function_and_the_api(prod: Assembly) -> None:
    text = json.dumps(prod.one("Monitoring", "AWS::CloudWatch::Dashboard")["DashboardBody"])
    shown = ("Invocations", "Duration", "Errors", "Throttles", "ConcurrentExecutions")

    assert all(name in text for name in (*shown, "4XXError", "5XXError", "Latency", *FUNCTIONS))
