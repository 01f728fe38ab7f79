"""The catalogue, its warnings, and the rules for what a member submits."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.certifications import (
    MAX_NAME_CODE_POINTS,
    MAX_PERSONAL_MESSAGE,
    MAX_URL,
    Catalogue,
    Certification,
    Exam,
    Level,
    LifeStage,
    Submission,
    achievement_key,
    catalogue,
    check_submission,
    warnings,
)

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)

GOOD = Submission(
    member_name="Ada Lovelace",
    family_id="solutions-architect-associate",
    certified_on=date(2026, 11, 2),
    channels=("linkedin",),
    consent=True,
)


def codes(submission: Submission) -> list[tuple[str, str]]:
    return [(fault.pointer, fault.code) for fault in check_submission(submission, now=NOW)]


# --- catalogue ---------------------------------------------------------------------------------


def family(family_id: str) -> Certification:
    found = catalogue().by_id(family_id)
    assert found is not None
    return found


def test_the_catalogue_was_checked_within_a_year() -> None:
    age = datetime.now(UTC).date() - catalogue().checked_on
    assert age <= timedelta(days=365), (
        "The catalogue is more than a year old: compare each family of "
        "chalicelib/domain/catalogue.json with the official certification pages, then set its "
        "`checked_on` to today."
    )


def test_the_catalogue_holds_each_family_once() -> None:
    ids = [known.id for known in catalogue()]
    assert len(ids) == len(set(ids)) == len(catalogue()) == 19


def test_each_family_is_complete_and_consistent() -> None:
    titles: dict[str, str] = {}
    for known in catalogue():
        assert (
            known.id
            == known.name.removeprefix("AWS Certified ")
            .replace(" - ", " ")
            .replace(" ", "-")
            .lower()
        )
        assert known.name.startswith("AWS Certified ")
        assert known.exams
        assert known.source
        if known.level in (Level.ASSOCIATE, Level.PROFESSIONAL, Level.SPECIALTY):
            assert known.id.endswith(f"-{known.level}")
        stages = {exam.status for exam in known.exams}
        assert (known.status is LifeStage.RETIRED) == (stages == {LifeStage.RETIRED})
        assert known.status is not LifeStage.UPCOMING
        for title in (known.name, *known.aliases, *(exam.code for exam in known.exams)):
            assert titles.setdefault(title.casefold(), known.id) == known.id
            assert catalogue().match(title) is known


def test_exams_of_a_family_follow_one_another_without_a_gap() -> None:
    for known in catalogue():
        for exam in known.exams:
            if exam.begins_on and exam.ends_on:
                assert exam.begins_on < exam.ends_on
        for earlier, later in zip(known.exams, known.exams[1:], strict=False):
            assert earlier.ends_on is not None
            assert later.begins_on is not None
            assert timedelta(0) <= later.begins_on - earlier.ends_on <= timedelta(days=1)


@pytest.mark.parametrize(
    ("title", "family_id"),
    [
        ("AWS Certified Solutions Architect – Associate", "solutions-architect-associate"),
        ("aws certified solutions architect associate", "solutions-architect-associate"),
        ("AWS Certified SysOps Administrator - Associate", "cloudops-engineer-associate"),
        ("SysOps Administrator", "cloudops-engineer-associate"),
        ("SOA-C02", "cloudops-engineer-associate"),
        ("cloud-practitioner", "cloud-practitioner"),
    ],
)
def test_a_title_is_matched_by_name_alias_and_code(title: str, family_id: str) -> None:
    assert catalogue().match(title) is family(family_id)


@pytest.mark.parametrize("title", ["", "AWS Certified", "Azure Administrator", "Solutions"])
def test_an_unknown_title_matches_nothing(title: str) -> None:
    assert catalogue().match(title) is None


def test_an_unknown_id_is_no_family() -> None:
    assert catalogue().by_id("sysops-administrator") is None


def test_the_list_starts_with_what_one_can_still_earn() -> None:
    stages = [known.status for known in catalogue().active_first()]
    assert stages == sorted(stages, key=list(LifeStage).index)
    assert catalogue().active_first()[0].id == "cloud-practitioner"
    assert catalogue().active_first()[-1].id == "alexa-skill-builder-specialty"
    assert len(stages) == len(catalogue())


def test_an_exam_covers_both_its_first_and_its_last_day() -> None:
    exam = Exam("XYZ-C01", date(2026, 1, 1), date(2026, 12, 31), LifeStage.ACTIVE)
    days = [date(2025, 12, 31), date(2026, 1, 1), date(2026, 12, 31), date(2027, 1, 1)]
    assert [exam.covers(day) for day in days] == [False, True, True, False]
    always = Exam("XYZ-C01", None, None, LifeStage.ACTIVE)
    assert always.covers(date.min)
    assert always.covers(date.max)


@pytest.mark.parametrize(
    ("family_id", "day"),
    [
        ("developer-associate", date(2026, 11, 30)),
        ("developer-associate", date(2026, 12, 2)),
        ("solutions-architect-professional", date(2026, 11, 16)),
        ("solutions-architect-professional", date(2026, 11, 18)),
        ("machine-learning-specialty", date(2026, 3, 31)),
        ("cloudops-engineer-associate", date(2025, 9, 1)),
    ],
)
def test_a_date_within_an_exams_life_raises_no_warning(family_id: str, day: date) -> None:
    assert warnings(family(family_id), day) == []


@pytest.mark.parametrize(
    ("family_id", "day", "life"),
    [
        ("machine-learning-specialty", date(2026, 4, 1), "MLS-C01 (2018-11-26 to 2026-03-31)"),
        ("ai-practitioner", date(2020, 1, 1), "AIF-C01 (2024-08-27 to …)"),
        ("big-data-specialty", date(2026, 1, 1), "BDS-C00 (… to 2020-06-30)"),
    ],
)
def test_a_date_outside_every_exams_life_is_a_warning(family_id: str, day: date, life: str) -> None:
    (warning,) = warnings(family(family_id), day)
    assert (warning.pointer, warning.code) == ("/certified_on", "outside_exam_life")
    assert life in warning.detail


def test_a_date_outside_an_exams_life_is_no_fault() -> None:
    submission = replace(
        GOOD, family_id="machine-learning-specialty", certified_on=date(2026, 6, 1)
    )
    assert codes(submission) == []


# --- submissions -------------------------------------------------------------------------------


def test_a_complete_submission_is_faultless() -> None:
    full = replace(
        GOOD,
        credential_url="https://www.credly.com/badges/3f2b8a1e/public_url",
        linkedin_url="https://www.linkedin.com/in/ada",
        personal_message="Thanks!\nAll of you. 🎉",
        language="es",
        photo_upload_id="0193",
        scheduled_at=NOW,
        time_zone="Europe/Madrid",
    )
    assert codes(GOOD) == codes(full) == []


def test_all_faults_are_listed_at_once() -> None:
    bad = Submission(
        member_name=" ",
        family_id="nobody",
        certified_on=date(2027, 1, 1),
        channels=(),
        consent=False,
        credential_url="http://x.org",
        linkedin_url="https://x.org/in/ada",
        personal_message="a\x00b",
        language="fr",  # type: ignore[arg-type]
        time_zone="Mars/Olympus",
    )
    assert codes(bad) == [
        ("/member_name", "blank"),
        ("/certification_type", "unknown_certification"),
        ("/certified_on", "future_date"),
        ("/credential_url", "invalid_url"),
        ("/linkedin_url", "invalid_url"),
        ("/personal_message", "null_character"),
        ("/language", "unknown_language"),
        ("/consent", "consent_required"),
        ("/time_zone", "unknown_time_zone"),
    ]


def test_another_catalogue_may_be_given() -> None:
    assert check_submission(GOOD, now=NOW, families=Catalogue([family("cloud-practitioner")]))
    assert not check_submission(GOOD, now=NOW, families=catalogue())


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("X", []),
        ("a" * 100, []),
        ("a" * 101, ["too_long"]),
        ("👨‍👩‍👧‍👦" * 100, []),
        ("👨‍👩‍👧‍👦" * 101, ["too_long"]),
        ("a" + "\u0301" * MAX_NAME_CODE_POINTS, ["too_long"]),
        ("a " * 100, []),
        ("نازنین\u200cزهرا", []),
        ("Ὀδυσσεύς 漢字 Łucja", []),
        ("{name} %s \\n", []),
        ("", ["blank"]),
        ("\u200b\u3164", ["blank"]),
        ("Ada\nLovelace", ["control_character"]),
        ("Ada\tLovelace", ["control_character"]),
        ("Ada\u202eLovelace", ["control_character"]),
        ("Ada\x1b", ["control_character"]),
        ("Ada\x00", ["null_character"]),
        ("Ada\ud800", ["lone_surrogate"]),
        ("\x00\n", ["null_character", "blank"]),
    ],
)
def test_a_name_has_one_to_a_hundred_visible_characters(name: str, expected: list[str]) -> None:
    assert codes(replace(GOOD, member_name=name)) == [("/member_name", code) for code in expected]


NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
TODAY = date(2026, 11, 21)


@pytest.mark.parametrize(
    ("own", "home", "now", "today"),
    [
        (None, "UTC", NOON, TODAY),
        (None, "UTC", NOON.astimezone(timezone(timedelta(hours=14))), TODAY),
        (None, "Pacific/Auckland", NOON, date(2026, 11, 22)),
        ("Pacific/Auckland", "UTC", NOON, date(2026, 11, 22)),
        ("Pacific/Pago_Pago", "Pacific/Auckland", NOON - timedelta(hours=2), date(2026, 11, 20)),
        (None, "Nowhere/Else", NOON, TODAY),
    ],
)
def test_a_date_is_past_once_it_has_begun_where_the_member_is(
    own: str | None, home: str, now: datetime, today: date
) -> None:
    given = replace(GOOD, certified_on=today, time_zone=own)
    assert not check_submission(given, now=now, home=home)
    tomorrow = replace(given, certified_on=today + timedelta(days=1))
    codes = [fault.code for fault in check_submission(tomorrow, now=now, home=home)]
    assert codes == ["future_date"]


def test_a_zone_that_does_not_exist_leaves_the_date_to_the_members_own() -> None:
    given = replace(GOOD, certified_on=TODAY, time_zone="Mars/Olympus")
    found = [fault.code for fault in check_submission(given, now=NOON)]
    assert found == ["unknown_time_zone"]


@pytest.mark.parametrize(
    "url",
    [
        "https://www.linkedin.com/in/ada",
        "https://linkedin.com/in/ada-lovelace-1815/",
        "https://es.linkedin.com/in/jos%C3%A9?utm_source=x&y=1#about",
        "https://linkedin.com/in/josé/en",
        "https://linkedin.com/in/josé/en/",
        "HTTPS://WWW.LinkedIn.com/in/ada",
        "https://linkedin.com/in/j.r.r",
    ],
)
def test_a_linkedin_profile_is_accepted(url: str) -> None:
    assert codes(replace(GOOD, linkedin_url=url)) == []


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ada",
        "http://www.linkedin.com/in/ada",
        "//linkedin.com/in/ada",
        "https://linkedin.com",
        "https://linkedin.com/in/",
        "https://linkedin.com/in/?x",
        "https://linkedin.com/in/..",
        "https://linkedin.com/in/../feed",
        "https://linkedin.com/in/ada/../../feed",
        "https://linkedin.com/in/ada/details/skills",
        "https://linkedin.com/company/aws",
        "https://linkedin.com.example.org/in/ada",
        "https://notlinkedin.com/in/ada",
        "https://example.org/linkedin.com/in/ada",
        "https://example.org\\@linkedin.com/in/ada",
        "https://user@linkedin.com/in/ada",
        "https://linkedin.com:443/in/ada",
        "https://linkedin.com./in/ada",
        "https://.linkedin.com/in/ada",
        "https://linkedin.com/in/a b",
        "https://linkedin.com/in/ada\n",
        "https://linkedin.com/in/a\u202eb",
        "https://linkedin.com/in/%zz",
        "https://linkedin.com/in/<script>",
        "javascript:alert(1)//linkedin.com/in/ada",
    ],
)
def test_what_is_no_linkedin_profile_is_refused(url: str) -> None:
    assert codes(replace(GOOD, linkedin_url=url)) == [("/linkedin_url", "invalid_url")]


@pytest.mark.parametrize(
    "url",
    [
        "https://www.credly.com/badges/3f2b8a1e-1c2d-4e5f-8a9b-0c1d2e3f4a5b/public_url",
        "https://aw.certmetrics.com/amazon/public/verify.aspx?code=ABC&x=1#top",
        "https://example.org",
        "https://example.org:8443/x",
        "https://example.org?x",
        "https://exämple.org/ñ",
        "https://xn--exmple-cua.org/",
        "https://aws.amazon.com/verification",
    ],
)
def test_a_public_credential_link_is_accepted(url: str) -> None:
    assert codes(replace(GOOD, credential_url=url)) == []


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.org",
        "http://example.org",
        "ftp://example.org",
        "javascript:alert(1)",
        "data:text/html,x",
        "https://localhost/x",
        "https://127.0.0.1/x",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/",
        "https://2130706433/",
        "https://user:secret@example.org/",
        "https://example..org",
        "https://-example.org",
        "https://example.org/a b",
        "https://example.org/\n",
        "https://example.org/\u202e",
        'https://example.org/"x',
        "https://example.org/<x>",
        "https://example.org\\@evil.org",
        "https://" + "a" * 64 + ".org",
    ],
)
def test_what_is_no_public_link_is_refused(url: str) -> None:
    assert codes(replace(GOOD, credential_url=url)) == [("/credential_url", "invalid_url")]


def test_a_link_has_a_length() -> None:
    url = "https://www.linkedin.com/in/ada?" + "x" * MAX_URL
    assert codes(replace(GOOD, credential_url=url, linkedin_url=url)) == [
        ("/credential_url", "too_long"),
        ("/linkedin_url", "too_long"),
    ]
    url = url[:MAX_URL]
    assert codes(replace(GOOD, credential_url=url, linkedin_url=url)) == []


def test_a_personal_message_has_a_length() -> None:
    assert codes(replace(GOOD, personal_message="x" * MAX_PERSONAL_MESSAGE)) == []
    too_long = replace(GOOD, personal_message="x" * (MAX_PERSONAL_MESSAGE + 1))
    assert codes(too_long) == [("/personal_message", "too_long")]


def test_consent_is_true_and_nothing_that_resembles_it() -> None:
    resembling = replace(GOOD, consent=1)  # type: ignore[arg-type]
    assert codes(resembling) == [("/consent", "consent_required")]


def test_a_submission_does_not_print_the_personal_message() -> None:
    assert "secret" not in repr(replace(GOOD, personal_message="secret"))


# --- the same achievement ----------------------------------------------------------------------


def test_the_same_person_and_family_is_the_same_achievement() -> None:
    key = achievement_key("José  García", "cloud-practitioner")
    assert achievement_key("JOSE\u0301 GARCÍA", "cloud-practitioner") == key
    assert achievement_key("Jose Garcia", "cloud-practitioner") != key
    assert achievement_key("José García", "ai-practitioner") != key


@given(st.text(max_size=20))
def test_a_key_is_a_hash_that_shows_nothing_of_the_name(name: str) -> None:
    key = achievement_key(name, "cloud-practitioner")
    assert len(key) == 64
    assert set(key) <= set("0123456789abcdef")
