from __future__ import annotations

import pytest

from chalicelib.domain.errors import InvalidMessage, VersionConflict, VersionRequired
from chalicelib.edge import headers
from chalicelib.edge.problems import UnsupportedMediaType


@pytest.mark.parametrize("given", ["12345678", "a1b2c3d4-0000-4000-8000-000000000000", "A.b:c_d-1"])
def test_a_sane_correlation_id_is_kept(given: str) -> None:
    assert headers.correlation_id(given, "new") == given


@pytest.mark.parametrize(
    "given", [None, "", "short", "x" * 129, "a b c d e f", "a\nbcdefgh", "<b>12345678"]
)
def test_any_other_correlation_id_is_replaced(given: str | None) -> None:
    assert headers.correlation_id(given, "new") == "new"


@pytest.mark.parametrize(
    "key", [None, "x", "x" * 255, "a key with spaces", "~!\"#$%&'()*+,-./:;<=>?@"]
)
def test_an_idempotency_key_is_printable_ascii(key: str | None) -> None:
    assert headers.idempotency_key(key) == key


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "é", "a\x00", "a\n"])
def test_another_idempotency_key_is_refused(key: str) -> None:
    with pytest.raises(InvalidMessage):
        headers.idempotency_key(key)


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("es", "es"),
        ("ES-mx", "es"),
        ("es-419,es;q=0.9,en;q=0.8", "es"),
        ("en-GB,es;q=0.9", "en"),
        ("de-CH, es;q=0.5, en;q=0.4", "es"),
        ("en;q=0.2,es ; q=0.3", "es"),
        ("es;q=0", "en"),
        ("es;q=0,en;q=0", "en"),
        ("*", "en"),
        ("fr, *;q=0.5", "en"),
        ("est", "en"),
        ("es;q=2", "en"),
        ("es;q=1.000", "es"),
        (",,;q=,es-", "en"),
    ],
)
def test_the_best_liked_language_is_spoken(accepted: str | None, language: str) -> None:
    assert headers.language(accepted) == language


@pytest.mark.parametrize(("tag", "revision"), [('"1"', 1), (' "42" ', 42)])
def test_if_match_names_a_revision(tag: str, revision: int) -> None:
    assert headers.if_match(tag) == revision


@pytest.mark.parametrize("tag", [None, "*"])
def test_if_match_must_name_one(tag: str | None) -> None:
    with pytest.raises(VersionRequired):
        headers.if_match(tag)


@pytest.mark.parametrize("tag", ['W/"1"', '"abc"', '"0"', '"1.0"'])
def test_a_tag_that_is_not_ours_matches_nothing(tag: str) -> None:
    with pytest.raises(VersionConflict):
        headers.if_match(tag)


@pytest.mark.parametrize("tag", ["", "1", '"1', '"1", "2"', "'1'"])
def test_what_is_no_tag_is_refused(tag: str) -> None:
    with pytest.raises(InvalidMessage):
        headers.if_match(tag)


@pytest.mark.parametrize(
    "kind",
    [
        None,
        "application/json",
        "Application/JSON",
        "application/json;charset=UTF-8",
        'application/json ; charset="utf-8"',
        "application/json;",
    ],
)
def test_json_in_utf_8_is_taken(kind: str | None) -> None:
    headers.require_json(kind)


@pytest.mark.parametrize(
    "kind", ["", "text/json", "application/json; charset=utf-16", "application/json, text/plain"]
)
def test_anything_else_is_not(kind: str) -> None:
    with pytest.raises(UnsupportedMediaType):
        headers.require_json(kind)


@pytest.mark.parametrize(
    ("origin", "origins", "allowed"),
    [
        ("https://a.org", ("*",), "*"),
        (None, ("*",), "*"),
        ("https://a.org", ("https://a.org", "https://b.org"), "https://a.org"),
        ("https://c.org", ("https://a.org", "https://b.org"), None),
        ("https://a.org.evil.org", ("https://a.org",), None),
        (None, ("https://a.org",), None),
    ],
)
def test_an_origin_is_allowed_by_its_whole_name(
    origin: str | None, origins: tuple[str, ...], allowed: str | None
) -> None:
    assert headers.allowed_origin(origin, origins) == allowed


@pytest.mark.parametrize(("tag", "revision"), [(None, None), ("*", None), ('"7"', 7)])
def test_a_decision_may_name_a_revision(tag: str | None, revision: int | None) -> None:
    assert headers.if_match_given(tag) == revision
