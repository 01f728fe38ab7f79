"""An event as API Gateway makes it: every claim is text, every header stands twice."""

from __future__ import annotations

import json
from typing import Any

import app as doors
from tests.unit.edge.kit import CLIENT, ISSUER, Api

SUBJECT = "d4c8a4f8-7031-70a1-2b3c-9f8e7d6c5b4a"


def recorded() -> dict[str, Any]:
    """Return a whole proxy event of a REST API, its identifiers replaced by invented ones."""
    body = json.dumps({"content": "Hello", "channels": ["facebook"], "draft": True})
    headers = {
        "Accept": "application/json",
        "Authorization": "[not handed on]",
        "CloudFront-Forwarded-Proto": "https",
        "Content-Type": "application/json",
        "Host": "abcdef1234.execute-api.us-east-1.amazonaws.com",
        "Idempotency-Key": "7f0c",
        "User-Agent": "curl/8.9.1",
        "X-Amzn-Trace-Id": "Root=1-69205c00-0123456789abcdef01234567",
        "X-Forwarded-For": "203.0.113.7, 198.51.100.9",
        "X-Forwarded-Port": "443",
        "X-Forwarded-Proto": "https",
    }
    return {
        "resource": "/api/v1/messages",
        "path": "/api/v1/messages",
        "httpMethod": "POST",
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {
            "resourceId": "a1b2c3",
            "authorizer": {
                "claims": {
                    "sub": SUBJECT,
                    "cognito:groups": "member,community_manager",
                    "email_verified": "true",
                    "iss": ISSUER,
                    "cognito:username": SUBJECT,
                    "origin_jti": "0e3e6e0c-5a1b-4c2d-8e9f-001122334455",
                    "aud": CLIENT,
                    "event_id": "1d2c3b4a-0000-4111-8222-333344445555",
                    "token_use": "id",
                    "auth_time": "1795258800",
                    "name": "Ada Lovelace",
                    "exp": "Sat Nov 21 12:30:00 UTC 2026",
                    "iat": "Sat Nov 21 11:30:00 UTC 2026",
                    "jti": "aabbccdd-0000-4111-8222-333344445555",
                    "email": "ada@example.org",
                }
            },
            "resourcePath": "/api/v1/messages",
            "operationName": "create_message",
            "httpMethod": "POST",
            "extendedRequestId": "UaBcDEfGoAMEZjg=",
            "requestTime": "21/Nov/2026:12:00:00 +0000",
            "path": "/v1/api/v1/messages",
            "accountId": "123456789012",
            "protocol": "HTTP/1.1",
            "stage": "v1",
            "domainPrefix": "abcdef1234",
            "requestTimeEpoch": 1795262400000,
            "requestId": "c0ffee00-0000-4111-8222-333344445555",
            "identity": {"sourceIp": "203.0.113.7", "userAgent": "curl/8.9.1", "user": None},
            "domainName": "abcdef1234.execute-api.us-east-1.amazonaws.com",
            "apiId": "abcdef1234",
        },
        "body": body,
        "isBase64Encoded": False,
    }


def test_a_recorded_event_creates_a_message_for_the_member_it_names(api: Api) -> None:
    answer = doors.app(recorded(), None)
    body = json.loads(answer["body"])
    assert answer["statusCode"] == 202
    assert (body["author"], body["author_name"]) == (SUBJECT, "Ada Lovelace")
    assert answer["headers"]["Location"] == f"/api/v1/messages/{body['id']}"


def test_the_groups_of_a_recorded_event_give_its_role(api: Api) -> None:
    event = recorded()
    event["requestContext"] |= {"httpMethod": "GET", "resourcePath": "/api/v1/me"}
    assert json.loads(doors.app(event, None)["body"])["role"] == "community_manager"


def test_a_recorded_event_is_refused_once_its_token_has_expired(api: Api) -> None:
    api.clock.sleep(30 * 60)
    assert doors.app(recorded(), None)["statusCode"] == 401
