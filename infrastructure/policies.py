"""Each function's policy: that of `.chalice/policy-*.json`, with this stage's real resources in it.

The files allow patterns, because `chalice deploy` knows no ARN. Here every pattern is replaced by
the resources that it stands for; one of which nothing is known ends the synthesis instead of
staying wide.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aws_cdk import Aws, aws_iam

from chalicelib.gateways.keys import ALGORITHM
from infrastructure.bundle import API_HANDLER, PackagedFunction, UnknownResource
from infrastructure.stages import PROJECT, Stage

LIVE = "live"
"""The alias that serves: traffic, events and other functions reach a function only through it."""

PSEUDO: Mapping[str, str] = {
    Aws.PARTITION: "<AWS::Partition>",
    Aws.REGION: "<AWS::Region>",
    Aws.ACCOUNT_ID: "<AWS::AccountId>",
}

REASONS: Mapping[str, str] = {
    "Trace": "X-Ray offers no resource to name.",
    "CheckAccounts": "The account's own state; an identity's name is what an administrator types.",
    "CheckConfigurationSet": "An administrator names the configuration set of the e-mail account.",
    "Email": "Sender and configuration set are what an administrator connected, of this account.",
    "SmsToNumbersNeverToTopics": "A phone number has no ARN: everything but topics.",
    "SmsBehindSns": "A phone number has no ARN; only SNS may ask, on the worker's behalf.",
    "Log": "The log streams of the function's own group; Lambda names them.",
    "Table": "The indexes of the one table.",
    "Media": "The objects of the one bucket.",
    "KeepFailures": "The objects of the one bucket.",
    "Failures": "The objects of the one bucket.",
    "Secrets": "The stage's own prefix: one secret per channel, made when it is connected.",
    "SigningKey": "Secrets Manager adds six random characters to each secret's name.",
}
"""Statement → why its resources can't be named to the last character."""


@dataclass(frozen=True)
class Grounds:
    """The resources that a stage's policies are about."""

    stage: Stage
    table: str
    stream: str
    media: str
    failures: str
    key: str | None
    """ARNs; the key only where there is one of our own."""
    token_key: str | None
    """ARN of the key that signs ID tokens; only where somebody signs in with GitHub."""
    spoken: Mapping[str, str]
    """ARN → how the rules of cdk-nag write it in a finding."""

    def document(self, packaged: PackagedFunction) -> aws_iam.PolicyDocument:
        """Return a function's policy, narrowed to this stage's resources."""
        statements = [
            aws_iam.PolicyStatement.from_json(self._narrowed(statement, packaged.name))
            for statement in packaged.statements
        ]
        if self.key is not None:
            statements.append(_use(self.key))
        if self.token_key is not None and packaged.name == API_HANDLER:
            statements += _sign(self.token_key)
        return aws_iam.PolicyDocument(statements=statements)

    def explanations(self, packaged: PackagedFunction) -> Mapping[str, str]:
        """Return each finding that the policy's remaining wild cards make → why they remain."""
        found = {}
        for statement in packaged.statements:
            resources = self._narrowed(statement, packaged.name).get("Resource", [])
            for resource in [resources] if isinstance(resources, str) else resources:
                if "*" in resource:
                    finding = f"AwsSolutions-IAM5[Resource::{self._spoken(resource)}]"
                    found[finding] = REASONS[statement["Sid"]]
        return found

    def _spoken(self, resource: str) -> str:
        for token, text in {**PSEUDO, **self.spoken}.items():
            resource = resource.replace(token, text)
        return resource

    def _narrowed(self, statement: Mapping[str, Any], function: str) -> dict[str, Any]:
        given = statement.get("Resource")
        if given is None or given == "*":
            if statement["Sid"] not in REASONS:
                raise UnknownResource(f"{statement['Sid']} of {function} is for every resource")
            return dict(statement)
        patterns = [given] if isinstance(given, str) else given
        known = self._known(function)
        try:
            resources = [arn for pattern in patterns for arn in known[pattern]]
        except KeyError as missing:
            raise UnknownResource(
                f"{statement['Sid']} of {function} allows {missing}, which stands for no resource "
                "of the stacks: add it to infrastructure/policies.py"
            ) from missing
        return {**statement, "Resource": resources}

    def _known(self, function: str) -> Mapping[str, list[str]]:
        """Return what each pattern of the policy files stands for."""
        log = f"log-group:/aws/lambda/{self.stage.function(function)}"
        release = self.stage.settings.release_function or self.stage.function("release_due")
        prefix = self.stage.settings.secrets_prefix
        return {
            f"arn:aws:logs:*:*:log-group:/aws/lambda/{PROJECT}-*": [
                _arn("logs", log),
                _arn("logs", f"{log}:*"),
            ],
            f"arn:aws:dynamodb:*:*:table/{PROJECT}-*": [self.table],
            f"arn:aws:dynamodb:*:*:table/{PROJECT}-*/index/*": [f"{self.table}/index/*"],
            "arn:aws:kinesis:*:*:stream/omnichannel-messages*": [self.stream],
            f"arn:aws:lambda:*:*:function:{PROJECT}-*-release_due": [
                _arn("lambda", f"function:{release}:{LIVE}")
            ],
            f"arn:aws:s3:::{PROJECT}-media-*": [self.media],
            f"arn:aws:s3:::{PROJECT}-media-*/*": [f"{self.media}/*"],
            f"arn:aws:s3:::{PROJECT}-failures-*": [self.failures],
            f"arn:aws:s3:::{PROJECT}-failures-*/*": [f"{self.failures}/*"],
            f"arn:aws:secretsmanager:*:*:secret:{PROJECT}/*": [
                _arn("secretsmanager", f"secret:{prefix}/*")
            ],
            f"arn:aws:secretsmanager:*:*:secret:{PROJECT}/*/signing-*": [
                _arn("secretsmanager", f"secret:{prefix}/signing-*")
            ],
            "arn:aws:ses:*:*:identity/*": [_arn("ses", "identity/*")],
            "arn:aws:ses:*:*:configuration-set/*": [_arn("ses", "configuration-set/*")],
        }


def _arn(service: str, resource: str) -> str:
    return f"arn:{Aws.PARTITION}:{service}:{Aws.REGION}:{Aws.ACCOUNT_ID}:{resource}"


def _sign(key: str) -> list[aws_iam.PolicyStatement]:
    """Let the API sign with the key of ID tokens, in the one way that they are signed."""
    way = {"StringEquals": {"kms:SigningAlgorithm": ALGORITHM}}
    return [
        aws_iam.PolicyStatement(
            sid="SignTokens", actions=["kms:Sign"], resources=[key], conditions=way
        ),
        aws_iam.PolicyStatement(sid="ShowTokenKey", actions=["kms:GetPublicKey"], resources=[key]),
    ]


def _use(key: str) -> aws_iam.PolicyStatement:
    """Let a function read and write what our own key encrypts, through these services only."""
    services = [f"{name}.{Aws.REGION}.amazonaws.com" for name in ("dynamodb", "kinesis", "s3")]
    return aws_iam.PolicyStatement(
        sid="Key",
        actions=["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"],
        resources=[key],
        conditions={"StringEquals": {"kms:ViaService": services}},
    )
