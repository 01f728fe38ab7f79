"""The cost model: its prices, what it counts in templates, its sums, its pages."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from statistics import mean
from typing import Any

import pytest

from chalicelib.services.releasing import LEAD, SPAN
from infrastructure.cost import bill as billing
from infrastructure.cost import traffic
from infrastructure.cost.__main__ import main
from infrastructure.cost.bill import Bill, quantities
from infrastructure.cost.cuts import CUTS, EXTRAS, FIREWALL, GOALS, Goal
from infrastructure.cost.deployed import Deployed, NotCounted, read
from infrastructure.cost.prices import Price, Prices
from infrastructure.cost.report import LOADS, Report
from infrastructure.cost.traffic import Traffic

STAGES = read()
PRICES = Prices.read()
PROD = STAGES["prod"]


def price(**changes: Any) -> Price:
    whole = {"service": "S", "usd": 2, "per": 10, "unit": "u", "quoted": "source"}
    return Price(**{**whole, "source": "https://aws.amazon.com/s/", **changes})


# --- prices -------------------------------------------------------------------------------------


def test_an_allowance_comes_off_what_is_billed_and_not_off_the_list_price() -> None:
    cost = price(free=10).of(30)

    assert (cost.listed, cost.billed) == (6, 4)


def test_a_first_tier_comes_off_both() -> None:
    cost = price(included=10).of(30)

    assert (cost.listed, cost.billed) == (4, 4)


def test_what_stays_within_the_allowance_is_free() -> None:
    assert price(free=10).of(9).billed == 0


def test_every_price_is_used_and_everything_used_has_a_price() -> None:
    assert set(quantities(PROD, Traffic(1000))) == set(PRICES.price)


def test_a_quantity_counted_twice_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(billing, "PARTS", (*billing.PARTS, billing.PARTS[0]))

    with pytest.raises(ValueError, match="rest_requests is counted twice"):
        quantities(PROD, Traffic(0))


# --- counting in templates ----------------------------------------------------------------------


def function(name: str, stage: str = "dev", **properties: Any) -> dict[str, Any]:
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "FunctionName": f"omnichannel-publisher-{stage}-{name}",
            "MemorySize": 512,
            "Environment": {"Variables": {"STAGE": stage}},
            **properties,
        },
    }


def of(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": f"AWS::{kind}", "Properties": properties}


MAPPING = of("Lambda::EventSourceMapping", ParallelizationFactor=4)


def counted(*resources: dict[str, Any]) -> Deployed:
    named = {str(number): resource for number, resource in enumerate(resources)}
    return Deployed.counted([{"Resources": {}}, {"Resources": named}])


def test_a_function_is_counted_by_its_name_with_its_memory() -> None:
    assert counted(function("hear_mail"), MAPPING).memory_mb == {"hear_mail": 512}


def test_an_alarm_on_an_expression_is_paid_for_each_metric_in_it() -> None:
    metric: dict[str, Any] = {"MetricStat": {}}
    expression = of("CloudWatch::Alarm", Metrics=[metric, metric, {"Expression": "a / b"}])

    alarms = counted(function("deliver"), MAPPING, expression, of("CloudWatch::Alarm"))

    assert alarms.alarm_metrics == 3


def test_alarms_on_single_functions_are_told_from_those_on_promises() -> None:
    names = ("deliver-errors", "hear_mail-slow", "api-slow", "in-doubt-age", "deliver-live-fails")
    made = [of("CloudWatch::Alarm", AlarmName=f"P2-omnichannel-publisher-dev-{n}") for n in names]

    found = counted(function("deliver"), MAPPING, *made)

    assert (found.alarm_metrics, found.alarm_metrics_of_functions) == (5, 2)


def test_the_rules_of_every_firewall_are_counted() -> None:
    acl = of("WAFv2::WebACL", Rules=[{}, {}])

    found = counted(function("deliver"), MAPPING, acl)

    assert (found.firewalls, found.firewall_rules) == (1, 2)


def test_the_parts_of_the_edge_are_counted() -> None:
    amplify = of("WAFv2::WebACLAssociation", ResourceArn={"Fn::GetAtt": ["App", "Arn"]})
    gateway = of("WAFv2::WebACLAssociation", ResourceArn={"Fn::Join": ["", []]})
    acls = [of("WAFv2::WebACL", Rules=[{}], Scope=scope) for scope in ("CLOUDFRONT", "REGIONAL")]
    records = [of("Route53::RecordSet", HostedZoneId="Z1", Type=kind) for kind in ("A", "AAAA")]
    parts = (*acls, amplify, gateway, *records, of("CloudFront::Distribution"))

    found = counted(function("deliver"), MAPPING, *parts)

    assert (found.firewalls, found.web_firewalls, found.hosting_firewalls) == (2, 1, 1)
    assert (found.distributions, found.zones) == (1, 1)


def test_a_sampling_rule_is_what_is_traced() -> None:
    rule = of("XRay::SamplingRule", SamplingRule={"FixedRate": 0.05})

    assert counted(function("deliver"), MAPPING, rule).sampled_share == 0.05
    assert counted(function("deliver"), MAPPING).sampled_share == 1


def test_templates_of_two_stages_are_refused() -> None:
    with pytest.raises(NotCounted, match=r"\['dev', 'prod'\]"):
        counted(function("deliver"), function("deliver", "prod"), MAPPING)


def test_the_memory_of_every_function_is_what_the_configuration_says() -> None:
    path = Path(__file__).parents[2] / ".chalice" / "config.json"
    told = json.loads(path.read_text("utf-8"))["lambda_functions"]

    memory = {name: settings["lambda_memory_size"] for name, settings in told.items()}
    assert {name: dict(stage.memory_mb) for name, stage in STAGES.items()} == dict.fromkeys(
        STAGES, memory
    )


# --- traffic ------------------------------------------------------------------------------------


def test_the_scheduler_looks_as_far_ahead_as_is_paid_for() -> None:
    assert (
        timedelta(seconds=traffic.LEAD_SECONDS),
        timedelta(seconds=traffic.SPAN_SECONDS),
    ) == (LEAD, SPAN)


def test_a_tick_sleeps_as_long_as_chance_says_it_does() -> None:
    load, chance, span = Traffic(100_000), Random(1), SPAN.total_seconds()
    due = load.messages * traffic.SCHEDULED_SHARE.value / traffic.TICKS

    def slept() -> float:
        # Arrivals by chance within the span, one after the other; the last one ends the run.
        at, last = chance.expovariate(due / span), 0.0
        while at < span:
            at, last = at + chance.expovariate(due / span), at
        return last

    played = mean(slept() for _ in range(20_000))
    assert load.tick_seconds == pytest.approx(traffic.IDLE_TICK_SECONDS.value + played, rel=0.02)


def test_a_tick_without_anything_scheduled_ends_at_once() -> None:
    assert Traffic(0).tick_seconds == traffic.IDLE_TICK_SECONDS.value


def test_a_tick_never_outlasts_its_span() -> None:
    longest = SPAN + timedelta(seconds=traffic.IDLE_TICK_SECONDS.value)

    assert timedelta(seconds=Traffic(10**9).tick_seconds) <= longest


def test_a_secret_is_fetched_no_more_often_than_it_is_used() -> None:
    few, many = Traffic(1), Traffic(1_000_000)

    assert few.openings == few.messages * traffic.ACCOUNTS.value
    assert many.openings == pytest.approx(
        traffic.ACCOUNTS.value * traffic.ENVIRONMENTS.value * traffic.HOURS
    )


def test_a_longer_window_leaves_the_worker_less_to_wait_for() -> None:
    assert Traffic(1000).batch_seconds(5) < Traffic(1000).batch_seconds(0)


@pytest.mark.parametrize("calls", [1, 1e6, 1e9])
def test_the_default_rule_traces_between_a_twentieth_and_everything(calls: float) -> None:
    assert 0.05 * calls <= Traffic(0).traced(calls) <= calls


# --- bills --------------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", STAGES)
def test_more_requests_never_cost_less(stage: str) -> None:
    totals = [Bill.of(STAGES[stage], load, PRICES).total.billed for load in LOADS]

    assert totals == sorted(totals)


@pytest.mark.parametrize("cut", CUTS, ids=lambda cut: cut.does)
def test_a_cut_saves_something_somewhere(cut: Any) -> None:
    before = Bill.of(PROD, 100_000, PRICES).total.listed
    after = Bill.of(cut.change(PROD), 100_000, PRICES).total.listed

    assert after < before or cut.change(PROD) == PROD


@pytest.mark.parametrize("extra", EXTRAS, ids=lambda extra: extra.does)
def test_a_part_of_the_edge_is_not_there_and_changes_the_bill(extra: Any) -> None:
    more = extra.change(PROD)

    assert more != PROD
    assert extra.costs(PROD, 1_000_000, PRICES) > 0


def test_a_goal_names_the_cuts_that_reach_it_and_never_the_firewall() -> None:
    goal = Goal("prod", "prod", 100_000, 0.01)

    made, after = goal.reached_by(STAGES, PRICES)

    assert made
    assert FIREWALL not in made
    assert after.total.billed < goal.bill(STAGES, PRICES).total.billed


@pytest.mark.parametrize("goal", GOALS, ids=lambda goal: goal.says)
def test_every_goal_is_reached_by_the_stages_own_defaults(goal: Goal) -> None:
    assert goal.bill(STAGES, PRICES).total.billed <= goal.at_most


def test_a_goal_that_is_reached_needs_no_cut() -> None:
    made, _ = Goal("dev", "dev", 0, 1000).reached_by(STAGES, PRICES)

    assert made == []


def test_the_firewall_is_in_the_bill_that_a_goal_of_prod_is_about() -> None:
    assert all(goal.bill(STAGES, PRICES).services["WAF"].billed >= 8 for goal in GOALS[1:])


# --- pages --------------------------------------------------------------------------------------


def test_another_price_changes_the_page_and_the_table() -> None:
    dearer = PRICES.price["shard_hours"].model_copy(update={"usd": 1.0})
    prices = PRICES.model_copy(update={"price": {**PRICES.price, "shard_hours": dearer}})

    told, before = Report(STAGES, prices), Report.read()

    assert told.page() != before.page()
    assert told.summary() != before.summary()


def test_a_goal_that_is_missed_is_said_to_be_missed() -> None:
    dear = {**STAGES, "dev": replace(STAGES["dev"], shards=20)}

    assert (
        "Goal for dev, idle, with Kinesis, at most $15: **missed**"
        in Report(dear, PRICES).summary()
    )


def test_make_cost_prints_the_tables_of_the_page() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "infrastructure.cost"], capture_output=True, text=True, check=True
    )

    report = Report(STAGES, PRICES)
    assert report.summary() in done.stdout
    assert report.services() in done.stdout


def test_a_folder_without_a_stage_is_told_so_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--count", str(tmp_path)]) == 1
    assert "not the templates of one stage" in capsys.readouterr().err
