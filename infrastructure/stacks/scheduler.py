"""The clock: every minute `release_due` puts on the stream what is due."""

from __future__ import annotations

from aws_cdk import Duration, aws_events, aws_events_targets
from constructs import Construct

from infrastructure.bundle import Bundle
from infrastructure.functions import Function, Layers
from infrastructure.resilience import TICK_RETRIES, TICK_WORTH_SECONDS
from infrastructure.stacks._stack import ProductStack
from infrastructure.stacks.data import OmnichannelDataStack
from infrastructure.stages import Stage


class OmnichannelSchedulerStack(ProductStack):
    """The minute's tick."""

    def __init__(
        self, scope: Construct, stage: Stage, *, bundle: Bundle, data: OmnichannelDataStack
    ) -> None:
        super().__init__(scope, stage)
        self.add_stack_dependency(data)
        self.dead = self.dead_letters(self, "Dead", "release_due")
        self.release_due = Function(
            self,
            "ReleaseDue",
            packaged=bundle.functions["release_due"],
            bundle=bundle,
            stage=stage,
            grounds=data.grounds,
            variables=data.variables(),
            layers=Layers(self, bundle),
        )
        packaged = self.release_due.packaged.source("Schedule")
        aws_events.Rule(
            self,
            "Tick",
            description="Release what is due",
            schedule=aws_events.Schedule.expression(packaged["Schedule"]),
            targets=[
                aws_events_targets.LambdaFunction(
                    self.release_due.alias,
                    dead_letter_queue=self.dead,
                    max_event_age=Duration.seconds(TICK_WORTH_SECONDS),
                    retry_attempts=TICK_RETRIES,
                )
            ],
        )
        self.release_due.keep_failures(self.dead, worth_seconds=TICK_WORTH_SECONDS, retries=0)
