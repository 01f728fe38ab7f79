"""What guards: the firewall before the API; GuardDuty and Security Hub for the account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aws_cdk import Aws, aws_guardduty, aws_securityhub, aws_wafv2
from constructs import Construct

from infrastructure.serving import Serving
from infrastructure.stacks._stack import ProductStack
from infrastructure.stages import PROJECT, Stage

REQUESTS_PER_FIVE_MINUTES = 2000
EVALUATION_SECONDS = 300
FOUNDATIONAL = "aws-foundational-security-best-practices/v/1.0.0"

COUNTED: Mapping[str, str] = {
    "SizeRestrictions_BODY": "Blocks bodies above 8 kB; a message may have 256 kB, which we check.",
    "SizeRestrictions_QUERYSTRING": "Blocks queries above 2 kB; a sign-in's state may be longer.",
    "CrossSiteScripting_BODY": "People write about <script>; texts are escaped where shown.",
    "GenericRFI_BODY": "Announcements carry links; none of them is ever fetched.",
    "GenericLFI_BODY": "A text may name a path; none is ever opened.",
    "EC2MetaDataSSRF_BODY": "A text may name a host; none is ever fetched.",
}
"""Rules of the common set that only count, and why they must not block this API's requests."""

FORWARDED = {"headerName": "X-Forwarded-For", "fallbackBehavior": "NO_MATCH"}
"""Without that header it was no request of CloudFront's; the gateway's throttling still holds."""


class OmnichannelSecurityStack(ProductStack):
    """Firewall, GuardDuty, Security Hub."""

    def __init__(self, scope: Construct, stage: Stage, *, serving: Serving) -> None:
        super().__init__(scope, stage)
        self.web_acl = self._web_acl() if stage.web_firewall else None
        if stage.web_application_firewall:
            self._firewall(serving)
        if stage.guard_duty:
            self._guard_duty()
        if stage.security_hub:
            self._security_hub()
        for other in serving.api_stacks:
            self.add_stack_dependency(other)

    def _web_acl(self) -> aws_wafv2.CfnWebACL:
        """Make the web app's firewall, which sees the API's requests too where they come that way.

        The Frontend stack puts it before the distribution or, without one, before Amplify: one ACL
        can't be before both.
        """
        self.only_globally("The web app's firewall")
        return self._acl("WebFirewall", f"{PROJECT}-{self.stage.name}-web", "CLOUDFRONT")

    def _acl(
        self, identity: str, name: str, scope: str, *, behind: bool = False
    ) -> aws_wafv2.CfnWebACL:
        acl = aws_wafv2.CfnWebACL
        return acl(
            self,
            identity,
            name=name,
            scope=scope,
            default_action=acl.DefaultActionProperty(allow={}),
            visibility_config=_visible(identity),
            rules=[
                self._managed("AWSManagedRulesCommonRuleSet", 1, list(COUNTED)),
                self._managed("AWSManagedRulesKnownBadInputsRuleSet", 2),
                self._rate(3, behind=behind),
            ],
        )

    def _firewall(self, serving: Serving) -> None:
        firewall = self._acl(
            "Firewall",
            f"{PROJECT}-{self.stage.name}",
            "REGIONAL",
            behind=self.stage.cloudfront,
        )
        stage = f"arn:{Aws.PARTITION}:apigateway:{Aws.REGION}::{serving.gateway(self).path}"
        aws_wafv2.CfnWebACLAssociation(
            self, "BeforeApi", resource_arn=stage, web_acl_arn=firewall.attr_arn
        )

    def _managed(
        self, name: str, priority: int, counted: Sequence[str] = ()
    ) -> aws_wafv2.CfnWebACL.RuleProperty:
        acl = aws_wafv2.CfnWebACL
        overrides = [
            acl.RuleActionOverrideProperty(
                name=rule, action_to_use=acl.RuleActionProperty(count={})
            )
            for rule in counted
        ]
        group = acl.ManagedRuleGroupStatementProperty(
            vendor_name="AWS", name=name, rule_action_overrides=overrides or None
        )
        return acl.RuleProperty(
            name=name,
            priority=priority,
            override_action=acl.OverrideActionProperty(none={}),
            statement=acl.StatementProperty(managed_rule_group_statement=group),
            visibility_config=_visible(name),
        )

    def _rate(self, priority: int, *, behind: bool) -> aws_wafv2.CfnWebACL.RuleProperty:
        """Stop an address that asks too much. Platforms' calls are signed, and come in herds.

        `behind` CloudFront every request comes from one of its addresses: who asks is then who it
        says it was asked by.
        """
        acl = aws_wafv2.CfnWebACL
        webhook = acl.StatementProperty(
            byte_match_statement=acl.ByteMatchStatementProperty(
                field_to_match=acl.FieldToMatchProperty(uri_path={}),
                positional_constraint="CONTAINS",
                search_string="/webhooks/",
                text_transformations=[
                    acl.TextTransformationProperty(priority=0, type="URL_DECODE")
                ],
            )
        )
        limit = acl.RateBasedStatementProperty(
            aggregate_key_type="FORWARDED_IP" if behind else "IP",
            forwarded_ip_config=FORWARDED if behind else None,
            limit=REQUESTS_PER_FIVE_MINUTES,
            evaluation_window_sec=EVALUATION_SECONDS,
            scope_down_statement=acl.StatementProperty(
                not_statement=acl.NotStatementProperty(statement=webhook)
            ),
        )
        return acl.RuleProperty(
            name="RateLimit",
            priority=priority,
            action=acl.RuleActionProperty(block={}),
            statement=acl.StatementProperty(rate_based_statement=limit),
            visibility_config=_visible("RateLimit"),
        )

    def _guard_duty(self) -> None:
        detector = aws_guardduty.CfnDetector
        detector(
            self,
            "Detector",
            enable=True,
            finding_publishing_frequency="FIFTEEN_MINUTES",
            features=[
                detector.CFNFeatureConfigurationProperty(name=name, status="ENABLED")
                for name in ("S3_DATA_EVENTS", "LAMBDA_NETWORK_LOGS")
            ],
        )

    def _security_hub(self) -> None:
        hub = aws_securityhub.CfnHub(self, "Hub", enable_default_standards=False)
        standard = aws_securityhub.CfnStandard(
            self,
            "Foundational",
            standards_arn=f"arn:{Aws.PARTITION}:securityhub:{Aws.REGION}::standards/{FOUNDATIONAL}",
        )
        standard.add_resource_dependency(hub)


def _visible(name: str) -> aws_wafv2.CfnWebACL.VisibilityConfigProperty:
    return aws_wafv2.CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=True
    )
