"""What works in the background: deliveries, uploads, mail events, a model's words, replays."""

from __future__ import annotations

from typing import Any

from aws_cdk import aws_events, aws_events_targets, aws_lambda
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infrastructure.bundle import Bundle
from infrastructure.functions import Function, Layers
from infrastructure.resilience import TELLING, stream_mapping
from infrastructure.rules import accept
from infrastructure.stacks._stack import ProductStack
from infrastructure.stacks.api import OmnichannelApiStack
from infrastructure.stacks.data import OmnichannelDataStack
from infrastructure.stages import Stage


class OmnichannelWorkerStack(ProductStack):
    """The worker and the functions that hear of uploads and mails."""

    def __init__(
        self,
        scope: Construct,
        stage: Stage,
        *,
        bundle: Bundle,
        data: OmnichannelDataStack,
        api: OmnichannelApiStack,
    ) -> None:
        super().__init__(scope, stage)
        self.add_stack_dependency(data)
        self._bundle = bundle
        self._data = data
        self._layers = Layers(self, bundle)
        self._grounds = api.exported
        self._variables = {**data.variables(), "PUBLIC_URL": api.public_url}
        self._telling = {**self._variables, "WEBSOCKET_ENDPOINT": api.live.endpoint}
        self.deliver = self._function("Deliver", "deliver")
        self.mapping = self._mapping()
        self.media_dead = self.dead_letters(self, "MediaDead", "prepare_media")
        self.prepare_media = self._function("PrepareMedia", "prepare_media")
        self._when_uploaded()
        self.mail_dead = self.dead_letters(self, "MailDead", "hear_mail")
        self.hear_mail = self._function("HearMail", "hear_mail")
        self._when_mail_is_reported()
        self.replay = self._function("Replay", "replay")
        self.adapt = self._function("Adapt", "adapt")

    @property
    def functions(self) -> list[Function]:
        """Return every function of this stack."""
        return [self.deliver, self.prepare_media, self.hear_mail, self.replay, self.adapt]

    def _function(self, identity: str, name: str) -> Function:
        return Function(
            self,
            identity,
            packaged=self._bundle.functions[name],
            bundle=self._bundle,
            stage=self.stage,
            grounds=self._grounds,
            variables=self._telling if name in TELLING else self._variables,
            layers=self._layers,
        )

    def _mapping(self) -> aws_lambda.CfnEventSourceMapping:
        """Read the stream so that no record blocks it and none is given up on unseen."""
        packaged = self.deliver.packaged.source("Kinesis")
        made = aws_lambda.CfnEventSourceMapping(
            self,
            "Stream",
            function_name=self.deliver.alias.function_arn,
            event_source_arn=self._data.grounds.stream,
            batch_size=packaged["BatchSize"],
            maximum_batching_window_in_seconds=packaged["MaximumBatchingWindowInSeconds"],
            starting_position=packaged["StartingPosition"],
        )
        wanted = stream_mapping(self.stage, self._data.grounds.failures)
        for name, value in wanted.items():
            made.add_property_override(name, self.resolve(value))
        return made

    def _when_uploaded(self) -> None:
        packaged = self.prepare_media.packaged.source("CloudWatchEvent")["Pattern"]
        detail: dict[str, Any] = {
            **packaged["detail"],
            "bucket": {"name": [self._data.media.bucket_name]},
        }
        aws_events.Rule(
            self,
            "Uploaded",
            description="A file was uploaded",
            event_pattern=aws_events.EventPattern(
                source=packaged["source"], detail_type=packaged["detail-type"], detail=detail
            ),
            targets=[
                aws_events_targets.LambdaFunction(
                    self.prepare_media.alias, dead_letter_queue=self.media_dead
                )
            ],
        )
        self.prepare_media.keep_failures(self.media_dead)

    def _when_mail_is_reported(self) -> None:
        subscription = self._data.mail_events.add_subscription(
            subscriptions.LambdaSubscription(self.hear_mail.alias, dead_letter_queue=self.mail_dead)
        )
        accept(
            subscription,
            "An alias takes events as its function does.",
            "CloudFormation-Validate::W3694",
        )
        self.hear_mail.keep_failures(self.mail_dead)
