"""Traffic and events reach a function through its alias: what was published, not what is edited."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.deployed.product import Product

VERSION = re.compile(r"^START RequestId: \S+ Version: (\S+)")


@pytest.fixture
def edited(product: Product) -> Iterator[Product]:
    """Break what is not published of every function, as an edit in the console does."""
    functions = product.aws.client("lambda")
    names = [f"{product.functions}{name}" for name in product.names]
    before = {n: functions.get_function_configuration(FunctionName=n)["Handler"] for n in names}
    for name in names:
        functions.update_function_configuration(FunctionName=name, Handler="app.nothing")
    yield product
    for name, handler in before.items():
        functions.update_function_configuration(FunctionName=name, Handler=handler)


def test_what_is_not_published_serves_nobody(edited: Product) -> None:
    body = {"content": "Published versions only.", "channels": ["linkedin"]}
    message = edited.post("member", "/api/v1/messages", body)

    assert edited.ended(message["id"]) == {"linkedin": "delivered"}


def test_every_call_so_far_was_one_of_a_published_version(product: Product) -> None:
    product.get("member", "/api/v1/me")

    versions = {
        name: {found[1] for line in product.log(name) if (found := VERSION.match(line))}
        for name in product.names
    }

    assert set().union(*versions.values()) == {"1"}, versions


def test_every_integration_of_the_gateway_names_the_alias(product: Product) -> None:
    gateway = product.aws.client("apigateway")
    (api,) = gateway.get_rest_apis()["items"]
    uris = {
        method["methodIntegration"]["uri"]
        for resource in gateway.get_resources(restApiId=api["id"], limit=500, embed=["methods"])[
            "items"
        ]
        for method in resource.get("resourceMethods", {}).values()
        if method.get("methodIntegration", {}).get("type") == "AWS_PROXY"
    }

    (uri,) = uris
    assert f":function:{product.functions}api_handler:live/invocations" in uri
