"""`chalice deploy --stage prod`, word for word, between the stacks before and around it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from chalicelib.channels import CHANNELS
from infrastructure.bundle import Bundle
from infrastructure.harden import harden
from infrastructure.native.account import Account
from infrastructure.native.command import AROUND, GROUND, Native
from infrastructure.native.supply import LINKED
from infrastructure.stages import Stage
from sandbox import seed
from sandbox.embedded import REGION
from sandbox.provision import add_user
from sandbox.state import PROJECT
from sandbox.users import SENDER, USERS
from tests.deployed import assembly, emulated_aws
from tests.deployed.conftest import REDIRECT
from tests.deployed.emulated_aws import EmulatedAws, Outside
from tests.deployed.product import Product, explained
from tests.deployed.signing_in import STRANGERS, SignIn, strangers
from tests.deployed.stacks import Stacks
from tests.deployed.test_live import hear_of_a_message

IMPORT = Path(__file__).parent / "gateway_import"
NAME = "omnichannel-publisher-prod"
ROUTE = "/api/v1/me"
AHEAD = timedelta(seconds=80)
"""More than the 75 s within which accepting a message starts a release of its own."""
KEPT_NOTHING = {"retain": "no"}


@dataclass
class Natively:
    """A stage that Chalice deploys, from a folder in the place of the checkout."""

    aws: EmulatedAws
    root: Path
    package: Path
    told: Mapping[str, str]
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        for name in (*LINKED, "infrastructure"):
            (self.root / name).symlink_to(PROJECT / name)
        shutil.copytree(
            PROJECT / ".chalice",
            self.root / ".chalice",
            ignore=shutil.ignore_patterns("deploy*"),
        )
        settings = {"native": "yes", **KEPT_NOTHING}
        made = assembly.synthesise(
            self.root / "cdk.out", self.package, self.told, stage="prod", **settings
        )
        self.stacks = Stacks(self.aws, made)
        stage = Stage.read("prod", {**settings, "emulated": json.dumps(dict(self.told))})
        self.account = Account(stage)
        self.native = Native(
            self.account,
            lambda: Bundle.read(self.package),
            self._deploy_stacks,
            self._run,
            self.said.append,
            self.root,
        )

    def _deploy_stacks(self, names: Sequence[str], told: Mapping[str, str]) -> None:
        known = [name for name in names if name in self.stacks.names]
        self.stacks.deploy(known, told)

    def _run(self, command: Sequence[str], place: Path, imports: str = "expand") -> int:
        done = subprocess.run(
            command,
            cwd=place,
            env={**os.environ, "PYTHONPATH": str(IMPORT), "EXPAND_IMPORTED_APIS": imports},
            capture_output=True,
            text=True,
        )
        self.said += [*done.stdout.splitlines(), *done.stderr.splitlines()[-40:]]
        return done.returncode

    def chalice(self, command: str, imports: str = "expand") -> int:
        """Run Chalice's command as its manual has it, where a checkout is."""
        words = [f"{sys.prefix}/bin/chalice", command, "--stage", "prod"]
        return self._run(words, self.root, imports)

    def made(self) -> dict[str, list[str]]:
        """Return what there is of the kinds of things that Chalice and hardening make."""
        client = self.aws.client
        return {
            "functions": [
                f["FunctionName"] for f in client("lambda").list_functions()["Functions"]
            ],
            "mappings": [
                m["UUID"]
                for m in client("lambda").list_event_source_mappings()["EventSourceMappings"]
            ],
            "layers": [each["LayerName"] for each in client("lambda").list_layers()["Layers"]],
            "apis": [api["id"] for api in client("apigateway").get_rest_apis()["items"]],
            "live apis": [api["ApiId"] for api in client("apigatewayv2").get_apis()["Items"]],
            "rules": [rule["Name"] for rule in client("events").list_rules()["Rules"]],
            "subscriptions": [
                s["SubscriptionArn"] for s in client("sns").list_subscriptions()["Subscriptions"]
            ],
            "roles": [
                role["RoleName"]
                for role in client("iam").list_roles()["Roles"]
                if role["RoleName"].startswith(NAME)
            ],
            "logs": [
                group["logGroupName"]
                for group in client("logs").describe_log_groups()["logGroups"]
                if NAME in group["logGroupName"]
            ],
        }


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatedAws]:
    """Run an emulated AWS with nothing else in it, for whoever asks the usual variables."""
    with (
        emulated_aws.running(tmp_path_factory.mktemp("native-aws")) as aws,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("AWS_ENDPOINT_URL", aws.url)
        patch.setenv("AWS_DEFAULT_REGION", REGION)
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        yield aws


@pytest.fixture(scope="module")
def platforms(tmp_path_factory: pytest.TempPathFactory, there: EmulatedAws) -> Iterator[Outside]:
    """Run the platforms' stand-ins."""
    with emulated_aws.outside(tmp_path_factory.mktemp("native-outside"), there) as outside:
        yield outside


@pytest.fixture(scope="module")
def natively(
    tmp_path_factory: pytest.TempPathFactory,
    package: Path,
    there: EmulatedAws,
    platforms: Outside,
) -> Natively:
    """Deploy natively: in vain, then well, and once more, which is another way through Chalice."""
    # prod itself refuses stand-ins; everything else is told as to prod.
    told = {
        "STAGE": "emulated",
        "PLATFORM_ENDPOINTS": json.dumps(dict(platforms.platforms)),
        "AWS_ENDPOINT_URL": there.url,
    }
    natively = Natively(there, tmp_path_factory.mktemp("native"), package, told)
    natively.native.do(["ground", "supply"])
    assert natively.chalice("deploy", imports="refuse") != 0
    assert len(natively.made()["functions"]) == 7  # those of the WebSocket API come after it
    assert natively.chalice("deploy") == 0, "\n".join(natively.said)
    # The WebSocket API is there now, so whoever sends frames can be told where.
    natively.native.do(["harden", "supply"])
    assert natively.chalice("deploy") == 0, "\n".join(natively.said)
    natively.native.do(["harden", "attach"])
    return natively


@pytest.fixture(scope="module")
def product(natively: Natively, there: EmulatedAws, platforms: Outside) -> Product:
    """Give the deployed product its people and its accounts, as an administrator would."""
    told = natively.account.exports
    for login, user in USERS.items():
        add_user(there.client("cognito-idp"), told["user-pool"].rpartition("/")[2], login, user)
    there.client("sesv2").create_email_identity(EmailIdentity=SENDER)
    address = f"{there.url}/_aws/execute-api/{natively.account.find().api}/v1"
    sign_in = SignIn(there, told["client"], REDIRECT)
    websocket = there.websocket(natively.account.find().live_api)
    product = Product(there, platforms, address, websocket, sign_in, f"{NAME}-")
    seed.connect(product, platforms.url, {"mail_configuration_set": NAME})
    return product


def test_two_deployments_after_one_that_failed_make_everything_once(natively: Natively) -> None:
    made = natively.made()
    counted = {kind: len(found) for kind, found in made.items()}

    assert counted == {
        "functions": 10,
        "mappings": 1,
        "layers": 1,
        "apis": 1,
        "live apis": 1,
        "rules": 2,
        "subscriptions": 1,
        "roles": 10,
        "logs": 12,
    }


def test_hardening_again_changes_nothing(natively: Natively) -> None:
    said: list[str] = []
    harden(natively.account, said.append)

    changed = [line for line in said if line.startswith("changed")]
    # It keeps no MetricsConfig of a mapping; all else is as it was left.
    assert [line.rpartition(": ")[2] for line in changed] == ["MetricsConfig"]


def test_what_stands_around_is_attached(natively: Natively) -> None:
    alarms = natively.aws.client("cloudwatch").describe_alarms()["MetricAlarms"]
    watched = {
        dimension["Value"]
        for alarm in alarms
        for dimension in alarm.get("Dimensions", ())
        if dimension["Name"] in ("FunctionName", "EventSourceMappingUUID")
    }

    assert {NAME, f"{NAME}-deliver", natively.account.find().mapping} <= watched
    assert {*GROUND, AROUND[0]} <= set(natively.stacks.names)


def test_an_announcement_is_published_on_every_platform(product: Product) -> None:
    with explained(product):
        rows = seed.announce(product, print, time.sleep)
    assert {row.channel: row.outcome for row in rows} == dict.fromkeys(CHANNELS, "delivered")


def test_whoever_watches_hears_of_a_message(product: Product) -> None:
    with explained(product):
        hear_of_a_message(product)


def test_whoever_signs_in_on_the_pages_is_known_with_name_and_role(product: Product) -> None:
    status, answer = product.call("GET", ROUTE, token=product.tokens("manager")["id_token"])

    assert (status, answer["role"]) == (200, "community_manager")


@pytest.mark.parametrize("stranger", STRANGERS)
def test_strangers_are_turned_away_in_our_words(product: Product, stranger: str) -> None:
    tokens = strangers(product.tokens("member")["id_token"])

    status, answer = product.call("GET", ROUTE, token=tokens[stranger])

    assert (status, answer["code"]) == (401, "unauthenticated")


def test_the_application_refuses_an_access_token(product: Product) -> None:
    status, answer = product.call("GET", ROUTE, token=product.tokens("member")["access_token"])

    assert (status, answer["code"]) == (401, "unauthenticated")


def test_what_is_scheduled_is_published_because_the_rule_ticks(product: Product) -> None:
    due = datetime.now(UTC) + AHEAD
    body = {
        "content": "Not before its time.",
        "channels": ["linkedin"],
        "scheduled_at": due.isoformat(timespec="seconds"),
    }
    message = product.post("member", "/api/v1/messages", body)

    with explained(product):
        assert product.ended(message["id"], seconds=180) == {"linkedin": "delivered"}


# --- the end: what comes after this line finds nothing deployed -------------------------------


@pytest.fixture(scope="module")
def deleted(natively: Natively, product: Product) -> Natively:
    """Delete what was deployed, after everything above has used it."""
    natively.native.do(["delete"])
    return natively


def test_nothing_is_left_of_what_chalice_and_hardening_made(deleted: Natively) -> None:
    assert {kind: found for kind, found in deleted.made().items() if found} == {}
    assert not (deleted.root / ".chalice" / "deployed" / "prod.json").exists()


def test_the_stacks_can_be_deleted_then(deleted: Natively) -> None:
    deleted.stacks.delete()
    cloud: Any = deleted.aws.client("cloudformation")

    assert cloud.list_exports()["Exports"] == []
