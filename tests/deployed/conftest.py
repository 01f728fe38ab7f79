"""The product, deployed once for all tests of this folder; everything stops when they end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import seed
from sandbox.provision import add_user
from sandbox.users import SENDER, USERS
from tests.deployed import assembly, emulated_aws
from tests.deployed.assembly import Assembly
from tests.deployed.emulated_aws import PYTHON, EmulatedAws, Outside
from tests.deployed.product import Product
from tests.deployed.signing_in import SignIn
from tests.deployed.stacks import Stacks

FOLDER = Path(__file__).parent
FUNCTIONS = f"omnichannel-publisher-{assembly.STAGE}-"
REDIRECT = "http://localhost:8001/app/"
CONFIGURATION_SET = f"omnichannel-publisher-{assembly.STAGE}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder: they need an environment that `make deployed` makes."""
    for item in items:
        if FOLDER in item.path.parents:
            item.add_marker(pytest.mark.slow)
            item.add_marker(pytest.mark.deployed)


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Package the application for this machine's processor."""
    return assembly.package(tmp_path_factory.mktemp("here") / "package", assembly.here())


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatedAws]:
    """Run an emulated AWS."""
    if not PYTHON.exists():
        pytest.fail(f"{PYTHON} is not there: make deployed makes it")
    with emulated_aws.running(tmp_path_factory.mktemp("aws")) as aws:
        yield aws


@pytest.fixture(scope="session")
def outside(tmp_path_factory: pytest.TempPathFactory, aws: EmulatedAws) -> Iterator[Outside]:
    """Run the platforms' stand-ins."""
    with emulated_aws.outside(tmp_path_factory.mktemp("outside"), aws) as outside:
        yield outside


@pytest.fixture(scope="session")
def assembled(
    tmp_path_factory: pytest.TempPathFactory, package: Path, aws: EmulatedAws, outside: Outside
) -> Assembly:
    """Synthesise the stacks, told of the stand-ins."""
    told = {
        "PLATFORM_ENDPOINTS": json.dumps(dict(outside.platforms)),
        "AWS_ENDPOINT_URL": aws.url,
    }
    return assembly.synthesise(tmp_path_factory.mktemp("stacks"), package, told)


@pytest.fixture(scope="session")
def stacks(aws: EmulatedAws, assembled: Assembly) -> Stacks:
    """Deploy the stacks."""
    stacks = Stacks(aws, assembled)
    stacks.deploy()
    return stacks


@pytest.fixture(scope="session")
def product(stacks: Stacks, aws: EmulatedAws, outside: Outside) -> Product:
    """Give the deployed product its people and its accounts, as an administrator would."""
    (pool,) = stacks.resources("AWS::Cognito::UserPool").values()
    (client,) = stacks.resources("AWS::Cognito::UserPoolClient").values()
    (api,) = stacks.resources("AWS::ApiGateway::RestApi").values()
    (live,) = stacks.resources("AWS::ApiGatewayV2::Api").values()
    for login, user in USERS.items():
        add_user(aws.client("cognito-idp"), pool, login, user)
    aws.client("sesv2").create_email_identity(EmailIdentity=SENDER)
    address = f"{aws.url}/_aws/execute-api/{api}/v1"
    sign_in = SignIn(aws, client, REDIRECT)
    product = Product(aws, outside, address, aws.websocket(live), sign_in, FUNCTIONS)
    seed.connect(product, outside.url, {"mail_configuration_set": CONFIGURATION_SET})
    assert product.scheduled  # as early as possible: its time passes while other tests run
    return product
