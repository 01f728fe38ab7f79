"""What differs between stages: `stages.toml`, and the names that the application itself is told."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from chalicelib.settings import Settings

PROJECT = "omnichannel-publisher"
API_HANDLER = "api_handler"
LIVE = "live"
"""The alias that serves: traffic, events and other functions reach a function only through it."""
ROOT = Path(__file__).parents[1]
CONFIGURATION = Path(__file__).with_name("stages.toml")
CHALICE = ROOT / ".chalice" / "config.json"
UNRESERVED_EXECUTIONS = 100
"""Executions at once that an account keeps for whoever reserved none; Lambda's developer guide,
"Configuring reserved concurrency for a function", 2026-11-22."""
WORKER_CONCURRENCY = 10
"""`reserved_concurrency` of the worker: more batches at once would only be refused."""

LANES: int = Settings.model_fields["parallelization_factor"].default
"""Batches of one shard at the same time, as on a laptop."""

MADE = frozenset(
    {
        "USER_POOL_ARN",
        "CLIENT_ID",
        "RELEASE_FUNCTION",
        "ADAPT_FUNCTION",
        "PUBLIC_URL",
        "GITHUB_SECRET",
        "TOKEN_KEY",
        "SIGN_IN_URL",
    }
)
"""Variables that stand there for `chalice deploy`; the stacks tell those who need them."""

DOMAIN = r"^(([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63})?$"
GLOBAL_REGION = "us-east-1"
"""Where CloudFront's certificates and web ACLs have to be.

CloudFront developer guide, "Requirements for using SSL/TLS certificates", and AWS WAF developer
guide, "Associating or disassociating a web ACL", 2026-11-21.
"""

StageName = Literal["dev", "stage", "prod"]


class UnknownStage(Exception):
    """A stage or a setting that does not exist or can't be; the message says which."""


def _words(value: Any) -> Any:
    return tuple(value.split()) if isinstance(value, str) else value


def _mapping(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


class Stage(BaseModel):
    """One stage of the product in one account and region."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: StageName
    native: bool
    """Deployed by `chalice deploy`: the stacks are only what it needs and what stands around it."""
    owner: str
    cost_centre: str
    alarm_email: str
    web_origins: Annotated[tuple[str, ...], BeforeValidator(_words)]
    google_secret: str
    linkedin_secret: str
    github_secret: str
    shards: int = Field(ge=1)
    parallelization: int = Field(LANES, ge=1, le=10)
    record_age_seconds: int = Field(ge=60, le=86_400)
    traced_share: float = Field(ge=0, le=1)
    provisioned_concurrency: int = Field(ge=0)
    customer_managed_key: bool
    web_application_firewall: bool
    cloudfront: bool
    web_firewall: bool
    domain: Annotated[str, StringConstraints(pattern=DOMAIN)]
    hosted_zone: Annotated[str, StringConstraints(pattern=r"^([A-Z0-9]{10,32})?$")]
    guard_duty: bool
    security_hub: bool
    log_role_of_account: bool
    frontend: bool
    function_alarms: bool
    retain: bool
    canary: Literal[
        "AllAtOnce", "LambdaCanary10Percent5Minutes", "LambdaLinear10PercentEvery1Minute"
    ]
    log_days: Literal[1, 3, 5, 7, 14, 30, 60, 90, 180, 365]
    slow_seconds: int = Field(ge=1)
    errors: int = Field(ge=1)
    emulated: Annotated[Mapping[str, str], BeforeValidator(_mapping)]
    """What every function is told besides on an emulated AWS; empty: this is not for one."""

    @model_validator(mode="after")
    def _batches_find_a_worker(self) -> Stage:
        if self.shards * self.parallelization > WORKER_CONCURRENCY:
            raise ValueError(
                f"shards × parallelization must not pass the worker's {WORKER_CONCURRENCY} "
                "reserved executions: raise reserved_concurrency in .chalice/config.json first"
            )
        return self

    @model_validator(mode="after")
    def _parts_of_the_edge_fit(self) -> Stage:
        wrong = {
            "cloudfront and web_firewall stand before the web app: set frontend = true": (
                self.is_global and not self.frontend
            ),
            "domain is CloudFront's: set cloudfront = true": self.domain and not self.cloudfront,
            "domain and hosted_zone are set together": bool(self.domain) != bool(self.hosted_zone),
        }
        for sentence, is_wrong in wrong.items():
            if is_wrong:
                raise ValueError(sentence)
        return self

    @model_validator(mode="after")
    def _github_finds_its_way(self) -> Stage:
        if not self.github_secret:
            return self
        prefix = self.settings.secrets_prefix
        if not self.github_secret.startswith(f"{prefix}/"):
            raise ValueError(f"github_secret is read by the API, so it is named {prefix}/…")
        if not self.public_url:
            raise ValueError(
                "github_secret needs a domain, or a PUBLIC_URL in .chalice/config.json: the user "
                "pool has to be told where the bridge is before there is an API"
            )
        return self

    @classmethod
    def read(cls, name: str, changes: Mapping[str, Any] | None = None) -> Stage:
        """Return a stage with single settings changed; `UnknownStage` says what is wrong."""
        tables = tomllib.loads(CONFIGURATION.read_text("utf-8"))
        common = tables.pop("all")
        if name not in tables:
            raise UnknownStage(f"There is no stage {name!r}: choose one of {', '.join(tables)}.")
        try:
            return cls(**{**common, **tables[name], **(changes or {}), "name": name})
        except ValidationError as error:
            wrong = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
            raise UnknownStage("; ".join(wrong)) from error

    def variables(self, media: str, failures: str) -> dict[str, str]:
        """Return what every function is told; the names of its buckets are made."""
        told = self.settings
        return {
            **{name: value for name, value in self._configured().items() if name not in MADE},
            "STAGE": told.stage,
            "TABLE_NAME": told.table_name,
            "STREAM_NAME": told.stream_name,
            "MEDIA_BUCKET": media,
            "FAILURE_BUCKET": failures,
            "MAIL_EVENTS_TOPIC": told.mail_events_topic,
            "MAIL_CONFIGURATION_SET": told.mail_configuration_set,
            "SECRETS_PREFIX": told.secrets_prefix,
            "TRACING": "true",
        }

    @property
    def settings(self) -> Settings:
        """Return what the application is told, with names that are this stage's alone."""
        told = Settings.read(self._configured())
        stream = told.stream_name
        # The local product has the default name; deployed, it would be another stage's stream.
        if self.name != "prod" and not stream.endswith(f"-{self.name}"):
            stream = f"{stream}-{self.name}"
        return told.model_copy(update={"stream_name": stream})

    @property
    def executions(self) -> int:
        """Return how many executions at once an account must allow for this stage to fit in."""
        functions = json.loads(CHALICE.read_text("utf-8"))["lambda_functions"].values()
        reserved = sum(function.get("reserved_concurrency", 0) for function in functions)
        return int(reserved) + UNRESERVED_EXECUTIONS

    def _configured(self) -> dict[str, str]:
        stages = json.loads(CHALICE.read_text("utf-8"))["stages"]
        found: dict[str, str] = stages[self.name]["environment_variables"]
        return found

    @property
    def public_url(self) -> str:
        """Return where people reach the API by a name of ours; empty without one."""
        if self.domain:
            return f"https://{self.domain}"
        told = self.settings
        return told.public_url if "public_url" in told.model_fields_set else ""

    @property
    def github_issuer(self) -> str:
        """Return the address of the bridge to GitHub, by which the user pool knows it."""
        return f"{self.public_url}/signin/github"

    def bridge(self, token_key: str, sign_in_url: str) -> dict[str, str]:
        """Return what opens the bridge to GitHub to the API."""
        prefix = self.settings.secrets_prefix
        return {
            "GITHUB_SECRET": self.github_secret.removeprefix(f"{prefix}/"),
            "TOKEN_KEY": token_key,
            "SIGN_IN_URL": sign_in_url,
        }

    @property
    def origins(self) -> tuple[str, ...]:
        """Return where the web app is reached."""
        ours = (f"https://{self.domain}",) if self.domain else ()
        return (*ours, *self.web_origins)

    @property
    def is_global(self) -> bool:
        """Return whether anything is wanted that can only be in `GLOBAL_REGION`."""
        return self.cloudfront or self.web_firewall

    @property
    def has_security(self) -> bool:
        """Return whether anything of the Security stack is wanted."""
        account = self.guard_duty or self.security_hub
        return self.web_application_firewall or self.web_firewall or account

    def export(self, name: str) -> str:
        """Return the name under which a stack tells what it made."""
        return f"{PROJECT}-{self.name}-{name}"

    def function(self, name: str) -> str:
        """Return a function's name in this account. Chalice gives the API's one the whole app's."""
        if self.native and name == API_HANDLER:
            return f"{PROJECT}-{self.name}"
        return f"{PROJECT}-{self.name}-{name}"

    def serving(self, name: str) -> str:
        """Return what reaches a function: the alias that serves; Chalice's own have none."""
        return self.function(name) if self.native else f"{self.function(name)}:{LIVE}"
