"""The edge of the network, part by part: CloudFront, the web app's firewall, the domain."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from fnmatch import fnmatch
from graphlib import TopologicalSorter
from typing import Any

import pytest

from infrastructure import cli
from infrastructure.cost import deployed
from infrastructure.cost.cuts import EXTRAS
from infrastructure.cost.deployed import Deployed
from infrastructure.stages import Stage, UnknownStage
from tests.infrastructure.conftest import Assembly, Synthesise
from tests.infrastructure.test_resources import document
from tests.infrastructure.test_stacks import graph

DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
ALL_BUT_HOST = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
"""AWS's own policies: CloudFront developer guide, managed policies, 2026-11-21."""
DISTRIBUTION = "AWS::CloudFront::Distribution"
ACL, ASSOCIATION = "AWS::WAFv2::WebACL", "AWS::WAFv2::WebACLAssociation"


@pytest.fixture(scope="session")
def nameless(synthesise: Synthesise) -> Assembly:
    """Give the cheapest stage with CloudFront under its own name."""
    return synthesise("dev", cloudfront="yes")


def distribution(assembly: Assembly) -> Mapping[str, Any]:
    """Return what the only distribution is configured to do."""
    found: Mapping[str, Any] = assembly.one("Frontend", DISTRIBUTION)["DistributionConfig"]
    return found


def behaviours(assembly: Assembly) -> Mapping[str, Mapping[str, Any]]:
    """Return what is done with each pattern of addresses; the rest is ""."""
    made = distribution(assembly)
    return {
        "": made["DefaultCacheBehavior"],
        **{each["PathPattern"]: each for each in made["CacheBehaviors"]},
    }


def of(path: str, assembly: Assembly) -> Mapping[str, Any]:
    """Return what is done with one address."""
    found = behaviours(assembly)
    matching = (pattern for pattern in found if pattern and fnmatch(path, pattern))
    return found[next(matching, "")]


# --- off, and on --------------------------------------------------------------------------------


@pytest.mark.slow
def test_nothing_of_it_is_there_unless_it_is_asked_for(prod: Assembly, dev: Assembly) -> None:
    for assembly in (prod, dev):
        kinds = {resource["Type"] for resource in assembly.all().values()}
        scopes = {acl["Properties"]["Scope"] for acl in assembly.all(ACL).values()}
        assert not {kind for kind in kinds if "CloudFront" in kind or "Route53" in kind}
        assert "AWS::CertificateManager::Certificate" not in kinds
        assert "CLOUDFRONT" not in scopes


@pytest.mark.slow
def test_with_all_of_it_the_stacks_are_still_eight_and_none_needs_itself(edge: Assembly) -> None:
    assert len(graph(edge)) == 8
    assert len(list(TopologicalSorter(graph(edge)).static_order())) == 8


@pytest.mark.slow
def test_the_rules_and_the_linter_find_nothing(
    edge: Assembly, nameless: Assembly, stage: Assembly
) -> None:
    for assembly in (edge, nameless, stage):
        report = json.loads((assembly.directory / "validation-report.json").read_text())
        assert [v for plugin in report["pluginReports"] for v in plugin["violations"]] == []
    templates = [
        str(assembly.directory / f"Omnichannel{name}Stack.template.json")
        for assembly, name in ((edge, "Frontend"), (edge, "Security"), (nameless, "Frontend"))
    ]
    command = [f"{sys.prefix}/bin/cfn-lint", "--ignore-checks", "W3005", "--template"]
    done = subprocess.run([*command, *templates], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


# --- CloudFront ---------------------------------------------------------------------------------


@pytest.mark.slow
def test_every_route_of_the_api_is_never_cached_and_passed_on_as_it_came(edge: Assembly) -> None:
    (web,) = {behaviours(edge)[""]["TargetOriginId"]}
    for path in document(edge)["paths"]:
        done = of(path, edge)
        assert done["TargetOriginId"] != web, path
        assert done["CachePolicyId"] == DISABLED
        assert done["OriginRequestPolicyId"] == ALL_BUT_HOST
        assert set(done["AllowedMethods"]) >= {"POST", "PATCH", "PUT", "DELETE", "OPTIONS"}
        assert done["ViewerProtocolPolicy"] == "https-only"


@pytest.mark.slow
def test_only_the_web_apps_hashed_files_are_cached(edge: Assembly) -> None:
    cached = {p for p, done in behaviours(edge).items() if done["CachePolicyId"] == OPTIMIZED}

    assert cached == {"/assets/*"}
    assert of("/messages/17", edge)["CachePolicyId"] == DISABLED
    headers = edge.one("Frontend", "AWS::Amplify::App")["CustomHeaders"]
    assert "max-age=31536000, immutable" in json.dumps(headers)


@pytest.mark.slow
def test_every_answer_has_the_security_headers_that_it_lacked(edge: Assembly) -> None:
    policy = edge.one("Frontend", "AWS::CloudFront::ResponseHeadersPolicy")
    given = policy["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"]

    assert set(given) == {
        "ContentTypeOptions",
        "FrameOptions",
        "ReferrerPolicy",
        "StrictTransportSecurity",
    }
    assert {header["Override"] for header in given.values()} == {False}
    assert all("ResponseHeadersPolicyId" in done for done in behaviours(edge).values())


@pytest.mark.slow
def test_origins_are_reached_encrypted_and_the_api_by_its_stage(edge: Assembly) -> None:
    origins = distribution(edge)["Origins"]

    assert {o["CustomOriginConfig"]["OriginProtocolPolicy"] for o in origins} == {"https-only"}
    (path,) = (json.dumps(o["OriginPath"]) for o in origins if "OriginPath" in o)
    assert "Api" in path


# --- domain -------------------------------------------------------------------------------------


@pytest.mark.slow
def test_under_a_domain_of_ours_nothing_older_than_tls_1_3_is_spoken(edge: Assembly) -> None:
    made = distribution(edge)

    assert made["Aliases"] == ["announcer.example.org"]
    assert made["ViewerCertificate"]["MinimumProtocolVersion"] == "TLSv1.3_2025"
    certificate = edge.one("Frontend", "AWS::CertificateManager::Certificate")
    assert certificate["ValidationMethod"] == "DNS"
    assert certificate["DomainName"] == "announcer.example.org"


@pytest.mark.slow
def test_the_domain_leads_to_cloudfront_by_both_kinds_of_address(edge: Assembly) -> None:
    records = edge.resources("Frontend", "AWS::Route53::RecordSet").values()

    assert {record["Properties"]["Type"] for record in records} == {"A", "AAAA"}
    assert {r["Properties"]["Name"] for r in records} == {"announcer.example.org."}


@pytest.mark.slow
def test_the_domain_is_what_the_api_is_told_and_where_people_come_back_to(edge: Assembly) -> None:
    told = {
        function["Properties"]["Environment"]["Variables"].get("PUBLIC_URL")
        for function in edge.resources("Worker", "AWS::Lambda::Function").values()
    }
    client = edge.one("Auth", "AWS::Cognito::UserPoolClient")

    assert told == {"https://announcer.example.org"}
    assert client["CallbackURLs"] == ["https://announcer.example.org/"]


@pytest.mark.slow
def test_without_a_domain_cloudfronts_own_name_and_certificate_are_used(
    nameless: Assembly,
) -> None:
    made = distribution(nameless)

    assert "Aliases" not in made and "ViewerCertificate" not in made
    assert "WebACLId" not in made


# --- firewall -----------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_web_apps_firewall_has_the_apis_rules_and_stands_before_the_distribution(
    edge: Assembly,
) -> None:
    acls = {a["Properties"]["Scope"]: a["Properties"] for a in edge.all(ACL).values()}
    names = [[rule["Name"] for rule in acls[s]["Rules"]] for s in ("REGIONAL", "CLOUDFRONT")]

    assert names[0] == names[1]
    assert "WebACLId" in distribution(edge)
    assert len(edge.all(ASSOCIATION)) == 1


@pytest.mark.slow
def test_without_cloudfront_it_stands_before_amplify(stage: Assembly) -> None:
    association = stage.one("Frontend", ASSOCIATION)

    assert association["ResourceArn"] == {"Fn::GetAtt": ["App", "Arn"]}
    assert "Security" in graph(stage)["Frontend"]


@pytest.mark.slow
def test_behind_cloudfront_the_limit_counts_who_asked_it(edge: Assembly, prod: Assembly) -> None:
    def keys(assembly: Assembly) -> dict[str, str]:
        return {
            acl["Properties"]["Scope"]: rule["Statement"]["RateBasedStatement"]["AggregateKeyType"]
            for acl in assembly.all(ACL).values()
            for rule in acl["Properties"]["Rules"]
            if rule["Name"] == "RateLimit"
        }

    assert keys(edge) == {"REGIONAL": "FORWARDED_IP", "CLOUDFRONT": "IP"}
    assert keys(prod) == {"REGIONAL": "IP"}


# --- what it costs ------------------------------------------------------------------------------


@pytest.mark.slow
def test_what_the_parts_cost_is_what_the_stacks_make(edge: Assembly, stage: Assembly) -> None:
    whole, before_amplify = (
        Deployed.counted(deployed.templates(assembly.directory)) for assembly in (edge, stage)
    )
    costed = {extra.does: extra.change(deployed.read()["prod"]) for extra in EXTRAS}

    assert whole == costed["all of it (cloudfront, web_firewall, domain)"]
    assert (before_amplify.web_firewalls, before_amplify.hosting_firewalls) == (1, 1)


# --- where it can be ----------------------------------------------------------------------------


@pytest.mark.slow
def test_elsewhere_than_in_its_region_cloudformation_refuses_it(
    edge: Assembly, prod: Assembly
) -> None:
    for name in ("Frontend", "Security"):
        rules = json.loads(edge.texts[f"Omnichannel{name}Stack"])["Rules"]
        (assertion,) = rules["Region"]["Assertions"]
        assert assertion["Assert"] == {"Fn::Equals": [{"Ref": "AWS::Region"}, "us-east-1"]}
        assert "us-east-1" in assertion["AssertDescription"]
        rest = json.loads(prod.texts[f"Omnichannel{name}Stack"]).get("Rules", {})
        assert "Region" not in rest


@pytest.mark.parametrize("setting", ["cloudfront", "web_firewall"])
def test_elsewhere_than_in_its_region_a_deployment_ends_in_a_sentence(
    setting: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("AWS_PROFILE", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")

    assert cli.main(["diff", "--stage", "dev", "-c", f"{setting}=yes"]) == 1
    said = capsys.readouterr().err
    assert "need the stage in us-east-1" in said and "not in eu-west-1" in said
    assert said.count("\n") == 1


def test_in_its_region_it_may_be_deployed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    cli.require_region(Stage.read("dev", {"cloudfront": "yes"}), [])
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    cli.require_region(Stage.read("dev"), [])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"cloudfront": "yes", "frontend": "no"}, "set frontend = true"),
        ({"web_firewall": "yes", "frontend": "no"}, "set frontend = true"),
        ({"domain": "a.example.org", "hosted_zone": "Z0123456789A"}, "set cloudfront = true"),
        ({"cloudfront": "yes", "domain": "a.example.org"}, "are set together"),
        ({"cloudfront": "yes", "hosted_zone": "Z0123456789A"}, "are set together"),
        ({"cloudfront": "yes", "domain": "https://a.example.org"}, "domain: "),
        ({"cloudfront": "yes", "domain": "-a.example.org"}, "domain: "),
    ],
)
def test_parts_that_do_not_fit_together_are_refused_in_a_sentence(
    changes: Mapping[str, str], said: str
) -> None:
    with pytest.raises(UnknownStage, match=said):
        Stage.read("prod", changes)
