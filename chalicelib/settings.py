"""Settings, read from the environment once. Names carry their units.

Every field's variable is its name in upper case. Anything contradictory is a `ConfigurationError`
at start-up, never a surprise per delivery.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cache
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    ValidationError,
    WrapValidator,
)
from pydantic_core import PydanticCustomError

from chalicelib.domain import models
from chalicelib.domain.circuits import Circuit
from chalicelib.domain.deliveries import Policy
from chalicelib.domain.errors import ConfigurationError
from chalicelib.domain.retry import RetryPolicy

ON = ("1", "true", "yes", "on")
OFF = ("0", "false", "no", "off")
DAY = 86_400


def _flag(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = value.strip().lower()
    return text in ON if text in (*ON, *OFF, "") else value


def _mapping(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def _words(value: Any) -> Any:
    return tuple(value.split()) if isinstance(value, str) else value


def _expects(words: str) -> WrapValidator:
    """Return what says in words, without the variable's name, what a wrong value should be."""

    def read(value: Any, validate: Callable[[Any], Any]) -> Any:
        try:
            return validate(value)
        except ValueError as error:
            raise PydanticCustomError("setting", words) from error

    return WrapValidator(read)


def _optional(seconds: float | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)


Flag = Annotated[
    Annotated[bool, Strict(), BeforeValidator(_flag)],
    _expects(f"must be one of {', '.join((*ON, *OFF))} or empty"),
]
Seconds = Annotated[
    float, Field(gt=0, le=DAY), _expects(f"must be a number of seconds above 0, up to {DAY}")
]
Spacing = Annotated[
    float, Field(ge=0, le=3600), _expects("must be a number of seconds from 0 up to 3600")
]
Rate = Annotated[float, Field(gt=0), _expects("must be a number above 0")]
Count = Annotated[int, Field(ge=1), _expects("must be a whole number, at least 1")]
Lanes = Annotated[int, Field(ge=1, le=10), _expects("must be a whole number from 1 to 10")]
Addresses = Annotated[
    Annotated[Mapping[str, str], BeforeValidator(_mapping)],
    _expects('must be JSON of channel → address, such as {"sms": "http://127.0.0.1:9000"}'),
]
ModelId = Annotated[
    str,
    # Not \w: a hundred times all of Unicode's letters takes 30 ms to compile at every cold start.
    Field(pattern=r"^([a-z][A-Za-z0-9_.:-]{0,99})?$"),
    _expects("must be the id of a model or of a profile that AWS made"),
]
VARIABLES = {
    "invocation": "INVOCATION_SECONDS",
    "call": "CONNECT_TIMEOUT_SECONDS + READ_TIMEOUT_SECONDS",
}
"""What a duration of the policy is made of, where another one must exceed it."""


class Settings(BaseModel):
    """Everything that differs between stages."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    stage: str = "dev"
    aws_region: str = "us-east-1"
    table_name: str = "omnichannel-publisher-dev"
    stream_name: str = "omnichannel-messages"
    media_bucket: str = "omnichannel-publisher-media-dev"
    failure_bucket: str = "omnichannel-publisher-failures-dev"
    """The private bucket of stream records that were given up on."""
    mail_events_topic: str = "omnichannel-publisher-mail-events-dev"
    """Name of the SNS topic on which SES publishes what became of our mails."""
    mail_configuration_set: str = "omnichannel-publisher-dev"
    """The SES configuration set that publishes there; the e-mail account names it."""
    user_pool_arn: str = "arn:aws:cognito-idp:us-east-1:000000000000:userpool/unset"
    client_id: str = ""
    issuer: str = ""
    """`iss` of accepted tokens; derived from the pool's ARN when empty."""
    secrets_prefix: str = "omnichannel-publisher/dev"
    public_url: str = "http://127.0.0.1:8000"
    """Where people reach the API: base of unsubscribe links."""
    allowed_origins: Annotated[tuple[str, ...], BeforeValidator(_words)] = ("*",)
    require_approval: Flag = False
    community: str = "AWS Community"
    """Name on the card and in announcements."""
    release_function: str = ""
    """Name of the deployed `release_due`; empty: nobody can be started."""
    platform_endpoints: Addresses = Field(default_factory=dict)
    """Channel → base address that stands in for its platform; refused in prod."""
    websocket_endpoint: str = ""
    """Where frames over live connections are handed in; empty: nobody is told of changes."""
    tracing: Flag = False
    use_ai_agent: Flag = False
    """Let a language model frame what people wrote, on the channels that have a voice."""
    bedrock_model_id: ModelId = models.DEFAULT
    """Amazon Bedrock's id of the model; called by the inference profile of the region's geography,
    unless it names a profile itself."""
    bedrock_fallback_model_id: ModelId = models.FALLBACK
    """The model that is asked when that one is busy or not to be had; empty: none is."""
    adapt_function: str = ""
    """Name of the deployed `adapt`; empty: no words are found ahead of time."""
    github_secret: str = ""
    """Name, below the prefix, of the secret with `client_id` and `client_secret` of our application
    at GitHub; empty: nobody signs in with GitHub."""
    token_key: str = ""
    """KMS's name of the RSA key that signs the ID tokens of who signs in with GitHub."""
    sign_in_url: str = ""
    """Where the user pool's sign-in pages are; who signs in with GitHub is sent back there."""

    words_seconds: Seconds = 3
    """How long after it was handed in a text may wait for a model's words."""
    model_seconds: Seconds = 12
    """How long one call of a model may take."""

    invocation_seconds: Seconds = 300
    queue_lease_seconds: Seconds = 420
    attempt_lease_seconds: Seconds = 540
    connect_timeout_seconds: Seconds = 3
    read_timeout_seconds: Seconds = 20
    blocked_recheck_seconds: Seconds = 60
    event_wait_seconds: Seconds = 900
    settle_seconds: Seconds | None = None
    """Overrides every channel's settle time; for local use."""
    spacing_seconds: Spacing | None = None
    """Overrides every channel's time between two attempts of an account; for local use."""
    catch_up_spacing_seconds: Spacing = 10
    """Between two late posts on a feed, so that an outage never releases a flood."""
    circuit_failures: Count = 5
    circuit_window_seconds: Seconds = 60
    circuit_pause_seconds: Seconds = 30
    circuit_longest_pause_seconds: Seconds = 600
    claims_per_second: Rate = 200
    """What the workers serve; a scheduler claims no more than they can, so that a backlog waits."""
    retry_base_seconds: Seconds = 15
    retry_cap_seconds: Seconds = 1800
    retry_max_attempts: Count = 8
    push_gathering_seconds: Spacing = 0.5
    """How long what changed is gathered before whoever watches is told of all of it at once."""
    push_wait_seconds: Spacing = 1
    """How long an invocation waits at most, at its end, until everyone is told; 0 where its process
    goes on."""
    worker_threads: Count = 64
    parallelization_factor: Lanes = 4
    """Batches of one shard that are worked on at once: what waits for its minute holds up less."""

    def policy(self) -> Policy:
        """Return the delivery protocol's durations."""
        return Policy(
            queue_lease=timedelta(seconds=self.queue_lease_seconds),
            attempt_lease=timedelta(seconds=self.attempt_lease_seconds),
            invocation=timedelta(seconds=self.invocation_seconds),
            call=timedelta(seconds=self.connect_timeout_seconds + self.read_timeout_seconds),
            blocked_recheck=timedelta(seconds=self.blocked_recheck_seconds),
            event_wait=timedelta(seconds=self.event_wait_seconds),
            spacing=_optional(self.spacing_seconds),
            catch_up_spacing=timedelta(seconds=self.catch_up_spacing_seconds),
            retry=RetryPolicy(
                base=timedelta(seconds=self.retry_base_seconds),
                cap=timedelta(seconds=self.retry_cap_seconds),
                max_attempts=self.retry_max_attempts,
            ),
        )

    def circuit(self) -> Circuit:
        """Return when an account's circuit opens."""
        return Circuit(
            failures=self.circuit_failures,
            window=timedelta(seconds=self.circuit_window_seconds),
            pause=timedelta(seconds=self.circuit_pause_seconds),
            longest_pause=timedelta(seconds=self.circuit_longest_pause_seconds),
        )

    @property
    def token_issuer(self) -> str:
        """Return the `iss` that tokens must carry."""
        if self.issuer:
            return self.issuer
        region, pool = self.user_pool_arn.split(":")[3], self.user_pool_arn.rpartition("/")[2]
        return f"https://cognito-idp.{region}.amazonaws.com/{pool}"

    def contradictions(self) -> list[str]:
        """Return what can't be right, in words."""
        policy, circuit = self.policy(), self.circuit()
        broken = policy.check()
        if self.settle_seconds is not None:
            broken += policy.check_settle(timedelta(seconds=self.settle_seconds))
        found = [
            f"{each.duration.upper()}_SECONDS must be more than {each.limit.total_seconds():g}, "
            f"which follows from {VARIABLES[each.follows_from]}: {each.words}"
            for each in broken
        ]
        if circuit.probe <= policy.call + policy.early:
            found.append(
                f"{VARIABLES['call']} must be less than "
                f"{(circuit.probe - policy.early).total_seconds():g}: "
                "a probe of an open circuit must outlive one call and wait"
            )
        if self.stage == "prod" and self.platform_endpoints:
            found.append("PLATFORM_ENDPOINTS must be empty in prod: posts would go to stand-ins")
        if self.github_secret and not (self.token_key and self.sign_in_url):
            found.append("GITHUB_SECRET needs TOKEN_KEY and SIGN_IN_URL")
        return found

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Settings:
        """Build from environment variables; `ConfigurationError` names each one that is wrong."""
        given = {
            name: environment[name.upper()]
            for name in cls.model_fields
            if name.upper() in environment
        }
        try:
            settings = cls.model_validate(given)
        except ValidationError as error:
            names = [str(each["loc"][0]) for each in error.errors()]
            wrong = [
                f"{name.upper()} {each['msg']}, not {given[name]!r}"
                for name, each in zip(names, error.errors(), strict=True)
            ]
            raise ConfigurationError("; ".join(wrong)) from error
        if found := settings.contradictions():
            raise ConfigurationError("; ".join(found))
        return settings


@cache
def current() -> Settings:
    """Return this process's settings."""
    return Settings.read(os.environ)
