"""The WebSocket API: its three functions, its routes, and who may reach it.

client ──$connect──▶ websocket_connect      a ticket, or 401 and 403
       ──$default──▶ websocket_message      hello, ping
       ──$disconnect▶ websocket_disconnect
       ◀──frames──── @connections ◀── api_handler, deliver, hear_mail, websocket_message
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import cast

from aws_cdk import Aws, CfnElement, CfnOutput, Stack, aws_apigatewayv2
from aws_cdk.aws_apigatewayv2_integrations import WebSocketLambdaIntegration
from constructs import Construct

from infrastructure.bundle import Bundle
from infrastructure.functions import Function, Layers
from infrastructure.keeping import access_log
from infrastructure.policies import Grounds
from infrastructure.resilience import (
    GATEWAY_STAGE,
    LIVE,
    LIVE_ACCESS_LOG,
    LIVE_BURST,
    LIVE_PER_SECOND,
    TELLING,
    live_endpoint,
    live_host,
    live_name,
)
from infrastructure.rules import accept
from infrastructure.stages import Stage


class LiveApi(Construct):
    """A WebSocket API and its stage; its functions are made once everything else is known."""

    def __init__(self, scope: Construct, identity: str, *, stage: Stage) -> None:
        """Make it without routes: whoever sends over it has to know it first."""
        super().__init__(scope, identity)
        self._stage = stage
        self.name = live_name(stage)
        self.api = aws_apigatewayv2.WebSocketApi(
            self, "Api", api_name=self.name, description="Tells the web app what changed"
        )
        identity_of_api = self.api.api_id
        self.url = f"wss://{live_host(identity_of_api, Aws.REGION, Aws.URL_SUFFIX)}"
        self.endpoint = live_endpoint(stage, identity_of_api, Aws.REGION, Aws.URL_SUFFIX)
        self.opened = self._open()
        CfnOutput(self, "Url", value=self.url).override_logical_id("WebSocketUrl")

    def grounds(self, grounds: Grounds) -> Grounds:
        """Return the resources of policies with this API among them, for its own stack."""
        logical = Stack.of(self).get_logical_id(cast(CfnElement, self.api.node.default_child))
        return _among(grounds, self.api.api_id, f"<{logical}>")

    def exported(self, grounds: Grounds) -> Grounds:
        """Return the same for another stack, under a name that can be read."""
        name = self._stage.export("live")
        return _among(grounds, Stack.of(self).export_value(self.api.api_id, name=name), name)

    def serve(
        self, *, bundle: Bundle, grounds: Grounds, variables: Mapping[str, str], layers: Layers
    ) -> list[Function]:
        """Give it its routes and return the functions behind them."""
        return [
            self._route(route, name, bundle, grounds, variables, layers)
            for route, name in zip(("$connect", "$default", "$disconnect"), LIVE, strict=True)
        ]

    def _route(
        self,
        route: str,
        name: str,
        bundle: Bundle,
        grounds: Grounds,
        variables: Mapping[str, str],
        layers: Layers,
    ) -> Function:
        told = {**variables, "WEBSOCKET_ENDPOINT": self.endpoint}
        identity = name.removeprefix("websocket_").title()
        function = Function(
            self,
            identity,
            packaged=bundle.functions[name],
            bundle=bundle,
            stage=self._stage,
            grounds=grounds,
            variables=told if name in TELLING else variables,
            layers=layers,
        )
        made = self.api.add_route(
            route, integration=WebSocketLambdaIntegration(identity, function.alias)
        )
        accept(
            made,
            "Who connects shows a ticket, which the function behind $connect uses up; nobody else "
            "has a connection to say anything over.",
            "AwsSolutions-APIG4",
        )
        return function

    def _open(self) -> aws_apigatewayv2.WebSocketStage:
        log = access_log(self, self.name, self._stage)
        opened = aws_apigatewayv2.WebSocketStage(
            self,
            "Stage",
            web_socket_api=self.api,
            stage_name=GATEWAY_STAGE,
            auto_deploy=True,
            throttle=aws_apigatewayv2.ThrottleSettings(
                rate_limit=LIVE_PER_SECOND, burst_limit=LIVE_BURST
            ),
        )
        made = cast(aws_apigatewayv2.CfnStage, opened.node.default_child)
        made.access_log_settings = aws_apigatewayv2.CfnStage.AccessLogSettingsProperty(
            destination_arn=log.log_group_arn, format=json.dumps(LIVE_ACCESS_LOG)
        )
        return opened


def _among(grounds: Grounds, api: str, spoken: str) -> Grounds:
    return replace(grounds, live=api, spoken={**grounds.spoken, api: spoken})
