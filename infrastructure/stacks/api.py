"""The HTTP API: the gateway with its stage, and the function behind it."""

from __future__ import annotations

import copy
from typing import Any

from aws_cdk import Aws, RemovalPolicy, Size, aws_apigateway, aws_iam, aws_lambda, aws_xray
from aws_cdk import aws_logs as logs
from constructs import Construct

from infrastructure.bundle import API_HANDLER, Bundle
from infrastructure.functions import RETENTION, Function, Layers
from infrastructure.gateway_responses import responses
from infrastructure.policies import LIVE
from infrastructure.rules import accept, managed
from infrastructure.stacks._stack import ProductStack
from infrastructure.stacks.auth import OmnichannelAuthStack
from infrastructure.stacks.data import OmnichannelDataStack
from infrastructure.stages import PROJECT, Stage

REQUESTS_PER_SECOND = 1000
BURST = 2000
TRACING_PRIORITY = 1000
"""Of 1 to 9999: an account's own rules may go before or after it."""
PUSH_ROLE = "service-role/AmazonAPIGatewayPushToCloudWatchLogs"
LOGGED = {
    "request": "$context.requestId",
    "at": "$context.requestTimeEpoch",
    "method": "$context.httpMethod",
    "path": "$context.resourcePath",
    "status": "$context.status",
    "bytes": "$context.responseLength",
    "milliseconds": "$context.responseLatency",
    "integration_milliseconds": "$context.integrationLatency",
    "error": "$context.error.responseType",
    "waf": "$context.waf.status",
    "trace": "$context.xrayTraceId",
}
"""No address and no user: who called stands, pseudonymous, in the application's own lines."""


class OmnichannelApiStack(ProductStack):
    """REST API, its stage and the function behind it."""

    def __init__(
        self,
        scope: Construct,
        stage: Stage,
        *,
        bundle: Bundle,
        data: OmnichannelDataStack,
        auth: OmnichannelAuthStack,
    ) -> None:
        super().__init__(scope, stage)
        self.add_stack_dependency(data)
        self._bundle = bundle
        self.name = f"{PROJECT}-{stage.name}"
        self.api = self._api(auth)
        self._trace_some()
        self.url = f"https://{self.api.rest_api_id}.execute-api.{Aws.REGION}.{Aws.URL_SUFFIX}/v1"
        self.public_url = stage.public_url or self.url
        self.handler = Function(
            self,
            "ApiHandler",
            packaged=bundle.functions[API_HANDLER],
            bundle=bundle,
            stage=stage,
            grounds=data.grounds,
            variables={
                **data.variables(),
                "USER_POOL_ARN": auth.pool.user_pool_arn,
                "CLIENT_ID": auth.client.ref,
                "RELEASE_FUNCTION": f"{stage.function('release_due')}:{LIVE}",
                "PUBLIC_URL": self.public_url,
                **self._bridge(data, auth),
            },
            layers=Layers(self, bundle),
            provisioned=stage.provisioned_concurrency,
        )
        permission = aws_lambda.CfnPermission(
            self,
            "Invoke",
            function_name=self.handler.alias.function_arn,
            action="lambda:InvokeFunction",
            principal="apigateway.amazonaws.com",
            source_arn=(
                f"arn:{Aws.PARTITION}:execute-api:{Aws.REGION}:{Aws.ACCOUNT_ID}:"
                f"{self.api.rest_api_id}/*"
            ),
        )
        # The stage opens when the alias that it calls is there and lets it in.
        self.api.deployment_stage.node.add_dependency(permission)

    def _api(self, auth: OmnichannelAuthStack) -> aws_apigateway.SpecRestApi:
        packaged = self._bundle.api
        log = logs.LogGroup(
            self,
            "AccessLog",
            log_group_name=f"/aws/apigateway/{self.name}",
            retention=RETENTION[self.stage.log_days],
            removal_policy=RemovalPolicy.RETAIN if self.stage.retain else RemovalPolicy.DESTROY,
        )
        api = aws_apigateway.SpecRestApi(
            self,
            "Api",
            rest_api_name=self.name,
            api_definition=aws_apigateway.ApiDefinition.from_inline(self._document(auth)),
            endpoint_types=[aws_apigateway.EndpointType(packaged["EndpointConfiguration"])],
            min_compression_size=Size.bytes(packaged["MinimumCompressionSize"]),
            cloud_watch_role=False,
            deploy_options=aws_apigateway.StageOptions(
                stage_name=packaged["StageName"],
                tracing_enabled=True,
                # By method they are paid for one by one; alarms and graphs are set on the stage's.
                metrics_enabled=False,
                logging_level=aws_apigateway.MethodLoggingLevel.ERROR,
                data_trace_enabled=False,
                throttling_rate_limit=REQUESTS_PER_SECOND,
                throttling_burst_limit=BURST,
                access_log_destination=aws_apigateway.LogGroupLogDestination(log),
                access_log_format=aws_apigateway.AccessLogFormat.custom(
                    self.to_json_string(LOGGED)
                ),
            ),
        )
        if self.stage.log_role_of_account:
            api.deployment_stage.node.add_dependency(self._log_role())
        accept(api, "The application judges every body and names each fault.", "AwsSolutions-APIG2")
        if not self.stage.web_application_firewall:
            accept(
                api.deployment_stage,
                "The firewall is switched off for this stage: it costs by the month.",
                "AwsSolutions-APIG3",
            )
        else:
            accept(
                api.deployment_stage,
                "The Security stack puts its firewall on this stage.",
                "AwsSolutions-APIG3",
            )
        return api

    def _bridge(self, data: OmnichannelDataStack, auth: OmnichannelAuthStack) -> dict[str, str]:
        """Return what opens the bridge to GitHub; nothing where nobody is to sign in with it."""
        key = data.grounds.token_key
        if key is None:
            return {}
        prefix = self.stage.settings.secrets_prefix
        return {
            "GITHUB_SECRET": self.stage.github_secret.removeprefix(f"{prefix}/"),
            "TOKEN_KEY": key,
            "SIGN_IN_URL": auth.sign_in_url,
        }

    def _trace_some(self) -> None:
        """Say how many requests are traced; Lambda itself decides for what else starts a function.

        Service type and name are those by which X-Ray knows a stage (API Gateway developer guide,
        "Configure AWS X-Ray sampling rules", 2026-11-21).
        """
        rule = aws_xray.CfnSamplingRule
        rule(
            self,
            "Traced",
            sampling_rule=rule.SamplingRuleProperty(
                rule_name=self.name,
                version=1,
                priority=TRACING_PRIORITY,
                fixed_rate=self.stage.traced_share,
                reservoir_size=0,
                service_type="AWS::ApiGateway::Stage",
                service_name=f"{self.name}/{self._bundle.api['StageName']}",
                host="*",
                http_method="*",
                url_path="*",
                resource_arn="*",
            ),
        )

    def _document(self, auth: OmnichannelAuthStack) -> dict[str, Any]:
        """Return the packaged API with this stage's alias, pool and refusals.

        The alias is named, not referenced: its function is told the API's address.
        """
        document: dict[str, Any] = copy.deepcopy(dict(self._bundle.api["DefinitionBody"]))
        document["info"] = {**document["info"], "title": self.name}
        function = (
            f"arn:{Aws.PARTITION}:lambda:{Aws.REGION}:{Aws.ACCOUNT_ID}:"
            f"function:{self.stage.function(API_HANDLER)}:{LIVE}"
        )
        uri = (
            f"arn:{Aws.PARTITION}:apigateway:{Aws.REGION}:lambda:path/2015-03-31/functions/"
            f"{function}/invocations"
        )
        for path in document["paths"].values():
            for method in path.values():
                integration = method["x-amazon-apigateway-integration"]
                if integration["type"] == "aws_proxy":
                    integration["uri"] = uri
        for scheme in document["securityDefinitions"].values():
            scheme["x-amazon-apigateway-authorizer"]["providerARNs"] = [auth.pool.user_pool_arn]
        origins = self.stage.settings.allowed_origins
        document["x-amazon-apigateway-gateway-responses"] = responses(origins)
        return document

    def _log_role(self) -> aws_apigateway.CfnAccount:
        """Let API Gateway write logs: one role for the whole account and region, so it stays."""
        role = aws_iam.Role(
            self,
            "LogRole",
            description="API Gateway's way to CloudWatch Logs, for every API of the account",
            assumed_by=aws_iam.ServicePrincipal("apigateway.amazonaws.com"),
            managed_policies=[aws_iam.ManagedPolicy.from_aws_managed_policy_name(PUSH_ROLE)],
        )
        role.apply_removal_policy(RemovalPolicy.RETAIN)
        accept(role, "AWS's own policy for exactly this role.", managed(PUSH_ROLE))
        account = aws_apigateway.CfnAccount(self, "Account", cloud_watch_role_arn=role.role_arn)
        account.apply_removal_policy(RemovalPolicy.RETAIN)
        return account
