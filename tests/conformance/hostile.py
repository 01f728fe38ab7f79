"""Requests that must be refused: what is sent, the status, and the place the answer must name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.unit.edge.kit import ADMIN, MANAGER, MEMBER, UNKNOWN_ID

MESSAGES = "/api/v1/messages"
PREVIEWS = "/api/v1/previews"
CERTIFICATIONS = "/api/v1/certifications"
ME = "/api/v1/me"
UPLOADS = "/api/v1/uploads"
ACCOUNT = "/api/v1/channels/facebook/account"
RECIPIENTS = "/api/v1/channels/email/recipients"
ONE = f"{MESSAGES}/{UNKNOWN_ID}"
RESOLVE = f"{ONE}/deliveries/sms/resolve"

MESSAGE = {"content": "Hello", "channels": ["facebook", "sms"]}
ACHIEVEMENT = {
    "member_name": "Zoë Ångström",
    "certification_type": "cloud-practitioner",
    "certified_on": "2026-11-02",
    "channels": ["facebook"],
    "consent": True,
}
RECIPIENT = {"address": "reader@example.org", "consent": True}
GONE = type("Gone", (), {"__repr__": lambda _: "gone"})()
"""Stands for a field that is left out."""


@dataclass(frozen=True)
class Hostile:
    """One request, and how it is to be refused."""

    name: str
    method: str
    target: str
    body: Any
    place: str | tuple[str, ...]
    """A pointer of `errors`, or several; with another status than 400 the problem's code."""
    status: int = 400
    headers: Mapping[str, str] = field(default_factory=dict)
    who: Mapping[str, Any] | None = field(default_factory=lambda: MEMBER)


def changed(base: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    """Return a body with some fields of it changed or gone."""
    return {name: value for name, value in {**base, **fields}.items() if value is not GONE}


def _message_fields() -> list[tuple[str, Any, str]]:
    """Return field, hostile value, pointer."""
    items: list[tuple[str, Any, str]] = [
        ("content", GONE, "/content"),
        *((("content", value, "/content")) for value in (None, 1, True, [], {}, ["Hello"])),
        *(
            (("content", value, "/content"))
            for value in ("", " ", "\n\t", "\u200b\u2060", "\u3164")
        ),
        ("content", "\ud800", "/content"),
        ("content", "a\x00b", "/content"),
        ("content", "a\x07b", "/content"),
        ("content", "a\x85b", "/content"),
        *((("subject", value, "/subject")) for value in (1, [], "", "  ")),
        *(
            (("subject", value, "/subject"))
            for value in ("a\nb", "a\rb", "a\tb", "a\x7fb", "a\u2028b")
        ),
        ("channels", GONE, "/channels"),
        *((("channels", value, "/channels")) for value in (None, [], "sms", {}, 1)),
        ("channels", ["sms", "sms"], "/channels/1"),
        ("channels", ["sms", "facebook", "email", "sms"], "/channels/3"),
        ("channels", ["myspace"], "/channels/0"),
        ("channels", ["SMS"], "/channels/0"),
        ("channels", ["sms "], "/channels/0"),
        ("channels", ["sms", 1], "/channels/1"),
        ("channels", ["sms", None], "/channels/1"),
        ("channels", [["sms"]], "/channels/0"),
        ("channels", ["sms", "x" * 10_000], "/channels/1"),
        ("draft", "false", "/draft"),
        ("draft", 0, "/draft"),
        ("draft", None, "/draft"),
        ("unknown", 1, "/unknown"),
        ("Content", "x", "/Content"),
        ("id", UNKNOWN_ID, "/id"),
        ("a/b~c", 1, "/a~1b~0c"),
        ("", 1, "/"),
    ]
    items += [
        ("scheduled_at", value, "/scheduled_at")
        for value in (
            1764600000,
            True,
            "",
            "tomorrow",
            "2026-12-01",
            "2026-12-01T15:00",
            "2026-12-01T15:00:00",
            "2026-12-01 15:00:00Z",
            " 2026-12-01T15:00:00Z",
            "2026-12-01T15:00:00Z ",
            "2026-12-01T15:00:00Z\n",
            "2026-12-01T15:00:00.Z",
            "2026-12-01T15:00:00.1234567890Z",
            "2026-13-01T15:00:00Z",
            "2026-02-30T15:00:00Z",
            "2026-12-01T24:00:00Z",
            "2026-12-01T15:00:60Z",
            "2026-12-01T15:00:00+24:00",
            "2026-12-01T15:00:00+0100",
            "2026-12-01T15:00:00+01",
            "9999-01-01T00:00:00Z",
            "99999-01-01T00:00:00Z",
            "0000-01-01T00:00:00Z",
            "-2026-12-01T15:00:00Z",
            "٢٠٢٦-12-01T15:00:00Z",
            "2026-11-21T11:54:59Z",
            "2025-12-01T15:00:00Z",
        )
    ]
    items += [
        ("time_zone", value, "/time_zone")
        for value in (1, "", "Mars/Olympus", "europe/madrid", "Europe/Madrid ", "../etc/passwd")
    ]
    items += [
        ("media", value, place)
        for value, place in (
            (None, "/media"),
            ("x", "/media"),
            ([1], "/media/0"),
            ([{}], "/media/0/upload_id"),
            ([{"upload_id": "x"}], "/media/0/upload_id"),
            ([{"upload_id": None}], "/media/0/upload_id"),
            ([{"upload_id": UNKNOWN_ID}], "/media/0/upload_id"),
            ([{"upload_id": UNKNOWN_ID, "url": "https://x"}], "/media/0/url"),
            ([{"upload_id": UNKNOWN_ID, "alt_text": 1}], "/media/0/alt_text"),
            ([{"upload_id": UNKNOWN_ID, "alt_text": "a\x1bb"}], "/media/0/alt_text"),
            ([{"upload_id": UNKNOWN_ID}, {"upload_id": UNKNOWN_ID.upper()}], "/media/1/upload_id"),
            ([{"upload_id": UNKNOWN_ID}] * 21, "/media"),
        )
    ]
    items += [
        ("variants", value, place)
        for value, place in (
            (None, "/variants"),
            ([], "/variants"),
            ({"linkedin": {"content": "x"}}, "/variants/linkedin"),
            ({"myspace": {"content": "x"}}, "/variants/myspace"),
            ({"sms": {}}, "/variants/sms/content"),
            ({"sms": {"content": None}}, "/variants/sms/content"),
            ({"sms": {"content": " "}}, "/variants/sms/content"),
            ({"sms": "x"}, "/variants/sms"),
            ({"sms": None}, "/variants/sms"),
            ({"sms": {"content": "x", "subject": "a\nb"}}, "/variants/sms/subject"),
            ({"sms": {"content": "x", "extra": 1}}, "/variants/sms/extra"),
            ({"sms": {"content": "x" * 1601}}, "/variants/sms/content"),
        )
    ]
    items += [
        ("own_words", value, place)
        for value, place in (
            (None, "/own_words"),
            ("sms", "/own_words"),
            ({}, "/own_words"),
            ([1], "/own_words/0"),
            ([None], "/own_words/0"),
            (["myspace"], "/own_words/0"),
            (["linkedin"], "/own_words/0"),
            (["sms", "sms"], "/own_words/1"),
        )
    ]
    items += [
        ("late_policy", value, place)
        for value, place in (
            ([], "/late_policy"),
            ({"after_minutes": 0}, "/late_policy/after_minutes"),
            ({"after_minutes": -1}, "/late_policy/after_minutes"),
            ({"after_minutes": 1.5}, "/late_policy/after_minutes"),
            ({"after_minutes": "60"}, "/late_policy/after_minutes"),
            ({"after_minutes": True}, "/late_policy/after_minutes"),
            ({"after_minutes": 10**30}, "/late_policy/after_minutes"),
            ({"action": "drop"}, "/late_policy/action"),
            ({"action": "SEND"}, "/late_policy/action"),
            ({"action": "send", "x": 1}, "/late_policy/x"),
        )
    ]
    return items


def _achievement_fields() -> list[tuple[str, Any, str]]:
    return [
        *((("member_name", value, "/member_name")) for value in ("", " ", "\u200b", 1, [], "a\nb")),
        ("member_name", "x" * 101, "/member_name"),
        ("member_name", "a\x00b", "/member_name"),
        ("certification_type", GONE, "/certification_type"),
        *(
            (("certification_type", value, "/certification_type"))
            for value in (None, 1, "", "astronaut", "Cloud-Practitioner")
        ),
        ("certified_on", GONE, "/certified_on"),
        *(
            (("certified_on", value, "/certified_on"))
            for value in (
                None,
                20261102,
                "",
                "02/11/2026",
                "2026-11-31",
                "20261102",
                "2026-W45-1",
                "2026-11-02T00:00:00Z",
                " 2026-11-02",
                "2026-11-23",
                "2027-11-02",
            )
        ),
        ("consent", GONE, "/consent"),
        *((("consent", value, "/consent")) for value in (False, None, "true", 1)),
        ("channels", [], "/channels"),
        ("channels", ["sms", "sms"], "/channels/1"),
        ("channels", ["myspace"], "/channels/0"),
        ("language", "xx", "/language"),
        ("language", "EN", "/language"),
        ("photo_upload_id", "x", "/photo_upload_id"),
        ("photo_upload_id", UNKNOWN_ID, "/photo_upload_id"),
        *(
            (("linkedin_url", value, "/linkedin_url"))
            for value in (
                "",
                1,
                "http://www.linkedin.com/in/zoe",
                "https://linkedin.com.example.org/in/zoe",
                "https://evil.org/linkedin.com/in/zoe",
                "https://user@www.linkedin.com/in/zoe",
                "https://www.linkedin.com/company/zoe",
                "https://notlinkedin.com/in/zoe",
                "javascript:alert(1)",
            )
        ),
        *(
            (("credential_url", value, "/credential_url"))
            for value in (
                "x",
                "http://example.org/",
                "https://",
                "https://a b.org/",
                "ftp://x.org/",
            )
        ),
        ("personal_message", 1, "/personal_message"),
        ("personal_message", "a\x08b", "/personal_message"),
        ("scheduled_at", "2026-12-01T15:00:00", "/scheduled_at"),
        ("time_zone", "Mars/Olympus", "/time_zone"),
        ("unknown", 1, "/unknown"),
    ]


def _raw_bodies() -> list[tuple[str, Any, str]]:
    """Return name, body as it is on the wire, pointer."""
    long = "x" * 1000
    return [
        ("nothing", "", "/content"),
        ("no JSON", "hello", ""),
        ("half an object", '{"content": "x"', ""),
        ("single quotes", "{'content': 'x'}", ""),
        ("a trailing comma", '{"content": "x",}', ""),
        ("a comment", '{"content": "x"} // done', ""),
        ("two values", "{} {}", ""),
        ("an array", "[]", ""),
        ("a text", '"x"', ""),
        ("null", "null", ""),
        ("a number", "1", ""),
        ("NaN alone", "NaN", ""),
        ("an unescaped newline", '{"content": "a\nb"}', ""),
        ("a byte order mark", "\ufeff{}", ""),
        ("invalid UTF-8", b'{"content": "\xff"}', ""),
        ("overlong UTF-8", b'{"content": "\xc0\xaf"}', ""),
        ("an encoded surrogate", b'{"content": "\xed\xa0\x80"}', ""),
        ("UTF-16", '{"content": "x"}'.encode("utf-16"), ""),
        ("a duplicate key", '{"content": "x", "content": "y"}', "/content"),
        ("a nested duplicate key", '{"variants": {"sms": {}, "sms": {}}}', "/variants/sms"),
        ("an escaped duplicate key", '{"content": "x", "\\u0063ontent": "y"}', "/content"),
        ("NaN", '{"late_policy": {"after_minutes": NaN}}', "/late_policy/after_minutes"),
        ("Infinity", '{"content": Infinity}', "/content"),
        ("minus Infinity", '{"content": -Infinity}', "/content"),
        ("an infinite exponent", '{"content": 1e999}', "/content"),
        ("a lone surrogate", '{"content": "\\ud83d"}', "/content"),
        ("a reversed pair", '{"content": "\\ude00\\ud83d"}', "/content"),
        ("a surrogate in a key", '{"\\ud83d": 1}', "/\ufffd"),
        ("a null character", '{"content": "a\\u0000"}', "/content"),
        ("a null character in a key", '{"a\\u0000": 1}', "/a\x00"),
        ("a depth bomb", '{"content": ' + "[" * 100_000 + "]" * 100_000 + "}", ""),
        ("an open depth bomb", '{"a":' * 50_000, ""),
        ("a huge number", '{"content": ' + "9" * 5_000 + "}", ""),
        ("a number as key", '{1: "x"}', ""),
        ("many unknown fields", json.dumps({f"{long}{n}": n for n in range(200)}), f"/{long}0"),
    ]


def _headers() -> list[Hostile]:
    key, match = "/headers/Idempotency-Key", "/headers/If-Match"
    found = [
        Hostile(
            f"Idempotency-Key {value[:9]!r}",
            "POST",
            MESSAGES,
            MESSAGE,
            key,
            headers={"idempotency-key": value},
        )
        for value in ("", " x", "x ", "é", "a\tb", "x" * 256, "\x7f")
    ]
    found += [
        Hostile(
            f"If-Match {value!r}",
            "PATCH",
            ONE,
            {"content": "x"},
            match,
            headers={"if-match": value},
        )
        for value in ("1", "", '"1', '1"', '"1","2"', 'w/"1"', '"a" b')
    ]
    found += [
        Hostile("no If-Match", "PATCH", ONE, {"content": "x"}, "version_required", 428),
        Hostile(
            "any If-Match",
            "PATCH",
            ONE,
            {"content": "x"},
            "version_required",
            428,
            {"if-match": "*"},
        ),
        *(
            Hostile(
                f"If-Match {tag}",
                "PATCH",
                ONE,
                {"content": "x"},
                "version_conflict",
                412,
                {"if-match": tag},
            )
            for tag in ('W/"1"', '"0"', '"01"', '"x"', '""', '"99999999999999999999"')
        ),
    ]
    types = (
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=latin-1",
        "text/plain, application/json",
        "application/jsonp",
    )
    found += [
        Hostile(
            f"content type {kind}",
            "POST",
            MESSAGES,
            MESSAGE,
            "unsupported_media_type",
            415,
            {"content-type": kind},
        )
        for kind in types
    ]
    return found


def _queries() -> list[Hostile]:
    bad = (
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=-1", "limit"),
        ("limit=1.0", "limit"),
        ("limit=", "limit"),
        ("limit=ten", "limit"),
        ("limit=%D9%A1", "limit"),
        ("limit=1000000000000000000000", "limit"),
        ("limit=05", "limit"),
        ("limit=+5", "limit"),
        ("limit=%2B5", "limit"),
        ("limit=5%20", "limit"),
        ("limit=5%0A", "limit"),
        ("limit=1&limit=2", "limit"),
        ("cursor=", "cursor"),
        ("cursor=x", "cursor"),
        ("cursor=%00", "cursor"),
        ("cursor=e30.AAAAAAAAAAAAAAAAAAAAAA", "cursor"),
        ("cursor=" + "x" * 5_000, "cursor"),
        ("scope=mine", "scope"),
        ("scope=ALL", "scope"),
        ("status=gone", "status"),
        ("status=", "status"),
        ("status=draft&status=failed", "status"),
        ("from=yesterday", "from"),
        ("from=2026-12-01", "from"),
        ("from=2026-12-01T00:00:00+01:00", "from"),
        ("to=2026-12-01T00:00:00", "to"),
        ("from=2026-12-02T00:00:00Z&to=2026-12-01T00:00:00Z", "to"),
        ("page=2", "page"),
        ("Limit=1", "Limit"),
    )
    found = [Hostile(f"?{q[:40]}", "GET", f"{MESSAGES}?{q}", None, f"/query/{n}") for q, n in bad]
    found += [
        Hostile(
            "status of another list", "GET", f"{CERTIFICATIONS}?status=draft", None, "/query/status"
        ),
        Hostile("a query where none is taken", "GET", f"{ME}?x=1", None, "/query/x"),
        Hostile("a query on a POST", "POST", f"{MESSAGES}?dry=1", MESSAGE, "/query/dry"),
        Hostile("everyone's messages", "GET", f"{MESSAGES}?scope=all", None, "forbidden", 403),
        Hostile("everyone's news", "GET", f"{CERTIFICATIONS}?scope=all", None, "forbidden", 403),
    ]
    return found


def _paths() -> list[Hostile]:
    ids = (
        "x",
        "1",
        "019aa5c0",
        "%20",
        f"{UNKNOWN_ID}0",
        f"{{{UNKNOWN_ID}}}",
        UNKNOWN_ID.replace("-", ""),
    )
    found = [
        Hostile(f"message {i}", "GET", f"{MESSAGES}/{i}", None, "not_found", 404)
        for i in (*ids, UNKNOWN_ID)
    ]
    found += [
        Hostile("an unknown certification", "GET", f"{CERTIFICATIONS}/x", None, "not_found", 404),
        Hostile("an unknown upload", "GET", f"{UPLOADS}/x", None, "not_found", 404),
        Hostile(
            "a channel nobody knows",
            "PUT",
            "/api/v1/channels/myspace/account",
            {},
            "not_found",
            404,
            who=ADMIN,
        ),
        Hostile(
            "recipients of a feed",
            "GET",
            "/api/v1/channels/facebook/recipients",
            None,
            "not_found",
            404,
            who=MANAGER,
        ),
        Hostile(
            "an odd recipient", "DELETE", f"{RECIPIENTS}/a%23b", None, "not_found", 404, who=MANAGER
        ),
        Hostile(
            "an unknown recipient",
            "DELETE",
            f"{RECIPIENTS}/abc",
            None,
            "not_found",
            404,
            who=MANAGER,
        ),
        Hostile(
            "a channel of no message",
            "POST",
            f"{ONE}/deliveries/myspace/retry",
            {},
            "not_found",
            404,
        ),
        Hostile("a method nobody takes", "PUT", MESSAGES, MESSAGE, "method_not_allowed", 405),
        Hostile(
            "a body that is too large",
            "POST",
            MESSAGES,
            changed(MESSAGE, content="x" * 300_000),
            "body_too_large",
            413,
        ),
    ]
    return found


def _others() -> list[Hostile]:
    found = [
        Hostile(
            f"{name} {value!r}"[:60], method, target, changed(base, **{name: value}), place, who=who
        )
        for method, target, who, base, name, value, place in (
            ("PATCH", ME, MEMBER, {}, "name", "", "/name"),
            ("PATCH", ME, MEMBER, {}, "name", "x" * 101, "/name"),
            ("PATCH", ME, MEMBER, {}, "name", "a\nb", "/name"),
            ("PATCH", ME, MEMBER, {}, "language", "xx", "/language"),
            ("PATCH", ME, MEMBER, {}, "time_zone", "Nowhere", "/time_zone"),
            ("PATCH", ME, MEMBER, {}, "role", "admin", "/role"),
            ("PATCH", ME, MEMBER, {}, "nothing", GONE, ""),
            *(
                ("PATCH", ME, MEMBER, {"name": "Ada"}, name, None, f"/{name}")
                for name in ("name", "language", "time_zone")
            ),
            ("POST", UPLOADS, MEMBER, {"size_bytes": 1}, "content_type", GONE, "/content_type"),
            (
                "POST",
                UPLOADS,
                MEMBER,
                {"size_bytes": 1},
                "content_type",
                "text/html",
                "/content_type",
            ),
            (
                "POST",
                UPLOADS,
                MEMBER,
                {"size_bytes": 1},
                "content_type",
                "image/svg+xml",
                "/content_type",
            ),
            ("POST", UPLOADS, MEMBER, {"size_bytes": 1}, "content_type", 1, "/content_type"),
            (
                "POST",
                UPLOADS,
                MEMBER,
                {"content_type": "image/png"},
                "size_bytes",
                0,
                "/size_bytes",
            ),
            (
                "POST",
                UPLOADS,
                MEMBER,
                {"content_type": "image/png"},
                "size_bytes",
                "1",
                "/size_bytes",
            ),
            (
                "POST",
                UPLOADS,
                MEMBER,
                {"content_type": "image/png"},
                "size_bytes",
                10**12,
                "/size_bytes",
            ),
            *(
                ("PUT", ACCOUNT, ADMIN, {}, "page_id", value, "/page_id")
                for value in (GONE, None, 1, True, [], "", " ", "a\nb", "\ud800", "x" * 4097)
            ),
            ("PUT", ACCOUNT, ADMIN, {}, "access_token", "a\r\nX-Header: b", "/access_token"),
            ("PUT", ACCOUNT, ADMIN, {}, "page", {"id": 1}, "/page/id"),
            ("PUT", ACCOUNT, ADMIN, {}, "page", {"id": {"is": "1"}}, "/page/id"),
            ("PUT", ACCOUNT, ADMIN, {"page_id": "1"}, "page", {"id": "2"}, "/page/id"),
            ("PUT", ACCOUNT, ADMIN, dict.fromkeys(map(str, range(32)), "x"), "y", "x", "/y"),
            ("PUT", ACCOUNT, ADMIN, {}, "settings", {"page_id": "1"}, "/page_id"),
            ("POST", RECIPIENTS, MANAGER, RECIPIENT, "address", GONE, "/address"),
            ("POST", RECIPIENTS, MANAGER, RECIPIENT, "address", "nobody", "/address"),
            (
                "POST",
                RECIPIENTS,
                MANAGER,
                RECIPIENT,
                "address",
                "a@b.org\nBcc: c@d.org",
                "/address",
            ),
            ("POST", RECIPIENTS, MANAGER, RECIPIENT, "consent", GONE, "/consent"),
            ("POST", RECIPIENTS, MANAGER, RECIPIENT, "consent", False, "/consent"),
            ("POST", RECIPIENTS, MANAGER, RECIPIENT, "consent", "true", "/consent"),
            ("POST", RECIPIENTS, MANAGER, RECIPIENT, "name", "", "/name"),
            ("POST", RESOLVE, MEMBER, {}, "answer", GONE, "/answer"),
            ("POST", RESOLVE, MEMBER, {}, "answer", "maybe", "/answer"),
            ("POST", RESOLVE, MEMBER, {"answer": "send_it"}, "recipient", "a b", "/recipient"),
            ("POST", f"{ONE}/reject", MANAGER, {}, "reason", GONE, "/reason"),
            ("POST", f"{ONE}/reject", MANAGER, {}, "reason", " ", "/reason"),
            ("POST", f"{ONE}/approve", MANAGER, {}, "text", " ", "/text"),
            ("POST", f"{ONE}/approve", MANAGER, {}, "texts", "x", "/texts"),
            ("POST", f"{ONE}/cancel", MEMBER, {}, "force", True, "/force"),
            ("PATCH", ONE, MEMBER, {}, "status", "delivered", "/status"),
            ("PATCH", ONE, MEMBER, {}, "content", None, "/content"),
            ("PATCH", ONE, MEMBER, {}, "channels", [], "/channels"),
            ("PATCH", ONE, MEMBER, {}, "channels", ["sms", "sms"], "/channels/1"),
            ("PATCH", ONE, MEMBER, {}, "time_zone", None, "/time_zone"),
            ("PATCH", ONE, MEMBER, {}, "draft", True, "/draft"),
            (
                "PATCH",
                ONE,
                MEMBER,
                {"channels": ["sms"]},
                "variants",
                {"email": {"content": "x"}},
                "/variants/email",
            ),
            ("PATCH", ONE, MEMBER, {}, "nothing", GONE, ""),
            ("POST", PREVIEWS, MEMBER, MESSAGE, "content", "", "/content"),
            ("POST", PREVIEWS, MEMBER, {}, "certification", None, "/certification"),
            ("POST", PREVIEWS, MEMBER, {}, "certification", {}, "/certification/channels"),
            ("POST", PREVIEWS, MEMBER, {"certification": ACHIEVEMENT}, "content", "x", "/content"),
            (
                "POST",
                PREVIEWS,
                MEMBER,
                {},
                "certification",
                changed(ACHIEVEMENT, member_name=""),
                "/certification/member_name",
            ),
            (
                "POST",
                PREVIEWS,
                MEMBER,
                {},
                "certification",
                changed(ACHIEVEMENT, certified_on="2027-01-01"),
                "/certification/certified_on",
            ),
            ("POST", MESSAGES, MEMBER, {"channels": ["instagram"]}, "content", "Hello", "/media"),
            ("POST", MESSAGES, MEMBER, {"channels": ["sms"]}, "content", "x" * 1601, "/content"),
        )
    ]
    return found


def _combined() -> list[Hostile]:
    """Return requests whose faults are found in several places of the application."""
    long, nobodys = "x" * 1_700, [{"upload_id": UNKNOWN_ID}]
    text = {"content": long, "channels": ["sms", "sms"]}
    upload = {**MESSAGE, "media": nobodys, "scheduled_at": "2026-12-01T15:00:00"}
    picture = {"content": "Hello", "channels": ["instagram"], "x": 1}
    cases = (
        ("a repeated channel that is too short", MESSAGES, text, ("/channels/1", "/content")),
        (
            "a naive instant and nobody's upload",
            MESSAGES,
            upload,
            ("/scheduled_at", "/media/0/upload_id"),
        ),
        ("an unknown field and no picture", MESSAGES, picture, ("/x", "/media")),
        ("a preview that is too long", PREVIEWS, text, ("/channels/1", "/content")),
        (
            "a certification of nobody with nobody's photo",
            CERTIFICATIONS,
            {**ACHIEVEMENT, "member_name": " ", "photo_upload_id": UNKNOWN_ID, "x": 1},
            ("/member_name", "/photo_upload_id", "/x"),
        ),
        (
            "a sketch of nobody with nobody's photo",
            PREVIEWS,
            {"certification": {**ACHIEVEMENT, "member_name": " ", "photo_upload_id": UNKNOWN_ID}},
            ("/certification/member_name", "/certification/photo_upload_id"),
        ),
    )
    found = [Hostile(name, "POST", target, body, places) for name, target, body, places in cases]
    person = {"address": "nobody", "consent": "yes", "x": 1}
    places = ("/address", "/consent", "/x")
    return [*found, Hostile("nobody's consent", "POST", RECIPIENTS, person, places, who=MANAGER)]


def _tokens() -> list[Hostile]:
    cases = (
        ("no token", None),
        ("no claims", {}),
        ("an access token", {**MEMBER, "token_use": "access"}),
        ("another issuer", {**MEMBER, "iss": "https://evil.example.org"}),
        ("another client", {**MEMBER, "aud": "another"}),
        ("an expired token", {**MEMBER, "exp": "Sat Nov 21 12:00:00 UTC 2026"}),
        ("an expired numeric token", {**MEMBER, "exp": 1764000000 - 10**7}),
        ("an unreadable expiry", {**MEMBER, "exp": "soon"}),
        ("an impossible expiry", {**MEMBER, "exp": "Sat Nov 31 12:00:00 UTC 2027"}),
        ("no subject", {**MEMBER, "sub": ""}),
        ("an odd subject", {**MEMBER, "sub": "a#b"}),
    )
    return [
        Hostile(name, "POST", MESSAGES, "{", "unauthenticated", 401, who=who) for name, who in cases
    ]


HOSTILE: list[Hostile] = [
    *(
        Hostile(
            f"message {name}={value!r}"[:70],
            "POST",
            MESSAGES,
            changed(MESSAGE, **{name: value}),
            place,
        )
        for name, value, place in _message_fields()
    ),
    *(
        Hostile(
            f"certification {name}={value!r}"[:70],
            "POST",
            CERTIFICATIONS,
            changed(ACHIEVEMENT, **{name: value}),
            place,
        )
        for name, value, place in _achievement_fields()
    ),
    *(
        Hostile(f"body of {name}", "POST", MESSAGES, body, place)
        for name, body, place in _raw_bodies()
    ),
    *_headers(),
    *_queries(),
    *_paths(),
    *_others(),
    *_combined(),
    *_tokens(),
]
