"""One deployed function: its role, its log, its live alias and the way a new version takes over.

traffic, events ──▶ alias live ──▶ version n        (n + 1 gets 10 % for five minutes in prod;
                                                     an error of the alias takes it back)
"""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import (
    Duration,
    aws_cloudwatch,
    aws_codedeploy,
    aws_iam,
    aws_lambda,
    aws_lambda_destinations,
    aws_sqs,
)
from constructs import Construct

from infrastructure.alarms import Severity, alarm
from infrastructure.bundle import Bundle, PackagedFunction
from infrastructure.keeping import function_log
from infrastructure.policies import Grounds
from infrastructure.resilience import EVENT_RETRIES, EVENT_WORTH_SECONDS
from infrastructure.rules import accept, managed
from infrastructure.stages import LIVE, Stage

CODE_DEPLOY = "service-role/AWSCodeDeployRoleForLambdaLimited"
CONFIGURATIONS = aws_codedeploy.LambdaDeploymentConfig
CANARIES = {
    "AllAtOnce": CONFIGURATIONS.ALL_AT_ONCE,
    "LambdaCanary10Percent5Minutes": CONFIGURATIONS.CANARY_10_PERCENT_5_MINUTES,
    "LambdaLinear10PercentEvery1Minute": (CONFIGURATIONS.LINEAR_10_PERCENT_EVERY_1_MINUTE),
}


class Layers:
    """The layers of a stack's functions.

    Each stack has versions of its own: a layer's ARN changes with every version, and CloudFormation
    refuses to change what another stack imports.
    """

    def __init__(self, scope: Construct, bundle: Bundle) -> None:
        self._scope = scope
        self._bundle = bundle
        self._made: dict[str, aws_lambda.LayerVersion] = {}

    def of(self, function: PackagedFunction) -> list[aws_lambda.LayerVersion]:
        """Return a function's layers."""
        return [self._layer(identity) for identity in function.layers]

    def _layer(self, identity: str) -> aws_lambda.LayerVersion:
        if identity not in self._made:
            packaged = self._bundle.layers[identity]
            self._made[identity] = aws_lambda.LayerVersion(
                self._scope,
                identity,
                code=aws_lambda.Code.from_asset(self._bundle.file(packaged["ContentUri"])),
                description=packaged.get("Description"),
                compatible_architectures=[
                    aws_lambda.Architecture.custom(name)
                    for name in packaged["CompatibleArchitectures"]
                ],
            )
        return self._made[identity]


class Function(Construct):
    """A packaged function with everything that only it has."""

    def __init__(
        self,
        scope: Construct,
        identity: str,
        *,
        packaged: PackagedFunction,
        bundle: Bundle,
        stage: Stage,
        grounds: Grounds,
        variables: Mapping[str, str],
        layers: Layers,
        provisioned: int = 0,
    ) -> None:
        """Make it; `variables` take the place of the packaged stage's."""
        super().__init__(scope, identity)
        self.packaged = packaged
        self.name = stage.function(packaged.name)
        self.role = self._role(grounds)
        self.log_group = function_log(self, self.name, stage)
        properties = packaged.properties
        self.function = aws_lambda.Function(
            self,
            "Function",
            function_name=self.name,
            code=aws_lambda.Code.from_asset(bundle.file(properties["CodeUri"])),
            handler=properties["Handler"],
            runtime=aws_lambda.Runtime(properties["Runtime"], aws_lambda.RuntimeFamily.PYTHON),
            architecture=aws_lambda.Architecture.custom(properties["Architectures"][0]),
            memory_size=properties["MemorySize"],
            timeout=Duration.seconds(properties["Timeout"]),
            reserved_concurrent_executions=properties.get("ReservedConcurrentExecutions"),
            tracing=aws_lambda.Tracing.ACTIVE,
            environment=dict(variables),
            layers=layers.of(packaged),
            role=self.role.without_policy_updates(),
            log_group=self.log_group,
        )
        accept(
            self.function,
            f"Packaged for {properties['Runtime']}, as tested; a newer one is a change to test.",
            "AwsSolutions-L1",
        )
        self.alias = aws_lambda.Alias(
            self,
            "Live",
            alias_name=LIVE,
            version=self.function.current_version,
            provisioned_concurrent_executions=provisioned or None,
        )
        self._take_over_carefully(stage)

    def keep_failures(
        self,
        queue: aws_sqs.Queue,
        *,
        worth_seconds: int = EVENT_WORTH_SECONDS,
        retries: int = EVENT_RETRIES,
    ) -> None:
        """Put on a queue the events that the function could not take, after its retries."""
        self.alias.configure_async_invoke(
            on_failure=aws_lambda_destinations.SqsDestination(queue),
            max_event_age=Duration.seconds(worth_seconds),
            retry_attempts=retries,
        )
        self.role.add_to_policy(
            aws_iam.PolicyStatement(
                sid="KeepFailedEvents", actions=["sqs:SendMessage"], resources=[queue.queue_arn]
            )
        )

    def _role(self, grounds: Grounds) -> aws_iam.Role:
        statements = map(aws_iam.PolicyStatement.from_json, grounds.statements(self.packaged))
        role = aws_iam.Role(
            self,
            "Role",
            description=f"What {self.name} may do",
            assumed_by=aws_iam.ServicePrincipal("lambda.amazonaws.com"),
            inline_policies={"Policy": aws_iam.PolicyDocument(statements=list(statements))},
        )
        for finding, reason in grounds.explanations(self.packaged).items():
            accept(role, reason, finding)
        return role

    def _take_over_carefully(self, stage: Stage) -> None:
        """Let CodeDeploy shift the alias; an error of the alias meanwhile takes it back."""
        failing = alarm(
            self,
            "Failing",
            stage=stage,
            name=f"{self.packaged.name}-live-fails",
            severity=Severity.P2,
            page="a-deployment-was-rolled-back",
            says="The live alias fails; a deployment under way is taken back.",
            metric=self.alias.metric_errors(period=Duration.minutes(1), statistic="Sum"),
            threshold=1,
            comparison=aws_cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        )
        group = aws_codedeploy.LambdaDeploymentGroup(
            self,
            "Deployment",
            alias=self.alias,
            deployment_config=CANARIES[stage.canary],
            alarms=[failing],
            auto_rollback=aws_codedeploy.AutoRollbackConfig(
                failed_deployment=True, stopped_deployment=True, deployment_in_alarm=True
            ),
        )
        if group.role is not None:
            accept(
                group.role,
                "AWS's own policy for CodeDeploy's role of Lambda functions.",
                managed(CODE_DEPLOY),
            )
