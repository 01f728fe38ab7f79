"""The words for a channel."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from chalicelib.channels import CHANNELS
from chalicelib.domain.adaptation import Tones
from chalicelib.domain.certifications import Submission
from chalicelib.domain.channels import ChannelName
from chalicelib.domain.errors import UnsupportedContent
from chalicelib.domain.messages import Content, Variant

SUBMISSION = Submission(
    member_name="Ada Lovelace",
    family_id="solutions-architect-associate",
    certified_on=date(2026, 11, 2),
    channels=("facebook", "linkedin"),
    consent=True,
)
ANNOUNCEMENT = Content("Canonical text", announcement=SUBMISSION)
FACEBOOK = CHANNELS[ChannelName("facebook")]
LINKEDIN = CHANNELS[ChannelName("linkedin")]


def test_an_authors_text_is_said_as_it_is() -> None:
    wording = Tones().words(Content("Hello", "Subject"), FACEBOOK)
    assert (wording.text, wording.subject, wording.generated) == ("Hello", "Subject", False)


def test_a_variant_is_said_on_its_channel_only() -> None:
    content = Content("Hello", variants={FACEBOOK.name: Variant("Hey")})
    assert [Tones().words(content, channel).text for channel in (FACEBOOK, LINKEDIN)] == [
        "Hey",
        "Hello",
    ]


def test_an_announcement_is_said_in_each_channels_own_tone() -> None:
    texts = {Tones().words(ANNOUNCEMENT, channel).text for channel in (FACEBOOK, LINKEDIN)}
    assert len(texts) == 2
    assert all("Ada Lovelace" in text for text in texts)


def test_an_announcements_text_may_be_fitted_but_not_the_name() -> None:
    wording = Tones().words(ANNOUNCEMENT, FACEBOOK)
    assert (wording.generated, wording.keep) == (True, ("Ada Lovelace",))


def test_an_announcement_speaks_the_language_of_its_submission() -> None:
    spanish = replace(ANNOUNCEMENT, announcement=replace(SUBMISSION, language="es"))
    assert "noviembre" in Tones().words(spanish, LINKEDIN).text


def test_an_edited_announcement_is_said_as_it_was_edited() -> None:
    wording = Tones().words(replace(ANNOUNCEMENT, edited=True), FACEBOOK)
    assert (wording.text, wording.generated) == ("Canonical text", False)


def test_the_same_content_always_gives_the_same_words() -> None:
    assert Tones().words(ANNOUNCEMENT, FACEBOOK) == Tones().words(ANNOUNCEMENT, FACEBOOK)


def test_a_certification_that_is_not_in_the_catalogue_can_not_be_announced() -> None:
    unknown = replace(ANNOUNCEMENT, announcement=replace(SUBMISSION, family_id="no-such"))
    with pytest.raises(UnsupportedContent):
        Tones().words(unknown, FACEBOOK)
