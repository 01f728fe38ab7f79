"""A stage's bill for a month: how much of each priced thing, line by line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from infrastructure.cost import traffic
from infrastructure.cost.deployed import Deployed
from infrastructure.cost.prices import Prices, Sum
from infrastructure.cost.traffic import Traffic

MB_IN_GB = 1024
BYTES_IN_GB = 1e9

Quantities = Mapping[str, float]
"""How much of each price's unit."""


@dataclass(frozen=True, slots=True)
class Bill:
    """What one stage costs at one load."""

    stage: str
    requests_a_day: int
    lines: Mapping[str, Sum]
    """By price."""
    services: Mapping[str, Sum]
    """By service, in the order of the price file."""

    @property
    def total(self) -> Sum:
        """Everything."""
        return sum(self.services.values(), Sum())

    @classmethod
    def of(cls, deployed: Deployed, requests_a_day: int, prices: Prices) -> Bill:
        """Return the bill of a stage that gets so many requests a day."""
        used = quantities(deployed, Traffic(requests_a_day))
        lines = {name: price.of(used[name]) for name, price in prices.price.items()}
        services: dict[str, Sum] = {}
        for name, sum_ in lines.items():
            service = prices.price[name].service
            services[service] = services.get(service, Sum()) + sum_
        return cls(deployed.stage, requests_a_day, lines, services)


def quantities(deployed: Deployed, load: Traffic) -> Quantities:
    """Return how much of every priced thing a month needs; each price is named exactly once."""
    found: dict[str, float] = {}
    for part in PARTS:
        for name, quantity in part(deployed, load):
            if name in found:
                raise ValueError(f"{name} is counted twice")
            found[name] = quantity
    return found


Counted = Iterator[tuple[str, float]]


def _gateway(deployed: Deployed, load: Traffic) -> Counted:
    # What goes out by way of CloudFront is paid for there alone.
    yield "rest_requests", load.requests
    said = load.visits * traffic.SAID_A_VISIT.value
    yield "live_messages", 2 * said + load.messages * traffic.TOLD_A_MESSAGE.value
    yield "live_minutes", load.visits * traffic.VISIT_MINUTES.value
    yield "transfer", 0 if deployed.distributions else load.answered_gigabytes


def _edge(deployed: Deployed, load: Traffic) -> Counted:
    seen = load.files + (load.requests if deployed.distributions else 0)
    before_api = deployed.firewalls - deployed.web_firewalls
    yield "firewalls", deployed.firewalls
    yield "firewall_rules", deployed.firewall_rules
    yield "firewall_requests", before_api * load.requests + deployed.web_firewalls * seen
    yield "hosting_firewalls", deployed.hosting_firewalls
    yield "edge_requests", seen if deployed.distributions else 0
    gigabytes = load.served_gigabytes + load.answered_gigabytes
    yield "edge_gigabytes", gigabytes if deployed.distributions else 0
    yield "zones", deployed.zones


def _functions(deployed: Deployed, load: Traffic) -> Counted:
    yield "lambda_requests", sum(calls for calls, _ in _work(deployed, load).values())
    yield (
        "lambda_seconds",
        sum(
            calls * seconds * deployed.memory_mb[name] / MB_IN_GB
            for name, (calls, seconds) in _work(deployed, load).items()
        ),
    )
    kept = deployed.provisioned * deployed.memory_mb["api_handler"] / MB_IN_GB
    yield "provisioned_seconds", kept * traffic.HOURS * 3600


def _work(deployed: Deployed, load: Traffic) -> Mapping[str, tuple[float, float]]:
    """Return each function's calls, and how many seconds one takes."""
    cold = traffic.COLD_SHARE.value * traffic.COLD_SECONDS.value
    return {
        "api_handler": (load.requests, traffic.REQUEST_SECONDS.value + cold),
        "deliver": (load.batches, load.batch_seconds(deployed.window_seconds)),
        "release_due": (traffic.TICKS, load.tick_seconds),
        "prepare_media": (load.pictures, traffic.PICTURE_SECONDS.value),
        "hear_mail": (load.messages, traffic.HEARING_SECONDS.value),
        "websocket_connect": (load.visits, traffic.LIVE_SECONDS.value),
        "websocket_message": (
            load.visits * traffic.SAID_A_VISIT.value,
            traffic.LIVE_SECONDS.value,
        ),
        "websocket_disconnect": (load.visits, traffic.LIVE_SECONDS.value),
        "adapt": (load.messages if deployed.adapts else 0, traffic.MODEL_SECONDS.value),
    }


def _stream(deployed: Deployed, load: Traffic) -> Counted:
    yield "shard_hours", deployed.shards * traffic.HOURS
    yield "put_units", load.records


def _table(deployed: Deployed, load: Traffic) -> Counted:
    views = load.requests - load.messages
    stored = load.messages * traffic.KEPT_MONTHS.value * traffic.STORED_BYTES / BYTES_IN_GB
    asked = load.messages * traffic.CHANGES_A_MESSAGE.value
    yield (
        "table_writes",
        load.messages * traffic.SENT.written + load.visits * traffic.OPENED.written,
    )
    yield (
        "table_reads",
        load.messages * traffic.SENT.read
        + views * traffic.VIEWED.read
        + load.visits * traffic.OPENED.read
        + asked
        + traffic.TICKS * traffic.TICKED.read,
    )
    yield "table_storage", stored
    yield "table_recovery", stored


def _watching(deployed: Deployed, load: Traffic) -> Counted:
    ours = traffic.METRICS_ALWAYS.value
    ours += traffic.METRICS_PUBLISHING.value * load.publishing_hours_share
    methods = traffic.METHODS.value * traffic.METHOD_METRICS * load.reading_hours_share
    log_bytes = (
        load.requests * traffic.REQUEST_LOG_BYTES.value
        + (load.batches + traffic.TICKS) * traffic.BATCH_LOG_BYTES.value
        + load.records * traffic.DELIVERY_LOG_BYTES.value
    )
    traced = load.requests * deployed.sampled_share
    traced += sum(map(load.traced, (load.batches, traffic.TICKS)))
    yield "alarms", deployed.alarm_metrics
    yield "dashboards", deployed.dashboards
    yield "metrics", ours + (methods if deployed.metered_methods else 0)
    yield "log_gigabytes", log_bytes / BYTES_IN_GB
    yield "traces", traced if deployed.traced else 0
    yield "topic_messages", load.messages


def _secrets(deployed: Deployed, load: Traffic) -> Counted:
    yield "secrets", deployed.secrets + traffic.ACCOUNTS.value
    yield "secret_reads", load.openings
    yield "keys", deployed.keys
    yield "key_requests", traffic.KEY_CALLS_AN_HOUR.value * traffic.HOURS if deployed.keys else 0


def _objects(deployed: Deployed, load: Traffic) -> Counted:
    megabytes = load.pictures * traffic.KEPT_MONTHS.value * traffic.PICTURE_MB.value
    yield "object_storage", megabytes / 1000
    yield "object_writes", load.pictures * 2
    yield "object_reads", load.messages * 2
    yield "hosted_gigabytes", load.served_gigabytes if deployed.web_apps else 0
    yield "active_members", load.requests / traffic.MEMBER_REQUESTS.value


def _model(deployed: Deployed, load: Traffic) -> Counted:
    asked = load.messages if deployed.adapts else 0
    yield "model_input", asked * traffic.MODEL_INPUT_TOKENS
    yield "model_output", asked * traffic.MODEL_OUTPUT_TOKENS


def _guards(deployed: Deployed, load: Traffic) -> Counted:
    calls = sum(calls for calls, _ in _work(deployed, load).values())
    watched = 1 if deployed.detectors else 0
    yield "management_events", watched * traffic.MANAGEMENT_EVENTS.value
    yield "object_events", watched * (load.pictures * 2 + load.messages * 2)
    yield "flow_gigabytes", watched * calls * traffic.FLOW_BYTES.value / BYTES_IN_GB
    checked = traffic.SECURITY_CHECKS_A_DAY.value * traffic.DAYS if deployed.hubs else 0
    yield "security_checks", checked


PARTS: tuple[Callable[[Deployed, Traffic], Counted], ...] = (
    _gateway,
    _edge,
    _functions,
    _stream,
    _table,
    _watching,
    _secrets,
    _objects,
    _model,
    _guards,
)
