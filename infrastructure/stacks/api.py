"""The HTTP API and the WebSocket API: each gateway with its stage, and what is behind it."""

from __future__ import annotations

import copy
from typing import Any

from aws_cdk import Aws, Size, aws_apigateway, aws_lambda
from constructs import Construct

from infrastructure.bundle import Bundle
from infrastructure.functions import Function, Layers
from infrastructure.gateway_responses import responses
from infrastructure.keeping import access_log
from infrastructure.live import LiveApi
from infrastructure.resilience import ACCESS_LOG, BURST, REQUESTS_PER_SECOND
from infrastructure.rules import accept
from infrastructure.stacks._stack import ProductStack
from infrastructure.stacks.auth import OmnichannelAuthStack
from infrastructure.stacks.data import OmnichannelDataStack
from infrastructure.stages import API_HANDLER, PROJECT, Stage


class OmnichannelApiStack(ProductStack):
    """REST and WebSocket API, their stages and the functions behind them."""

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
        log_role = self.log_role() if stage.log_role_of_account else None
        self.api = self._api(auth)
        self.live = LiveApi(self, "Live", stage=stage)
        if log_role is not None:
            self.api.deployment_stage.node.add_dependency(log_role)
            self.live.opened.node.add_dependency(log_role)
        self.trace_some(self.name)
        self.url = f"https://{self.api.rest_api_id}.execute-api.{Aws.REGION}.{Aws.URL_SUFFIX}/v1"
        self.public_url = stage.public_url or self.url
        layers = Layers(self, bundle)
        grounds = self.live.grounds(data.grounds)
        self.exported = self.live.exported(data.grounds)
        self.handler = Function(
            self,
            "ApiHandler",
            packaged=bundle.functions[API_HANDLER],
            bundle=bundle,
            stage=stage,
            grounds=grounds,
            variables={
                **data.variables(),
                "USER_POOL_ARN": auth.pool.user_pool_arn,
                "CLIENT_ID": auth.client.ref,
                "RELEASE_FUNCTION": stage.serving("release_due"),
                "ADAPT_FUNCTION": stage.serving("adapt"),
                "PUBLIC_URL": self.public_url,
                "WEBSOCKET_ENDPOINT": self.live.endpoint,
                **self._bridge(data, auth),
            },
            layers=layers,
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
        self.watched_by = self.live.serve(
            bundle=bundle,
            grounds=grounds,
            variables=data.variables(),
            layers=layers,
        )

    @property
    def functions(self) -> list[Function]:
        """Return every function of this stack."""
        return [self.handler, *self.watched_by]

    def _api(self, auth: OmnichannelAuthStack) -> aws_apigateway.SpecRestApi:
        packaged = self._bundle.api
        log = access_log(self, self.name, self.stage)
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
                    self.to_json_string(ACCESS_LOG)
                ),
            ),
        )
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
        return {} if key is None else self.stage.bridge(key, auth.sign_in_url)

    def _document(self, auth: OmnichannelAuthStack) -> dict[str, Any]:
        """Return the packaged API with this stage's alias, pool and refusals.

        The alias is named, not referenced: its function is told the API's address.
        """
        document: dict[str, Any] = copy.deepcopy(dict(self._bundle.api["DefinitionBody"]))
        document["info"] = {**document["info"], "title": self.name}
        function = (
            f"arn:{Aws.PARTITION}:lambda:{Aws.REGION}:{Aws.ACCOUNT_ID}:"
            f"function:{self.stage.serving(API_HANDLER)}"
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
