"""CloudFront before web app and API, under one name.

    people ──▶ CloudFront ──┬─ /api/* /health …  ──▶ API Gateway   never cached, all passed on
                            ├─ /assets/*         ──▶ Amplify       cached: names carry hashes
                            └─ anything else     ──▶ Amplify       not cached: a new release shows

Its certificate and its firewall are in us-east-1, so the whole stage is: a stack of its own in
another region would be a ninth, with exports that CloudFormation can't resolve across regions.
"""

from __future__ import annotations

from typing import Any

from aws_cdk import (
    Duration,
    aws_cloudfront,
    aws_route53,
    aws_route53_targets,
    aws_wafv2,
)
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudfront_origins as origins
from constructs import Construct

from infrastructure.rules import accept
from infrastructure.serving import Gateway
from infrastructure.stages import PROJECT, Stage
from infrastructure.web_headers import HASHED

API_PATHS = ("/api/*", "/health", "/openapi.json", "/signin/*", "/unsubscribe/*", "/webhooks/*")
"""What the API answers; a test compares it with the routes."""
REMEMBER_HTTPS = Duration.days(730)
TLS = aws_cloudfront.SecurityPolicyProtocol.TLS_V1_3_2025
"""The least that is spoken under a domain of ours; CloudFront's own name can't be given a minimum.

CloudFront API reference, ViewerCertificate, 2026-11-21.
"""


class Distribution(Construct):
    """One distribution, with name and certificate where the stage has a domain."""

    def __init__(
        self,
        scope: Construct,
        identity: str,
        *,
        stage: Stage,
        web: str,
        gateway: Gateway,
        web_acl: aws_wafv2.CfnWebACL | None,
    ) -> None:
        """Make it before the host `web` and the API."""
        super().__init__(scope, identity)
        self._headers = self._security_headers(stage)
        hosting = origins.HttpOrigin(web)
        application = origins.HttpOrigin(gateway.host, origin_path=f"/{gateway.stage_name}")
        zone = self._zone(stage) if stage.domain else None
        named: dict[str, Any] = {}
        if zone is not None:
            certificate = acm.Certificate(
                self,
                "Certificate",
                domain_name=stage.domain,
                validation=acm.CertificateValidation.from_dns(zone),
            )
            named = {
                "domain_names": [stage.domain],
                "certificate": certificate,
                "minimum_protocol_version": TLS,
            }
        self.made = aws_cloudfront.Distribution(
            self,
            "Distribution",
            comment=f"{PROJECT}, {stage.name}",
            http_version=aws_cloudfront.HttpVersion.HTTP2_AND_3,
            web_acl_id=web_acl.attr_arn if web_acl else None,
            default_behavior=self._files(hosting, cached=False),
            additional_behaviors={
                HASHED: self._files(hosting, cached=True),
                **{path: self._calls(application) for path in API_PATHS},
            },
            **named,
        )
        self.host = self.made.distribution_domain_name
        self._explain(stage, web_acl)
        if zone is not None:
            self._name(zone, stage.domain)

    def _files(self, origin: origins.HttpOrigin, *, cached: bool) -> aws_cloudfront.BehaviorOptions:
        policy = aws_cloudfront.CachePolicy
        return aws_cloudfront.BehaviorOptions(
            origin=origin,
            viewer_protocol_policy=aws_cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
            cache_policy=policy.CACHING_OPTIMIZED if cached else policy.CACHING_DISABLED,
            response_headers_policy=self._headers,
            compress=True,
        )

    def _calls(self, origin: origins.HttpOrigin) -> aws_cloudfront.BehaviorOptions:
        """Pass everything on as it came, but for the host's name, by which API Gateway is found."""
        return aws_cloudfront.BehaviorOptions(
            origin=origin,
            viewer_protocol_policy=aws_cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
            allowed_methods=aws_cloudfront.AllowedMethods.ALLOW_ALL,
            cache_policy=aws_cloudfront.CachePolicy.CACHING_DISABLED,
            origin_request_policy=aws_cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
            response_headers_policy=self._headers,
            compress=False,
        )

    def _security_headers(self, stage: Stage) -> aws_cloudfront.ResponseHeadersPolicy:
        """Add what an answer lacks; what web app and API say themselves stays."""
        return aws_cloudfront.ResponseHeadersPolicy(
            self,
            "Headers",
            response_headers_policy_name=f"{PROJECT}-{stage.name}",
            security_headers_behavior=aws_cloudfront.ResponseSecurityHeadersBehavior(
                content_type_options=aws_cloudfront.ResponseHeadersContentTypeOptions(
                    override=False
                ),
                frame_options=aws_cloudfront.ResponseHeadersFrameOptions(
                    frame_option=aws_cloudfront.HeadersFrameOption.DENY, override=False
                ),
                referrer_policy=aws_cloudfront.ResponseHeadersReferrerPolicy(
                    referrer_policy=(
                        aws_cloudfront.HeadersReferrerPolicy.STRICT_ORIGIN_WHEN_CROSS_ORIGIN
                    ),
                    override=False,
                ),
                strict_transport_security=aws_cloudfront.ResponseHeadersStrictTransportSecurity(
                    access_control_max_age=REMEMBER_HTTPS,
                    include_subdomains=True,
                    override=False,
                ),
            ),
        )

    def _zone(self, stage: Stage) -> aws_route53.IHostedZone:
        """Return the domain's zone, which somebody made before; asked for nothing but its id."""
        return aws_route53.HostedZone.from_hosted_zone_attributes(
            self, "Zone", hosted_zone_id=stage.hosted_zone, zone_name=stage.domain
        )

    def _name(self, zone: aws_route53.IHostedZone, domain: str) -> None:
        target = aws_route53.RecordTarget.from_alias(
            aws_route53_targets.CloudFrontTarget(self.made)
        )
        for kind in (aws_route53.ARecord, aws_route53.AaaaRecord):
            kind(self, kind.__name__, zone=zone, record_name=f"{domain}.", target=target)

    def _explain(self, stage: Stage, web_acl: aws_wafv2.CfnWebACL | None) -> None:
        accept(
            self.made,
            "A community is not tied to countries.",
            "AwsSolutions-CFR1",
        )
        accept(
            self.made,
            "The API's own access log tells what was asked, without anybody's address.",
            "AwsSolutions-CFR3",
        )
        if web_acl is None:
            accept(
                self.made,
                "The web app's firewall is switched off: it costs by the month.",
                "AwsSolutions-CFR2",
            )
        if not stage.domain:
            accept(
                self.made,
                "CloudFront's own name comes with its own certificate and minimum.",
                "AwsSolutions-CFR4",
            )
