"""Settings: read once, typed, and refused where they contradict one another."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import ValidationError

from chalicelib.domain.deliveries import Policy
from chalicelib.domain.errors import ConfigurationError
from chalicelib.settings import Settings, current


def test_an_empty_environment_is_enough_to_begin_with() -> None:
    assert Settings.read({}) == Settings()


def test_what_is_set_is_read_by_its_name_in_upper_case() -> None:
    settings = Settings.read({"TABLE_NAME": "t", "READ_TIMEOUT_SECONDS": "7.5", "table_name": "x"})

    assert (settings.table_name, settings.read_timeout_seconds) == ("t", 7.5)


def test_what_is_nobodys_setting_is_left_alone() -> None:
    assert Settings.read({"PATH": "/bin", "STAGE_NAME": "x"}) == Settings()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *[("1", True), ("true", True), (" Yes ", True), ("ON", True)],
        *[("0", False), ("False", False), ("no", False), (" off", False), ("", False)],
    ],
)
def test_a_switch_is_on_or_off(text: str, value: bool) -> None:
    assert Settings.read({"REQUIRE_APPROVAL": text}).require_approval is value


def test_origins_are_written_with_blanks_between() -> None:
    settings = Settings.read({"ALLOWED_ORIGINS": "https://a.example https://b.example"})

    assert settings.allowed_origins == ("https://a.example", "https://b.example")


def test_stand_ins_are_a_json_object() -> None:
    settings = Settings.read({"PLATFORM_ENDPOINTS": '{"sms": "http://127.0.0.1:1"}'})

    assert settings.platform_endpoints == {"sms": "http://127.0.0.1:1"}


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("READ_TIMEOUT_SECONDS", "soon", "a number of seconds above 0, up to 86400"),
        ("READ_TIMEOUT_SECONDS", "0", "a number of seconds above 0, up to 86400"),
        ("READ_TIMEOUT_SECONDS", "-1", "a number of seconds above 0, up to 86400"),
        ("READ_TIMEOUT_SECONDS", "inf", "a number of seconds above 0, up to 86400"),
        ("READ_TIMEOUT_SECONDS", "nan", "a number of seconds above 0, up to 86400"),
        ("READ_TIMEOUT_SECONDS", "1e300", "a number of seconds above 0, up to 86400"),
        ("SETTLE_SECONDS", "0", "a number of seconds above 0, up to 86400"),
        ("SETTLE_SECONDS", "nan", "a number of seconds above 0, up to 86400"),
        ("SPACING_SECONDS", "nan", "a number of seconds from 0 up to 3600"),
        ("CLAIMS_PER_SECOND", "0", "a number above 0"),
        ("RETRY_MAX_ATTEMPTS", "0", "a whole number, at least 1"),
        ("RETRY_MAX_ATTEMPTS", "2.5", "a whole number, at least 1"),
        ("RETRY_MAX_ATTEMPTS", "-3", "a whole number, at least 1"),
        ("WORKER_THREADS", "many", "a whole number, at least 1"),
        ("PARALLELIZATION_FACTOR", "11", "a whole number from 1 to 10"),
        ("TRACING", "maybe", "one of 1, true, yes, on, 0, false, no, off or empty"),
        ("REQUIRE_APPROVAL", "2", "one of 1, true, yes, on, 0, false, no, off or empty"),
        ("PLATFORM_ENDPOINTS", "{", 'JSON of channel → address, such as {"sms": "http://127'),
        ("PLATFORM_ENDPOINTS", "[]", 'JSON of channel → address, such as {"sms": "http://127'),
        ("PLATFORM_ENDPOINTS", '{"sms": 1}', "JSON of channel → address"),
        ("BEDROCK_MODEL_ID", "Nova", "the id of a model"),
        ("BEDROCK_MODEL_ID", "modèle", "the id of a model"),
        ("BEDROCK_FALLBACK_MODEL_ID", "a" * 101, "the id of a model"),
    ],
)
def test_what_is_wrong_is_named_with_what_it_should_be(name: str, text: str, words: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        Settings.read({name: text})
    said = str(refused.value)
    assert said.startswith(f"{name} must be {words}")
    assert said.endswith(f", not {text!r}")


def test_everything_that_is_wrong_is_named_at_once() -> None:
    with pytest.raises(ConfigurationError, match=r"(?s)READ_TIMEOUT.*WORKER_THREADS"):
        Settings.read({"READ_TIMEOUT_SECONDS": "x", "WORKER_THREADS": "y"})


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        (
            {"ATTEMPT_LEASE_SECONDS": "300"},
            "^ATTEMPT_LEASE_SECONDS must be more than 300, which follows from INVOCATION_SECONDS: ",
        ),
        (
            {"QUEUE_LEASE_SECONDS": "1"},
            "^QUEUE_LEASE_SECONDS must be more than 300, which follows from INVOCATION_SECONDS: ",
        ),
        (
            {"INVOCATION_SECONDS": "33"},
            r"^INVOCATION_SECONDS must be more than 33, which .* CONNECT_.* \+ READ_.*: the worker",
        ),
        (
            {"SETTLE_SECONDS": "23"},
            r"^SETTLE_SECONDS must be more than 23, which .* CONNECT.* \+ READ_.*: the settle time",
        ),
        (
            {"READ_TIMEOUT_SECONDS": "49"},
            r"^CONNECT_TIMEOUT_SECONDS \+ READ_TIMEOUT_SECONDS must be less than 52: a probe",
        ),
        ({"GITHUB_SECRET": "github"}, "GITHUB_SECRET needs TOKEN_KEY and SIGN_IN_URL"),
        ({"GITHUB_SECRET": "github", "TOKEN_KEY": "k"}, "GITHUB_SECRET needs TOKEN_KEY and"),
        ({"STAGE": "prod", "PLATFORM_ENDPOINTS": '{"sms": "http://x"}'}, "PLATFORM_ENDPOINTS"),
    ],
)
def test_contradictions_end_the_start(environment: dict[str, str], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        Settings.read(environment)


@pytest.mark.parametrize("stage", ["dev", "staging"])
def test_stand_ins_are_allowed_outside_of_production(stage: str) -> None:
    Settings.read({"STAGE": stage, "PLATFORM_ENDPOINTS": '{"sms": "http://x"}'})


def test_production_without_stand_ins_starts() -> None:
    assert Settings.read({"STAGE": "prod"}).contradictions() == []


def test_the_usual_settings_are_the_protocols_usual_durations() -> None:
    usual = Policy()
    made = Settings().policy()

    assert (made.queue_lease, made.attempt_lease) == (usual.queue_lease, usual.attempt_lease)
    assert (made.invocation, made.retry) == (usual.invocation, usual.retry)
    assert (made.blocked_recheck, made.event_wait) == (usual.blocked_recheck, usual.event_wait)


def test_a_call_lasts_as_long_as_both_its_time_outs() -> None:
    settings = Settings.read({"CONNECT_TIMEOUT_SECONDS": "2", "READ_TIMEOUT_SECONDS": "9"})

    assert settings.policy().call == timedelta(seconds=11)


def test_a_call_usually_lasts_half_a_minute_at_most() -> None:
    assert Settings().policy().call <= Policy().call == timedelta(seconds=30)


def test_retries_are_as_set() -> None:
    names = {"RETRY_BASE_SECONDS": "1", "RETRY_CAP_SECONDS": "5", "RETRY_MAX_ATTEMPTS": "3"}
    retry = Settings.read(names).policy().retry

    assert (retry.base, retry.cap) == (timedelta(seconds=1), timedelta(seconds=5))
    assert retry.max_attempts == 3


def test_the_issuer_follows_from_the_pool() -> None:
    pool = "arn:aws:cognito-idp:eu-west-1:000000000000:userpool/eu-west-1_abc"

    issuer = Settings.read({"USER_POOL_ARN": pool}).token_issuer
    assert issuer == "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_abc"


def test_an_issuer_that_is_given_wins() -> None:
    assert Settings.read({"ISSUER": "http://127.0.0.1:4566/x"}).token_issuer.endswith("/x")


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError):
        Settings().stage = "prod"  # type: ignore[misc] # that is the point


def test_a_process_reads_its_settings_once() -> None:
    assert current() is current()
