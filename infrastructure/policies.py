"""Each function's policy: that of `.chalice/policy-*.json`, with this stage's real resources in it.

The files allow patterns, because they know no ARN. Here every pattern is replaced by
the resources that it stands for; one of which nothing is known ends the work instead of staying
wide.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.domain import models
from chalicelib.gateways.keys import ALGORITHM
from infrastructure.bundle import PackagedFunction, UnknownResource
from infrastructure.resilience import GATEWAY_STAGE
from infrastructure.stages import API_HANDLER, PROJECT, Stage

PROFILE = "arn:aws:bedrock:*:*:inference-profile/*."
MODEL = "arn:aws:bedrock:*::foundation-model/"
REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")

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
    "Push": "The connections of the one WebSocket API.",
    "Profiles": "A profile's prefix follows from the region; BEDROCK_MODEL_ID may pin it.",
    "Models": "Bedrock chooses the region of a profile's geography; by that profile only.",
    "SigningKey": "Secrets Manager adds six random characters to each secret's name.",
}
"""Statement → why its resources can't be named to the last character."""


@dataclass(frozen=True)
class Place:
    """Where a stage is: tokens in a template, names once it is deployed."""

    partition: str
    region: str
    account: str

    def arn(self, service: str, resource: str) -> str:
        """Return the ARN of a resource of this account and region."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"


@dataclass(frozen=True)
class Grounds:
    """The resources that a stage's policies are about."""

    stage: Stage
    place: Place
    table: str
    stream: str
    media: str
    failures: str
    key: str | None
    """ARNs; the key only where there is one of our own."""
    token_key: str | None
    """ARN of the key that signs ID tokens; only where somebody signs in with GitHub."""
    live: str = "*"
    """Identity of the WebSocket API; any while there is none yet."""
    spoken: Mapping[str, str] = field(default_factory=dict)
    """Part of an ARN → how the rules of cdk-nag write it in a finding."""

    def statements(self, packaged: PackagedFunction) -> list[dict[str, Any]]:
        """Return a function's policy, narrowed to this stage's resources."""
        statements = [
            self._narrowed(each, packaged.name)
            for each in packaged.statements
            if self._is_wanted(each)
        ]
        if self.key is not None:
            statements.append(self._use(self.key))
        if self.token_key is not None and packaged.name == API_HANDLER:
            statements += _sign(self.token_key)
        return statements

    def explanations(self, packaged: PackagedFunction) -> Mapping[str, str]:
        """Return each finding that the policy's remaining wild cards make → why they remain."""
        found = {}
        for statement in filter(self._is_wanted, packaged.statements):
            resources = self._narrowed(statement, packaged.name).get("Resource", [])
            for resource in [resources] if isinstance(resources, str) else resources:
                if "*" in resource:
                    finding = f"AwsSolutions-IAM5[Resource::{self._spoken(resource)}]"
                    found[finding] = REASONS[statement["Sid"]]
        return found

    def _is_wanted(self, statement: Mapping[str, Any]) -> bool:
        """Return whether a stage needs this right: that to a model, where one has a say."""
        return self.stage.settings.use_ai_agent or statement["Sid"] not in ("Profiles", "Models")

    def _spoken(self, resource: str) -> str:
        for token, text in self.spoken.items():
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
            resources = list(dict.fromkeys(arn for pattern in patterns for arn in known[pattern]))
        except KeyError as missing:
            raise UnknownResource(
                f"{statement['Sid']} of {function} allows {missing}, which stands for no resource "
                "of the stacks: add it to infrastructure/policies.py"
            ) from missing
        narrowed = {**statement, "Resource": resources}
        if statement["Sid"] == "Models":
            profiles = {"bedrock:InferenceProfileArn": self._profiles()}
            narrowed["Condition"] = {"ArnEquals": profiles}
        return narrowed

    def _profiles(self) -> list[str]:
        """Return the ARNs of the inference profiles that are called.

        Where the region is a token yet, so is the geography: any profile of that model then.
        """
        region = self.place.region
        named = [
            models.profile(model, region)
            if REGION.fullmatch(region) or model != models.bare(model)
            else f"*.{model}"
            for model in self._models()
        ]
        return [self.place.arn("bedrock", f"inference-profile/{name}") for name in named]

    def _models(self) -> list[str]:
        told = self.stage.settings
        return [each for each in (told.bedrock_model_id, told.bedrock_fallback_model_id) if each]

    def _bedrock(self) -> Mapping[str, list[str]]:
        """Return what the patterns of profiles and models stand for."""
        named = [models.bare(model) for model in self._models()]
        arns = [f"arn:{self.place.partition}:bedrock:*::foundation-model/{name}" for name in named]
        return {
            **{f"{PROFILE}{model}": self._profiles() for model in models.KNOWN},
            **{f"{MODEL}{model}": arns for model in models.KNOWN},
        }

    def _known(self, function: str) -> Mapping[str, list[str]]:
        """Return what each pattern of the policy files stands for."""
        log = f"log-group:/aws/lambda/{self.stage.function(function)}"
        release = self.stage.serving("release_due")
        prefix = self.stage.settings.secrets_prefix
        return {
            f"arn:aws:logs:*:*:log-group:/aws/lambda/{PROJECT}-*": [
                self.place.arn("logs", log),
                self.place.arn("logs", f"{log}:*"),
            ],
            f"arn:aws:dynamodb:*:*:table/{PROJECT}-*": [self.table],
            f"arn:aws:dynamodb:*:*:table/{PROJECT}-*/index/*": [f"{self.table}/index/*"],
            "arn:aws:kinesis:*:*:stream/omnichannel-messages*": [self.stream],
            f"arn:aws:execute-api:*:*:*/{GATEWAY_STAGE}/POST/@connections/*": [
                self.place.arn("execute-api", f"{self.live}/{GATEWAY_STAGE}/POST/@connections/*")
            ],
            f"arn:aws:lambda:*:*:function:{PROJECT}-*-release_due": [
                self.place.arn("lambda", f"function:{release}")
            ],
            f"arn:aws:s3:::{PROJECT}-media-*": [self.media],
            f"arn:aws:s3:::{PROJECT}-media-*/*": [f"{self.media}/*"],
            f"arn:aws:s3:::{PROJECT}-failures-*": [self.failures],
            f"arn:aws:s3:::{PROJECT}-failures-*/*": [f"{self.failures}/*"],
            f"arn:aws:secretsmanager:*:*:secret:{PROJECT}/*": [
                self.place.arn("secretsmanager", f"secret:{prefix}/*")
            ],
            f"arn:aws:secretsmanager:*:*:secret:{PROJECT}/*/signing-*": [
                self.place.arn("secretsmanager", f"secret:{prefix}/signing-*")
            ],
            f"arn:aws:lambda:*:*:function:{PROJECT}-*-adapt": [
                self.place.arn("lambda", f"function:{self.stage.serving('adapt')}")
            ],
            **self._bedrock(),
            "arn:aws:ses:*:*:identity/*": [self.place.arn("ses", "identity/*")],
            "arn:aws:ses:*:*:configuration-set/*": [self.place.arn("ses", "configuration-set/*")],
        }

    def _use(self, key: str) -> dict[str, Any]:
        """Let a function read and write what our own key encrypts, through these services only."""
        region = self.place.region
        services = [f"{name}.{region}.amazonaws.com" for name in ("dynamodb", "kinesis", "s3")]
        return {
            "Sid": "Key",
            "Effect": "Allow",
            "Action": ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"],
            "Resource": key,
            "Condition": {"StringEquals": {"kms:ViaService": services}},
        }


def _sign(key: str) -> list[dict[str, Any]]:
    """Let the API sign with the key of ID tokens, in the one way that they are signed."""
    way = {"StringEquals": {"kms:SigningAlgorithm": ALGORITHM}}
    return [
        {
            "Sid": "SignTokens",
            "Effect": "Allow",
            "Action": "kms:Sign",
            "Resource": key,
            "Condition": way,
        },
        {
            "Sid": "ShowTokenKey",
            "Effect": "Allow",
            "Action": "kms:GetPublicKey",
            "Resource": key,
        },
    ]
