"""Who notices: alarms with a severity and a page that helps, their topic, one dashboard."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Duration, aws_cloudwatch_actions, aws_sns
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from chalicelib.domain.metrics import Metric
from chalicelib.observability import NAMESPACE
from infrastructure.alarms import Severity, alarm
from infrastructure.resilience import GATEWAY_STAGE, UNWATCHED
from infrastructure.rules import accept
from infrastructure.serving import Served, Serving
from infrastructure.stacks._stack import ProductStack
from infrastructure.stacks.data import OmnichannelDataStack
from infrastructure.stages import PROJECT, Stage

FIVE_MINUTES = Duration.minutes(5)
ONE_MINUTE = Duration.minutes(1)
ERROR_PERCENT = 1
API_SLOW_MS = 500
OVERDUE_SECONDS = 300
DOUBT_SECONDS = 1800
"""Longer than any channel's settle time and an event's wait, so longer than doubt should last."""
ITERATOR_AGE_MS = 60_000
SILENT_MINUTES = 3
LONGEST_PAUSE = Duration.minutes(15)
"""A circuit is told of each time it opens; in between its account rests for up to ten minutes."""
STATISTICS = {
    "Invocations": "Sum",
    "Duration": "p95",
    "Errors": "Sum",
    "Throttles": "Sum",
    "ConcurrentExecutions": "Maximum",
}


class OmnichannelMonitoringStack(ProductStack):
    """Alarms, their topic and the dashboard."""

    def __init__(
        self, scope: Construct, stage: Stage, *, data: OmnichannelDataStack, serving: Serving
    ) -> None:
        super().__init__(scope, stage)
        self._alarms: list[cloudwatch.Alarm] = []
        self._serving = serving
        functions = serving.functions
        if stage.function_alarms:
            for function in functions:
                if function.name not in UNWATCHED:
                    self._watch_function(function)
        self._watch_api()
        self._watch_promises()
        self._watch_stream()
        self._watch_queue("UploadsLost", "prepare_media")
        self._watch_queue("ReportsLost", "hear_mail")
        self._watch_queue("TicksLost", "release_due")
        topic = self._topic(data)
        action = aws_cloudwatch_actions.SnsAction(topic)
        for made in self._alarms:
            made.add_alarm_action(action)
            made.add_ok_action(action)
        self._dashboard(functions)
        for other in (data, *serving.stacks):
            self.add_stack_dependency(other)

    # --- alarms -------------------------------------------------------------------------------

    def _watch(
        self,
        identity: str,
        name: str,
        severity: Severity,
        page: str,
        says: str,
        metric: cloudwatch.IMetric,
        threshold: float,
        *,
        periods: int = 1,
        breaching_without_data: bool = False,
        at_least: bool = False,
    ) -> None:
        comparison = cloudwatch.ComparisonOperator
        made = alarm(
            self,
            identity,
            stage=self.stage,
            name=name,
            severity=severity,
            page=page,
            says=says,
            metric=metric,
            threshold=threshold,
            comparison=(
                comparison.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
                if at_least
                else comparison.GREATER_THAN_THRESHOLD
            ),
            periods=periods,
            breaching_without_data=breaching_without_data,
        )
        self._alarms.append(made)

    def _watch_function(self, function: Served) -> None:
        name, identity = function.name, function.identity
        errors = self._function_metric(function, "Errors")
        # Each call writes a 0 or a 1, so their mean is the rate: one metric to pay for, not two.
        rate = cloudwatch.MathExpression(
            expression="100 * failed",
            using_metrics={"failed": errors.with_(statistic="Average")},
            label=f"{name}: errors in percent",
            period=FIVE_MINUTES,
        )
        self._watch(
            f"{identity}ErrorRate",
            f"{name}-error-rate",
            Severity.P2,
            "a-function-fails",
            f"More than {ERROR_PERCENT} % of the calls of {name} fail.",
            rate,
            ERROR_PERCENT,
        )
        self._watch(
            f"{identity}Errors",
            f"{name}-errors",
            Severity.P2,
            "a-function-fails",
            f"{name} failed {self.stage.errors} times within five minutes.",
            errors,
            self.stage.errors,
            at_least=True,
        )
        slow_seconds = self._slow_seconds(function)
        self._watch(
            f"{identity}Slow",
            f"{name}-slow",
            Severity.P4,
            "a-function-is-slow",
            f"One call in twenty of {name} takes longer than {slow_seconds} s.",
            self._function_metric(function, "Duration"),
            slow_seconds * 1000,
            periods=3,
        )
        self._watch(
            f"{identity}Throttled",
            f"{name}-throttled",
            Severity.P2,
            "a-function-is-throttled",
            f"Lambda refused calls of {name}.",
            self._function_metric(function, "Throttles"),
            0,
        )

    def _slow_seconds(self, function: Served) -> int:
        """Return what is slow for a function. The clock sleeps through most of its minute."""
        if function.name == "release_due":
            return function.timeout_seconds - 1
        return self.stage.slow_seconds

    def _watch_api(self) -> None:
        self._watch(
            "ApiFails",
            "api-5xx",
            Severity.P1,
            "the-api-fails",
            f"More than {ERROR_PERCENT} % of the API's answers are 5xx.",
            cloudwatch.MathExpression(
                expression="100 * failures",
                using_metrics={"failures": self._api_metric("5XXError", "Average")},
                label="5xx in percent",
                period=FIVE_MINUTES,
            ),
            ERROR_PERCENT,
        )
        self._watch(
            "ApiSlow",
            "api-slow",
            Severity.P3,
            "the-api-is-slow",
            f"One answer in twenty of the API takes longer than {API_SLOW_MS} ms.",
            self._api_metric("Latency", "p95"),
            API_SLOW_MS,
            periods=3,
        )

    def _watch_promises(self) -> None:
        """Alarms that mirror what the product promises, on metrics that the code itself writes."""
        self._watch(
            "Overdue",
            "oldest-due-delivery",
            Severity.P1,
            "deliveries-are-overdue",
            "A delivery is overdue by more than five minutes and nobody is at it.",
            self._own(Metric.OLDEST_DUE, "Maximum", ONE_MINUTE),
            OVERDUE_SECONDS,
        )
        self._watch(
            "Silent",
            "tick-age",
            Severity.P1,
            "the-clock-stands-still",
            f"No tick was heard for {SILENT_MINUTES} minutes: scheduled posts are not published.",
            cloudwatch.MathExpression(
                expression="IF(FILL(ticks, 0) < 1, 1, 0)",
                using_metrics={"ticks": self._own(Metric.TICKS, "Sum", ONE_MINUTE)},
                label="minutes without a tick",
                period=ONE_MINUTE,
            ),
            0,
            periods=SILENT_MINUTES,
            breaching_without_data=True,
        )
        self._watch(
            "Doubt",
            "in-doubt-age",
            Severity.P2,
            "doubt-lasts",
            "A delivery has been in doubt for longer than half an hour.",
            self._own(Metric.DOUBT, "Maximum"),
            DOUBT_SECONDS,
        )
        self._watch(
            "Review",
            "needs-review",
            Severity.P3,
            "somebody-has-to-look",
            "A delivery needs a person's answer.",
            self._own(Metric.NEEDS_REVIEW, "Sum"),
            0,
        )
        self._watch(
            "Circuit",
            "circuit-open",
            Severity.P2,
            "a-platform-does-not-serve-us",
            "A platform fails again and again: its channel rests.",
            self._own(Metric.CIRCUIT_OPEN, "Sum", LONGEST_PAUSE),
            0,
        )
        self._watch(
            "Blocked",
            "account-blocked",
            Severity.P2,
            "an-account-is-refused",
            "A platform refuses our credentials: its channel's deliveries wait.",
            self._own(Metric.ACCOUNT_BLOCKED, "Sum"),
            0,
        )

    def _watch_stream(self) -> None:
        deliver = self.stage.function("deliver")
        self._watch(
            "Lagging",
            "iterator-age",
            Severity.P2,
            "the-worker-lags-behind",
            "Records wait on the stream for longer than a minute.",
            cloudwatch.Metric(
                namespace="AWS/Lambda",
                metric_name="IteratorAge",
                dimensions_map={"FunctionName": deliver},
                statistic="Maximum",
                period=ONE_MINUTE,
            ),
            ITERATOR_AGE_MS,
            periods=3,
        )
        for identity, metric in (
            ("PutAside", "OnFailureDestinationDeliveredEventCount"),
            ("Dropped", "DroppedEventCount"),
        ):
            self._watch(
                identity,
                "failure-destination" if identity == "PutAside" else "records-dropped",
                Severity.P2,
                "records-were-put-aside",
                "Stream records were given up on.",
                cloudwatch.Metric(
                    namespace="AWS/Lambda",
                    metric_name=metric,
                    dimensions_map={
                        "FunctionName": deliver,
                        "EventSourceMappingUUID": self._serving.stream_mapping(self),
                    },
                    statistic="Sum",
                    period=FIVE_MINUTES,
                ),
                0,
            )

    def _watch_queue(self, identity: str, name: str) -> None:
        queue = self._serving.dead[name]
        self._watch(
            identity,
            f"{name}-dead-letters",
            Severity.P3,
            "an-event-was-given-up-on",
            f"Events that {name} could not take wait in {queue.node.path}.",
            queue.metric_approximate_number_of_messages_visible(
                period=FIVE_MINUTES, statistic="Maximum"
            ),
            0,
        )

    # --- metrics ------------------------------------------------------------------------------

    def _function_metric(self, function: Served, name: str) -> cloudwatch.Metric:
        # By name, not by reference: an export would tie the function to this stack.
        return cloudwatch.Metric(
            namespace="AWS/Lambda",
            metric_name=name,
            dimensions_map={"FunctionName": function.deployed},
            statistic=STATISTICS[name],
            period=FIVE_MINUTES,
        )

    def _api_metric(self, name: str, statistic: str) -> cloudwatch.Metric:
        return cloudwatch.Metric(
            namespace="AWS/ApiGateway",
            metric_name=name,
            dimensions_map={"ApiName": self._serving.api_name, "Stage": GATEWAY_STAGE},
            statistic=statistic,
            period=FIVE_MINUTES,
        )

    def _own(
        self, metric: Metric, statistic: str, period: Duration = FIVE_MINUTES
    ) -> cloudwatch.Metric:
        return cloudwatch.Metric(
            namespace=NAMESPACE,
            metric_name=metric,
            dimensions_map={"stage": self.stage.name},
            statistic=statistic,
            period=period,
        )

    # --- topic, dashboard ---------------------------------------------------------------------

    def _topic(self, data: OmnichannelDataStack) -> aws_sns.Topic:
        topic = aws_sns.Topic(
            self,
            "Alarms",
            topic_name=f"{PROJECT}-{self.stage.name}-alarms",
            master_key=data.key,
            enforce_ssl=True,
        )
        if data.key is None:
            accept(
                topic,
                "CloudWatch can't publish with AWS's own key; alarms hold no one's data.",
                "AwsSolutions-SNS2",
            )
        if self.stage.alarm_email:
            topic.add_subscription(subscriptions.EmailSubscription(self.stage.alarm_email))
        return topic

    def _dashboard(self, functions: Sequence[Served]) -> None:
        widgets: list[list[cloudwatch.IWidget]] = [
            [cloudwatch.AlarmStatusWidget(title="Alarms", width=24, alarms=list(self._alarms))],
            [
                self._graph("Promises: oldest due", [self._own(Metric.OLDEST_DUE, "Maximum")]),
                self._graph("Promises: doubt", [self._own(Metric.DOUBT, "Maximum")]),
                self._graph("Needs review", [self._own(Metric.NEEDS_REVIEW, "Sum")]),
            ],
            [
                self._graph("API: 4xx", [self._api_metric("4XXError", "Sum")]),
                self._graph("API: 5xx", [self._api_metric("5XXError", "Sum")]),
                self._graph(
                    "API: latency",
                    [self._api_metric("Latency", "p50"), self._api_metric("Latency", "p95")],
                ),
            ],
        ]
        for name in STATISTICS:
            metrics = [self._function_metric(function, name) for function in functions]
            widgets.append([self._graph(name, metrics, width=24)])
        cloudwatch.Dashboard(
            self, "Dashboard", dashboard_name=f"{PROJECT}-{self.stage.name}", widgets=widgets
        )

    def _graph(
        self, title: str, metrics: list[cloudwatch.Metric], width: int = 8
    ) -> cloudwatch.GraphWidget:
        return cloudwatch.GraphWidget(title=title, left=list(metrics), width=width)
