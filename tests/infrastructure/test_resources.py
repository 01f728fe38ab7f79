"""What is deployed, resource by resource: is it what the code and its tests rely on?"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from chalicelib.channels.email import EVENT_TYPES
from chalicelib.domain import sign_in
from chalicelib.domain.identity import Role
from chalicelib.edge import headers, problems
from chalicelib.gateways import keys
from chalicelib.repositories import schema
from infrastructure.packaging.template import DRAWING
from infrastructure.resilience import TELLING
from infrastructure.stages import CHALICE, LANES, Stage
from tests.infrastructure.conftest import Assembly

pytestmark = pytest.mark.slow

CONFIG: Mapping[str, Any] = json.loads(CHALICE.read_text())
FUNCTIONS: Mapping[str, Mapping[str, Any]] = CONFIG["lambda_functions"]
HANDLERS = {
    "app.app": "api_handler",
    "app.join": "websocket_connect",
    "app.hear": "websocket_message",
    "app.leave": "websocket_disconnect",
}
REASONED = {"Trace", "CheckAccounts", "SmsBehindSns"}
"""Statements for every resource: infrastructure.policies says why for each."""


def functions(assembly: Assembly) -> dict[str, Mapping[str, Any]]:
    """Return each function's properties by its name in app.py."""
    found = (f["Properties"] for f in assembly.all("AWS::Lambda::Function").values())
    return {HANDLERS.get(p["Handler"], p["Handler"].removeprefix("app.")): p for p in found}


def document(assembly: Assembly) -> Mapping[str, Any]:
    """Return the API's document."""
    found: Mapping[str, Any] = assembly.one("Api", "AWS::ApiGateway::RestApi")["Body"]
    return found


# --- data -------------------------------------------------------------------------------------


def test_the_table_is_the_one_of_the_schema(prod: Assembly) -> None:
    table = prod.one("Data", "AWS::DynamoDB::Table")

    assert {key: table[key] for key in schema.TABLE} == schema.TABLE
    assert table["TimeToLiveSpecification"] == schema.TIME_TO_LIVE
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["SSESpecification"]["SSEEnabled"]
    assert "StreamSpecification" not in table


def test_the_stream_is_encrypted_and_keeps_a_day(prod: Assembly) -> None:
    stream = prod.one("Data", "AWS::Kinesis::Stream")

    assert (stream["ShardCount"], stream["RetentionPeriodHours"]) == (1, 24)
    assert stream["StreamEncryption"]["EncryptionType"] == "KMS"


def test_every_bucket_is_private_encrypted_and_versioned(prod: Assembly) -> None:
    buckets = prod.all("AWS::S3::Bucket")

    assert len(buckets) == 3
    for bucket in (found["Properties"] for found in buckets.values()):
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
        assert bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
        rules = bucket["LifecycleConfiguration"]["Rules"]
        assert {"NoncurrentDays": 30} in [r.get("NoncurrentVersionExpiration") for r in rules]


def test_uploads_may_come_from_browsers_and_are_told_of(prod: Assembly) -> None:
    (media,) = (
        bucket["Properties"]
        for bucket in prod.resources("Data", "AWS::S3::Bucket").values()
        if "CorsConfiguration" in bucket["Properties"]
    )
    (rule,) = media["CorsConfiguration"]["CorsRules"]

    assert "POST" in rule["AllowedMethods"]
    assert media["NotificationConfiguration"] == {
        "EventBridgeConfiguration": {"EventBridgeEnabled": True}
    }


def test_the_mail_events_that_settle_doubt_are_published(prod: Assembly) -> None:
    told = prod.one("Data", "AWS::SES::ConfigurationSetEventDestination")["EventDestination"]

    assert told["MatchingEventTypes"] == list(EVENT_TYPES)
    assert told["Enabled"] and "TopicARN" in told["SnsDestination"]


def test_the_signing_key_is_one_that_the_code_can_read(prod: Assembly) -> None:
    made = prod.one("Data", "AWS::SecretsManager::Secret")["GenerateSecretString"]
    left = {chr(code) for code in range(33, 127)} - set(made["ExcludeCharacters"])

    assert left == set("0123456789abcdef")
    assert made["ExcludeUppercase"] and made["ExcludePunctuation"]
    assert (made["GenerateStringKey"], made["PasswordLength"]) == ("key", 64)


# --- sign-in ----------------------------------------------------------------------------------


def test_every_role_is_a_group_of_the_user_pool(prod: Assembly) -> None:
    groups = prod.resources("Auth", "AWS::Cognito::UserPoolGroup").values()

    assert {group["Properties"]["GroupName"] for group in groups} == {r.value for r in Role}


def test_the_web_app_signs_in_with_a_code_and_keeps_no_secret(prod: Assembly) -> None:
    client = prod.one("Auth", "AWS::Cognito::UserPoolClient")

    assert client["AllowedOAuthFlows"] == ["code"]
    assert client["GenerateSecret"] is False
    assert client["SupportedIdentityProviders"] == ["COGNITO"]


def test_other_sign_ins_are_offered_once_their_secret_is_configured(stage: Assembly) -> None:
    made = stage.resources("Auth", "AWS::Cognito::UserPoolIdentityProvider").values()
    kinds = {p["Properties"]["ProviderName"]: p["Properties"]["ProviderType"] for p in made}
    secrets = {p["Properties"]["ProviderDetails"]["client_secret"] for p in made}
    offered = stage.one("Auth", "AWS::Cognito::UserPoolClient")["SupportedIdentityProviders"]

    assert kinds == {"Google": "Google", "LinkedIn": "OIDC", "GitHub": "OIDC"}
    assert len(offered) == 4
    assert all(s.startswith("{{resolve:secretsmanager:") for s in secrets)


def test_the_user_pool_knows_every_door_of_the_bridge_to_github(stage: Assembly) -> None:
    (made,) = (
        provider["Properties"]["ProviderDetails"]
        for provider in stage.resources("Auth", "AWS::Cognito::UserPoolIdentityProvider").values()
        if provider["Properties"]["ProviderName"] == "GitHub"
    )
    told = sign_in.configuration(made["oidc_issuer"])
    routes = set(document(stage)["paths"])

    assert made["oidc_issuer"] == "https://stage.example.org/signin/github"
    assert (made["authorize_url"], made["token_url"]) == (
        told["authorization_endpoint"],
        told["token_endpoint"],
    )
    assert (made["attributes_url"], made["jwks_uri"]) == (
        told["userinfo_endpoint"],
        told["jwks_uri"],
    )
    for door in ("authorize", "callback", "token", "userinfo", "jwks"):
        assert f"/signin/github/{door}" in routes


def test_only_the_api_may_sign_and_only_where_people_come_from_github(
    stage: Assembly, prod: Assembly
) -> None:
    signing = [
        (name, statement) for name, statement in statements(stage) if "kms:Sign" in str(statement)
    ]

    ((name, statement),) = signing
    assert "ApiHandler" in name
    assert statement["Resource"] == {"Fn::ImportValue": "omnichannel-publisher-stage-token-key"}
    assert statement["Condition"] == {"StringEquals": {"kms:SigningAlgorithm": keys.ALGORITHM}}
    (key,) = stage.resources("Data", "AWS::KMS::Key").values()
    assert (key["Properties"]["KeySpec"], key["Properties"]["KeyUsage"]) == (
        "RSA_2048",
        "SIGN_VERIFY",
    )
    assert "kms:Sign" not in json.dumps([s for _, s in statements(prod)])


def test_the_api_alone_is_told_of_the_bridge_where_there_is_one(
    stage: Assembly, prod: Assembly
) -> None:
    def told(assembly: Assembly) -> dict[str, str]:
        return {
            name: function["Environment"]["Variables"]["GITHUB_SECRET"]
            for name, function in functions(assembly).items()
            if "GITHUB_SECRET" in function["Environment"]["Variables"]
        }

    assert told(stage) == {"api_handler": "github"}
    assert told(prod) == {}


# --- functions --------------------------------------------------------------------------------


def test_every_function_is_deployed_as_it_is_configured(prod: Assembly) -> None:
    found = functions(prod)

    assert set(found) == set(FUNCTIONS)
    for name, wanted in FUNCTIONS.items():
        function = found[name]
        assert function["MemorySize"] == wanted["lambda_memory_size"]
        assert function["Timeout"] == wanted["lambda_timeout"]
        assert function.get("ReservedConcurrentExecutions") == wanted.get("reserved_concurrency")
        assert function["Architectures"] == [CONFIG["lambda_architecture"]]
        assert function["TracingConfig"] == {"Mode": "Active"}
        assert function["FunctionName"] == f"omnichannel-publisher-prod-{name}"


def test_every_function_is_told_what_its_stage_is_configured_for(prod: Assembly) -> None:
    told = Stage.read("prod").variables("media", "failures")
    for name, function in functions(prod).items():
        variables = function["Environment"]["Variables"]
        made = {"MEDIA_BUCKET", "FAILURE_BUCKET"}
        assert {k: variables[k] for k in told if k not in made} == {
            k: v for k, v in told.items() if k not in made
        }
        assert all(isinstance(variables[k], dict) for k in made), name


def test_the_api_starts_the_scheduler_that_is_deployed(prod: Assembly) -> None:
    found = functions(prod)
    started = found["api_handler"]["Environment"]["Variables"]["RELEASE_FUNCTION"]

    assert started == f"{found['release_due']['FunctionName']}:live"


def test_every_function_has_a_role_of_its_own(prod: Assembly) -> None:
    roles = [json.dumps(function["Role"]) for function in functions(prod).values()]

    assert len(set(roles)) == len(FUNCTIONS)


def test_only_functions_that_draw_carry_the_imaging_layer(prod: Assembly) -> None:
    drawing = {name for name, function in functions(prod).items() if function.get("Layers")}

    assert drawing == DRAWING
    assert len(prod.all("AWS::Lambda::LayerVersion")) == 1


def statements(assembly: Assembly) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield every statement that allows one of our functions something, with its role."""
    for name, resource in assembly.all().items():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::IAM::Role":
            documents = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
        elif resource["Type"] == "AWS::IAM::Policy":
            documents = [properties["PolicyDocument"]]
        else:
            continue
        for policy in documents:
            yield from ((name, statement) for statement in policy["Statement"])


def test_no_role_may_do_something_everywhere_without_a_reason(prod: Assembly) -> None:
    everywhere = {s["Sid"] for _, s in statements(prod) if s.get("Resource") == "*"}

    assert everywhere <= REASONED


def test_no_role_may_do_everything_of_anything(prod: Assembly) -> None:
    actions = json.dumps([statement["Action"] for _, statement in statements(prod)])

    assert "sqs:SendMessage" in actions
    assert "*" not in actions


def test_no_pattern_of_the_policy_files_is_left_in_a_role(prod: Assembly) -> None:
    text = json.dumps([s for _, s in statements(prod)])

    assert "dynamodb:PutItem" in text
    assert re.findall(r"arn:aws:[a-z0-9-]+:\*:\*:(?!\*)[^\"]+", text) == []
    assert "omnichannel-publisher-*" not in text and "omnichannel-publisher/*" not in text


def test_a_new_version_takes_over_slowly_and_an_alarm_takes_it_back(
    prod: Assembly, dev: Assembly
) -> None:
    for assembly, way in ((prod, "Canary10Percent5Minutes"), (dev, "AllAtOnce")):
        aliases = assembly.all("AWS::Lambda::Alias").values()
        groups = assembly.all("AWS::CodeDeploy::DeploymentGroup").values()
        assert len(groups) == len(aliases) == len(FUNCTIONS)
        assert all("CodeDeployLambdaAliasUpdate" in alias["UpdatePolicy"] for alias in aliases)
        for group in (found["Properties"] for found in groups):
            assert group["DeploymentConfigName"] == f"CodeDeployDefault.Lambda{way}"
            assert group["AlarmConfiguration"]["Enabled"]
            assert "DEPLOYMENT_STOP_ON_ALARM" in group["AutoRollbackConfiguration"]["Events"]


# --- what calls them --------------------------------------------------------------------------


def test_the_api_calls_nothing_but_the_live_alias(prod: Assembly) -> None:
    uris = [
        json.dumps(integration["uri"])
        for path in document(prod)["paths"].values()
        for method in path.values()
        if (integration := method["x-amazon-apigateway-integration"])["type"] == "aws_proxy"
    ]
    name = functions(prod)["api_handler"]["FunctionName"]

    assert len(uris) > 30
    assert all(uri.count(f":function:{name}:live/invocations") == 1 for uri in uris)
    assert "APIHandler" not in prod.texts["OmnichannelApiStack"]


def test_whatever_may_call_a_function_may_call_its_alias_only(prod: Assembly) -> None:
    permissions = prod.all("AWS::Lambda::Permission")
    mapping = prod.one("Worker", "AWS::Lambda::EventSourceMapping")
    called = [p["Properties"]["FunctionName"] for p in permissions.values()]
    aliases = {name.partition("/")[2] for name in prod.all("AWS::Lambda::Alias")}

    assert len(called) == 7
    assert {one["Ref"] for one in [*called, mapping["FunctionName"]]} <= aliases


def test_the_stream_never_blocks_and_nothing_of_it_is_lost_unseen(prod: Assembly) -> None:
    mapping = prod.one("Worker", "AWS::Lambda::EventSourceMapping")
    wanted = {
        "BatchSize": 10,
        "MaximumBatchingWindowInSeconds": 5,
        "StartingPosition": "TRIM_HORIZON",
        "MaximumRetryAttempts": 3,
        "BisectBatchOnFunctionError": True,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "ParallelizationFactor": LANES,
        "MaximumRecordAgeInSeconds": 3600,
    }

    assert {key: mapping[key] for key in wanted} == wanted
    failures = mapping["DestinationConfig"]["OnFailure"]["Destination"]
    assert failures == {"Fn::ImportValue": "omnichannel-publisher-prod-failures"}


def test_the_clock_ticks_every_minute_and_keeps_what_it_could_not_hand_over(
    prod: Assembly,
) -> None:
    rule = prod.one("Scheduler", "AWS::Events::Rule")
    (target,) = rule["Targets"]

    assert rule["ScheduleExpression"] == "rate(1 minute)"
    assert "DeadLetterConfig" in target


def test_dead_letters_are_kept_for_14_days(prod: Assembly) -> None:
    queues = prod.all("AWS::SQS::Queue")

    assert len(queues) == 3
    assert {q["Properties"]["MessageRetentionPeriod"] for q in queues.values()} == {14 * 86_400}


def test_logs_are_kept_for_as_long_as_their_stage_says(prod: Assembly, dev: Assembly) -> None:
    for assembly, days in ((prod, 30), (dev, 14)):
        groups = assembly.all("AWS::Logs::LogGroup")
        assert len(groups) == len(FUNCTIONS) + 2
        assert {g["Properties"]["RetentionInDays"] for g in groups.values()} == {days}


def test_environments_of_the_api_are_kept_warm_by_setting(stage: Assembly) -> None:
    aliases = stage.resources("Api", "AWS::Lambda::Alias")
    warm = {n: a["Properties"].get("ProvisionedConcurrencyConfig") for n, a in aliases.items()}

    (api,) = (name for name, settings in warm.items() if settings)
    assert api.startswith("ApiHandler")
    assert warm[api] == {"ProvisionedConcurrentExecutions": 2}


# --- the API ----------------------------------------------------------------------------------


def test_the_stage_is_throttled_traced_and_logged(prod: Assembly) -> None:
    stage = prod.one("Api", "AWS::ApiGateway::Stage")
    (method,) = stage["MethodSettings"]

    assert (stage["StageName"], stage["TracingEnabled"]) == ("v1", True)
    assert (method["ThrottlingRateLimit"], method["ThrottlingBurstLimit"]) == (1000, 2000)
    assert method["DataTraceEnabled"] is False
    assert "ip" not in json.loads(stage["AccessLogSetting"]["Format"])
    assert "identity" not in stage["AccessLogSetting"]["Format"]


# --- live updates -----------------------------------------------------------------------------

V2 = "AWS::ApiGatewayV2::"


def test_each_route_of_a_connection_has_a_function_of_its_own(prod: Assembly) -> None:
    integrations = prod.resources("Api", f"{V2}Integration")
    routes = {}
    for route in prod.resources("Api", f"{V2}Route").values():
        target = json.dumps(route["Properties"]["Target"])
        (integration,) = (each for name, each in integrations.items() if f'"{name}"' in target)
        routes[route["Properties"]["RouteKey"]] = json.dumps(integration["Properties"])

    assert set(routes) == {"$connect", "$default", "$disconnect"}
    for route, alias in (
        ("$connect", "LiveConnectLive"),
        ("$default", "LiveMessageLive"),
        ("$disconnect", "LiveDisconnectLive"),
    ):
        assert alias in routes[route]


def test_connections_are_throttled_and_logged_without_tickets_or_addresses(prod: Assembly) -> None:
    stage = prod.one("Api", f"{V2}Stage")
    logged = stage["AccessLogSettings"]["Format"]

    assert (stage["StageName"], stage["AutoDeploy"]) == ("v1", True)
    assert stage["DefaultRouteSettings"] == {
        "ThrottlingRateLimit": 100,
        "ThrottlingBurstLimit": 200,
    }
    assert not [word for word in ("query", "ticket", "identity") if word in logged.lower()]


def test_whoever_sends_frames_knows_where_and_may_and_nobody_else_does(prod: Assembly) -> None:
    told = {
        name
        for name, function in functions(prod).items()
        if function["Environment"]["Variables"].get("WEBSOCKET_ENDPOINT")
    }
    roles = prod.all("AWS::IAM::Role").values()
    allowed = [role for role in roles if "execute-api:ManageConnections" in json.dumps(role)]

    assert told == set(TELLING)
    assert len(allowed) == len(TELLING)
    for role in allowed:
        assert json.dumps(role).count("/v1/POST/@connections/*") == 1


def test_the_address_of_the_websocket_is_told(prod: Assembly) -> None:
    template = json.loads(prod.texts["OmnichannelApiStack"])
    told = json.dumps(template["Outputs"]["WebSocketUrl"]["Value"])

    assert "wss://" in told
    assert "/v1" in told


def test_everything_below_api_v1_asks_for_a_token_and_nothing_else_does(prod: Assembly) -> None:
    for path, methods in document(prod)["paths"].items():
        for method, operation in methods.items():
            wants = path.startswith("/api/v1/") and method != "options"
            assert ("security" in operation) == wants, (method, path)


def test_the_authorizer_is_this_stages_user_pool(prod: Assembly) -> None:
    (scheme,) = document(prod)["securityDefinitions"].values()
    (pool,) = scheme["x-amazon-apigateway-authorizer"]["providerARNs"]

    assert pool["Fn::ImportValue"].startswith("OmnichannelAuthStack-prod:")


def test_every_refusal_of_the_gateway_is_a_problem_that_other_origins_can_read(
    prod: Assembly,
) -> None:
    refusals = document(prod)["x-amazon-apigateway-gateway-responses"]
    needed = {"UNAUTHORIZED", "MISSING_AUTHENTICATION_TOKEN", "THROTTLED", "REQUEST_TOO_LARGE"}

    assert {*needed, "WAF_FILTERED", "DEFAULT_4XX", "DEFAULT_5XX"} <= set(refusals)
    for refusal in refusals.values():
        problem = json.loads(refusal["responseTemplates"]["application/json"])
        given = {
            key.removeprefix("gatewayresponse.header."): value.strip("'")
            for key, value in refusal["responseParameters"].items()
        }
        assert {"type", "title", "status", "detail", "code"} == set(problem)
        assert problem["status"] == refusal["statusCode"]
        assert given["Content-Type"] == problems.PROBLEM_JSON
        assert given["Access-Control-Allow-Origin"] == "*"
        assert given["Access-Control-Expose-Headers"] == ",".join(headers.EXPOSED)
        assert not any("'" in value for value in given.values())


def test_an_unknown_path_is_not_found_as_on_a_laptop(prod: Assembly) -> None:
    refusals = document(prod)["x-amazon-apigateway-gateway-responses"]

    assert refusals["MISSING_AUTHENTICATION_TOKEN"]["statusCode"] == 404
    assert refusals["EXPIRED_TOKEN"]["statusCode"] == 401


# --- security, web app ------------------------------------------------------------------------


def test_the_firewall_blocks_by_three_rules_before_the_api(prod: Assembly) -> None:
    firewall = prod.one("Security", "AWS::WAFv2::WebACL")
    rules = {rule["Priority"]: rule for rule in firewall["Rules"]}
    groups = [rules[number]["Statement"]["ManagedRuleGroupStatement"]["Name"] for number in (1, 2)]

    assert set(rules) == {1, 2, 3}
    assert groups == ["AWSManagedRulesCommonRuleSet", "AWSManagedRulesKnownBadInputsRuleSet"]
    limit = rules[3]["Statement"]["RateBasedStatement"]
    assert (limit["Limit"], limit["EvaluationWindowSec"]) == (2000, 300)
    assert rules[3]["Action"] == {"Block": {}}
    assert prod.one("Security", "AWS::WAFv2::WebACLAssociation")["ResourceArn"]


def test_the_firewall_lets_bodies_of_the_size_pass_that_the_api_takes(prod: Assembly) -> None:
    (common, *_) = prod.one("Security", "AWS::WAFv2::WebACL")["Rules"]
    counted = common["Statement"]["ManagedRuleGroupStatement"]["RuleActionOverrides"]

    assert {rule["Name"] for rule in counted} >= {"SizeRestrictions_BODY", "GenericRFI_BODY"}
    assert all(rule["ActionToUse"] == {"Count": {}} for rule in counted)


def test_guard_duty_looks_at_buckets_and_functions_every_quarter_of_an_hour(
    prod: Assembly,
) -> None:
    detector = prod.one("Security", "AWS::GuardDuty::Detector")

    assert detector["FindingPublishingFrequency"] == "FIFTEEN_MINUTES"
    assert {(f["Name"], f["Status"]) for f in detector["Features"]} == {
        ("S3_DATA_EVENTS", "ENABLED"),
        ("LAMBDA_NETWORK_LOGS", "ENABLED"),
    }


def test_every_address_of_the_web_app_is_the_app_and_it_may_call_the_api(prod: Assembly) -> None:
    app = prod.one("Frontend", "AWS::Amplify::App")
    (rule,) = app["CustomRules"]
    names = {variable["Name"] for variable in app["EnvironmentVariables"]}

    assert (rule["Target"], rule["Status"]) == ("/index.html", "200")
    assert {"VITE_API_URL", "VITE_WEBSOCKET_URL", "VITE_ISSUER", "VITE_CLIENT_ID"} <= names
    assert json.dumps(app["CustomHeaders"]).count("wss://") == 1
    assert "Content-Security-Policy" in json.dumps(app["CustomHeaders"])
