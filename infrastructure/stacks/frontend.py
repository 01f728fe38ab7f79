"""The web app: Amplify hosting with its headers, and a bucket for what is built."""

from __future__ import annotations

import json

from aws_cdk import Aws, CfnOutput, Fn, aws_amplify, aws_wafv2
from constructs import Construct

from infrastructure.distribution import Distribution
from infrastructure.resilience import GATEWAY_STAGE
from infrastructure.serving import Serving
from infrastructure.stacks._stack import ProductStack
from infrastructure.stacks.auth import OmnichannelAuthStack
from infrastructure.stacks.data import OmnichannelDataStack
from infrastructure.stages import PROJECT, Stage
from infrastructure.web_headers import FOR_EVER, HASHED, Places, security

BRANCH = "main"
PAGES = (
    r"</^[^.]+$|\.(?!(css|gif|ico|jpg|jpeg|js|json|map|png|svg|txt|webmanifest|woff2)$)([^.]+$)/>"
)
"""Addresses that are the app's own business; files with these endings are files."""


class OmnichannelFrontendStack(ProductStack):
    """Amplify hosting of the web app."""

    def __init__(
        self,
        scope: Construct,
        stage: Stage,
        *,
        data: OmnichannelDataStack,
        auth: OmnichannelAuthStack,
        serving: Serving,
        web_acl: aws_wafv2.CfnWebACL | None,
    ) -> None:
        """Make it; `web_acl` goes before whatever people reach first."""
        super().__init__(scope, stage)
        for other in serving.api_stacks:
            self.add_stack_dependency(other)
        public_url, live = serving.public_url(self), serving.live_host(self)
        builds = self.bucket("Builds", rules=[])
        app = aws_amplify.CfnApp(
            self,
            "App",
            name=f"{PROJECT}-{stage.name}",
            platform="WEB",
            custom_headers=self._headers(data, auth, public_url, live),
            custom_rules=[
                aws_amplify.CfnApp.CustomRuleProperty(
                    source=PAGES, target="/index.html", status="200"
                )
            ],
            environment_variables=[
                aws_amplify.CfnApp.EnvironmentVariableProperty(name=name, value=value)
                for name, value in {
                    "VITE_API_URL": public_url,
                    "VITE_WEBSOCKET_URL": f"wss://{live}/{GATEWAY_STAGE}",
                    "VITE_ISSUER": (
                        f"https://cognito-idp.{Aws.REGION}.{Aws.URL_SUFFIX}/{auth.pool.user_pool_id}"
                    ),
                    "VITE_CLIENT_ID": auth.client.ref,
                    "VITE_SIGN_IN_URL": auth.sign_in_url,
                }.items()
            ],
        )
        branch = aws_amplify.CfnBranch(
            self,
            "Branch",
            app_id=app.attr_app_id,
            branch_name=BRANCH,
            stage="PRODUCTION" if stage.name == "prod" else "DEVELOPMENT",
            enable_auto_build=False,
        )
        CfnOutput(self, "BuildsBucket", value=builds.bucket_name)
        CfnOutput(self, "AppId", value=app.attr_app_id)
        host = f"{branch.attr_branch_name}.{app.attr_default_domain}"
        if stage.is_global:
            self.only_globally("CloudFront, and a firewall before the web app,")
        if stage.cloudfront:
            gateway = serving.gateway(self)
            before = Distribution(
                self, "Before", stage=stage, web=host, gateway=gateway, web_acl=web_acl
            )
            host = stage.domain or before.host
        elif web_acl is not None:
            aws_wafv2.CfnWebACLAssociation(
                self, "BeforeWebApp", resource_arn=app.attr_arn, web_acl_arn=web_acl.attr_arn
            )
        CfnOutput(self, "WebUrl", value=f"https://{host}")

    def _headers(
        self, data: OmnichannelDataStack, auth: OmnichannelAuthStack, public_url: str, live: str
    ) -> str:
        """Return the headers of every file; the policy lets the app talk to our own hosts alone."""
        origin = Fn.select(2, Fn.split("/", public_url))
        identity = f"https://cognito-idp.{Aws.REGION}.{Aws.URL_SUFFIX}"
        path_style = f"https://s3.{Aws.REGION}.{Aws.URL_SUFFIX}"
        places = Places(
            api=f"https://{origin}",
            identity=(identity, auth.sign_in_url),
            pictures=(f"https://{data.media.bucket_regional_domain_name}", path_style),
            live=f"wss://{live}",
        )
        given = security(places)
        lines = [f"      - key: {key}\n        value: {json.dumps(v)}" for key, v in given.items()]
        lines += [f"  - pattern: '{HASHED}'\n    headers:"]
        lines += [f"      - key: Cache-Control\n        value: {json.dumps(FOR_EVER)}"]
        return "customHeaders:\n  - pattern: '**/*'\n    headers:\n" + "\n".join(lines) + "\n"
