"""What an announcement says on each channel, at each level, in each language."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.announcements import (
    CardLabels,
    announce,
    canonical_text,
    card_labels,
    localised_date,
)
from chalicelib.domain.certifications import Certification, Language, Level, Submission, catalogue
from chalicelib.domain.sms import encode_plan, is_gsm
from chalicelib.domain.text import hashtags, links

CHANNELS = ("facebook", "instagram", "linkedin", "whatsapp", "email", "sms")
LANGUAGES: tuple[Language, ...] = ("en", "es")

LINK = "https://www.credly.com/badges/3f2b8a1e-1c2d-4e5f-8a9b-0c1d2e3f4a5b"
PROFILE = "https://www.linkedin.com/in/ana"

SUBMISSION = Submission(
    member_name="Ana Martins",
    family_id="solutions-architect-associate",
    certified_on=date(2026, 11, 2),
    channels=CHANNELS,
    consent=True,
    credential_url=LINK,
    linkedin_url=PROFILE,
    personal_message=" Thanks to my study group!\nSee you there. ",
)


def family(family_id: str) -> Certification:
    found = catalogue().by_id(family_id)
    assert found is not None
    return found


ARCHITECT = family("solutions-architect-associate")
FAMILIES = (
    family("cloud-practitioner"),
    ARCHITECT,
    family("devops-engineer-professional"),
    family("advanced-networking-specialty"),
    replace(ARCHITECT, id="cloud-poet", name="AWS Certified Cloud Poet", level=Level.OTHER),
)
EVERYWHERE = list(product((*CHANNELS, "bluesky"), FAMILIES, LANGUAGES))


@pytest.mark.parametrize(("channel", "certification", "language"), EVERYWHERE)
def test_each_text_says_who_what_when_and_where(
    channel: str, certification: Certification, language: Language
) -> None:
    wording = announce(SUBMISSION, certification, channel, language)
    day = localised_date(SUBMISSION.certified_on, language, short=channel == "sms")
    for part in ("Ana Martins", certification.name, day, LINK):
        assert part in wording.text
    assert wording.link == LINK
    assert wording.keep == ("Ana Martins",)
    assert wording.generated
    assert "{" not in wording.text + (wording.subject or "")
    assert wording.text == wording.text.strip()


@pytest.mark.parametrize(("channel", "certification", "language"), EVERYWHERE)
def test_nobody_is_shouted_at(
    channel: str, certification: Certification, language: Language
) -> None:
    wording = announce(replace(SUBMISSION, personal_message=None), certification, channel, language)
    assert wording.text.count("!") <= 1
    assert "!" not in (wording.subject or "")


@pytest.mark.parametrize(("channel", "language"), list(product((*CHANNELS, "bluesky"), LANGUAGES)))
def test_each_level_has_words_of_its_own(channel: str, language: Language) -> None:
    texts = set()
    for level in Level:
        certification = replace(ARCHITECT, level=level)
        texts.add(announce(SUBMISSION, certification, channel, language).text)
    assert len(texts) == len(Level)


@pytest.mark.parametrize(("certification", "language"), list(product(FAMILIES, LANGUAGES)))
def test_each_channel_has_a_tone_of_its_own(
    certification: Certification, language: Language
) -> None:
    bare = replace(SUBMISSION, credential_url=None, personal_message=None, linkedin_url=None)
    openings = {
        announce(bare, certification, channel, language).text.split("\n")[0] for channel in CHANNELS
    }
    assert len(openings) == len(CHANNELS)


@pytest.mark.parametrize("channel", CHANNELS)
def test_english_and_spanish_differ(channel: str) -> None:
    english, spanish = (announce(SUBMISSION, ARCHITECT, channel, each) for each in LANGUAGES)
    assert english.text != spanish.text
    assert (english.language, spanish.language) == LANGUAGES


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("channel", "count"),
    [
        ("facebook", 2),
        ("linkedin", 3),
        ("instagram", 8),
        ("whatsapp", 0),
        ("email", 0),
        ("sms", 0),
        ("bluesky", 2),
    ],
)
def test_hashtags_follow_the_platform(channel: str, count: int, language: Language) -> None:
    wording = announce(SUBMISSION, ARCHITECT, channel, language)
    assert len(wording.hashtags) == count
    assert tuple(hashtags(wording.text)) == wording.hashtags
    assert len(set(wording.hashtags)) == count


@pytest.mark.parametrize("certification", list(catalogue()), ids=lambda known: known.id)
def test_the_topic_makes_a_whole_hashtag(certification: Certification) -> None:
    wording = announce(SUBMISSION, certification, "facebook", "en")
    assert hashtags(" ".join(wording.hashtags)) == list(wording.hashtags)
    assert wording.hashtags[0] == "#AWSCertified"
    assert "Specialty" not in wording.hashtags[1]


def test_topic_hashtags_are_spelt_as_their_names() -> None:
    tags = [
        announce(SUBMISSION, family(each), "facebook", "en").hashtags[1]
        for each in ("devops-engineer-professional", "sap-on-aws-specialty", "ai-practitioner")
    ]
    assert tags == ["#DevOpsEngineer", "#SAPonAWS", "#AIPractitioner"]


@pytest.mark.parametrize(("certification", "language"), list(product(FAMILIES, LANGUAGES)))
def test_only_mail_has_a_subject_and_it_names_the_person(
    certification: Certification, language: Language
) -> None:
    for channel in CHANNELS:
        subject = announce(SUBMISSION, certification, channel, language).subject
        assert (subject is not None) == (channel == "email")
    mail = announce(SUBMISSION, certification, "email", language)
    assert mail.subject is not None
    assert "Ana Martins" in mail.subject
    assert len(mail.subject) <= 78
    assert "\n\n" in mail.text


def test_a_subject_is_one_line_whatever_the_name() -> None:
    odd = replace(SUBMISSION, member_name="Ana\r\nBcc: all@example.org")
    subject = announce(odd, ARCHITECT, "email", "en").subject
    assert subject is not None
    assert subject.splitlines() == [subject]


@pytest.mark.parametrize(("certification", "language"), list(product(FAMILIES, LANGUAGES)))
def test_an_sms_is_one_plain_line_in_one_or_two_segments(
    certification: Certification, language: Language
) -> None:
    text = announce(SUBMISSION, certification, "sms", language).text
    assert is_gsm(text)
    assert "\n" not in text
    assert encode_plan(text).count <= 2
    assert "study group" not in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_sms_goes_without_a_link_that_would_make_it_long(language: Language) -> None:
    long = replace(SUBMISSION, credential_url="https://example.org/" + "x" * 600)
    text = announce(long, ARCHITECT, "sms", language).text
    assert links(text) == []
    assert "Ana Martins" in text
    assert encode_plan(text).count == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_whatsapp_text_is_one_line_for_its_template(language: Language) -> None:
    text = announce(SUBMISSION, ARCHITECT, "whatsapp", language).text
    assert "\n" not in text
    assert "    " not in text
    assert "Thanks to my study group! See you there." in text


@pytest.mark.parametrize(
    ("language", "quoted"),
    [
        ("en", "“Thanks to my study group!\nSee you there.”"),
        ("es", "«Thanks to my study group!\nSee you there.»"),
    ],
)
def test_the_members_own_words_are_quoted(language: Language, quoted: str) -> None:
    for channel in ("facebook", "instagram", "linkedin", "email", "bluesky"):
        assert quoted in announce(SUBMISSION, ARCHITECT, channel, language).text


def test_long_words_of_the_member_are_fitted_and_the_rest_stays() -> None:
    long = replace(SUBMISSION, personal_message="thanks " * 1_400)
    for channel, limit in (("instagram", 1_200), ("whatsapp", 400), ("email", 2_000)):
        wording = announce(long, ARCHITECT, channel, "en")
        assert len(wording.text) < limit
        assert "thanks…”" in wording.text
        assert LINK in wording.text
        assert tuple(hashtags(wording.text)) == wording.hashtags


@pytest.mark.parametrize("message", [None, "", " \n\u200b"])
def test_without_own_words_nothing_is_quoted(message: str | None) -> None:
    for channel in CHANNELS:
        text = announce(
            replace(SUBMISSION, personal_message=message), ARCHITECT, channel, "en"
        ).text
        assert "“" not in text
        assert "\n\n\n" not in text


def test_without_links_no_label_is_left_over() -> None:
    bare = replace(SUBMISSION, credential_url=None, linkedin_url=None)
    for channel, language in product((*CHANNELS, "bluesky"), LANGUAGES):
        wording = announce(bare, ARCHITECT, channel, language)
        assert links(wording.text) == []
        assert wording.link is None
        assert "redencial" not in wording.text
        assert "redential:" not in wording.text


def test_the_profile_is_linked_where_people_network() -> None:
    with_profile = {
        channel
        for channel in CHANNELS
        if PROFILE in announce(SUBMISSION, ARCHITECT, channel, "en").text
    }
    assert with_profile == {"linkedin", "email"}


@given(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=20),
    st.sampled_from(CHANNELS),
    st.sampled_from(LANGUAGES),
)
def test_the_name_survives_verbatim(name: str, channel: str, language: Language) -> None:
    odd = replace(SUBMISSION, member_name=name)
    assert name in announce(odd, ARCHITECT, channel, language).text
    assert name in canonical_text(odd, ARCHITECT, language)


def test_a_name_with_template_signs_is_a_name() -> None:
    odd = replace(SUBMISSION, member_name="{date} %s {0}")
    assert "{date} %s {0}" in announce(odd, ARCHITECT, "facebook", "en").text


def test_the_same_submission_reads_the_same() -> None:
    one, other = (announce(SUBMISSION, ARCHITECT, "linkedin", "en") for _ in range(2))
    assert one == other


def test_the_canonical_text_reads_plainly() -> None:
    assert canonical_text(SUBMISSION, ARCHITECT, "en") == (
        "Congratulations to Ana Martins, who earned AWS Certified Solutions Architect - Associate "
        "on 2 November 2026. Hands-on skill, patiently practised and now proven.\n\n"
        "“Thanks to my study group!\nSee you there.”\n\n"
        f"Credential: {LINK}"
    )
    assert canonical_text(SUBMISSION, ARCHITECT, "es").startswith(
        "Enhorabuena a Ana Martins, que obtuvo AWS Certified Solutions Architect - Associate "
        "el 2 de noviembre de 2026."
    )


@pytest.mark.parametrize(
    ("day", "language", "short", "written"),
    [
        (date(2026, 1, 31), "en", False, "31 January 2026"),
        (date(2026, 1, 31), "es", False, "31 de enero de 2026"),
        (date(2026, 9, 1), "en", True, "1 Sep 2026"),
        (date(2026, 12, 1), "es", True, "1 dic 2026"),
    ],
)
def test_a_date_is_written_as_people_do(
    day: date, language: Language, short: bool, written: str
) -> None:
    assert localised_date(day, language, short=short) == written


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_month_has_a_name_of_its_own(language: Language) -> None:
    days = [date(2026, month, 1) for month in range(1, 13)]
    assert len({localised_date(day, language) for day in days}) == 12
    assert len({localised_date(day, language, short=True) for day in days}) == 12


def test_the_card_has_its_labels_in_both_languages() -> None:
    assert card_labels(SUBMISSION, ARCHITECT, "en") == CardLabels(
        "Skills put to the test", "Associate", "2 November 2026"
    )
    assert card_labels(SUBMISSION, ARCHITECT, "es") == CardLabels(
        "Práctica demostrada", "Asociado", "2 de noviembre de 2026"
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_level_has_labels_of_its_own(language: Language) -> None:
    labels = [card_labels(SUBMISSION, replace(ARCHITECT, level=level), language) for level in Level]
    assert len({label.headline for label in labels}) == len(Level)
    assert len({label.level for label in labels}) == len(Level)
