"""What a model may do with a text, and the judge of what it did."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.certifications import Submission
from chalicelib.domain.channels import ChannelName
from chalicelib.domain.messages import Content
from chalicelib.domain.prompts import prompt_for, read_answer
from chalicelib.domain.rewording import Reason, Source, filled, flaw, same_facts, source_of
from chalicelib.domain.voices import VOICES
from tests.fakes.world import ACHIEVEMENT
from tests.unit.domain.injections import ATTACKS, Attack

TEXT = "We are on air. Ada speaks of the cloud.\nThe doors open at 18:30."
FACEBOOK = ChannelName("facebook")


def given_source(text: str = TEXT) -> Source:
    """Return what a model would be given of an author's text."""
    found = source_of(Content(text))
    assert isinstance(found, Source)
    return found


def announced(submission: Submission = ACHIEVEMENT) -> Source:
    """Return what a model would be given of an announcement."""
    found = source_of(Content("…", announcement=submission))
    assert isinstance(found, Source)
    return found


def test_the_pieces_of_a_text_are_its_sentences_and_lines() -> None:
    source = given_source()
    assert source.pieces == (
        "We are on air.",
        "Ada speaks of the cloud.",
        "The doors open at 18:30.",
    )
    assert source.breaks == (False, False, True)


def test_the_pieces_of_an_announcement_stand_for_its_facts() -> None:
    source = announced()
    assert len(source.pieces) == 3
    assert source.is_announcement


def test_an_edited_announcement_is_an_authors_text() -> None:
    content = Content("This is the news of us.", announcement=ACHIEVEMENT, edited=True)
    found = source_of(content)
    assert isinstance(found, Source)
    assert not found.is_announcement


def test_an_announcement_of_nothing_we_know_is_not_asked_about() -> None:
    unknown = replace(ACHIEVEMENT, family_id="gone")
    assert source_of(Content("…", announcement=unknown)) is Reason.UNCATALOGUED


@pytest.mark.parametrize(
    "template",
    [
        "⟦1⟧ ⟦2⟧\n⟦3⟧",
        "🎉 Great news, everyone!\n\n⟦1⟧\n⟦2⟧\n✨ ⟦3⟧\n\nSo proud! 👏",
        "Hello — it’s great: ⟦1⟧ ⟦2⟧\n\n⟦3⟧",
    ],
)
def test_a_template_that_only_frames_the_pieces_is_sound(template: str) -> None:
    assert flaw(template, given_source()) is None


def test_words_may_stand_between_the_facts_of_an_announcement() -> None:
    assert flaw("👏 Congratulations to ⟦1⟧ on ⟦2⟧, earned on ⟦3⟧!", announced()) is None


@pytest.mark.parametrize(
    "template", ["So⟦1⟧ ⟦2⟧ ⟦3⟧", "⟦1⟧⟦2⟧ ⟦3⟧", "⟦1⟧ ⟦2⟧-great ⟦3⟧", "⟦1⟧ ⟦2⟧ ⟦3⟧so", "⟦2⟧ ⟦1⟧ ⟦3⟧"]
)
def test_no_fact_of_an_announcement_runs_into_a_word(template: str) -> None:
    assert flaw(template, announced()) is Reason.PIECES


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("⟦1⟧ ⟦2⟧ ⟦3⟧", Reason.PIECES),
        ("⟦1⟧⟦2⟧\n⟦3⟧", Reason.PIECES),
        ("great⟦1⟧ ⟦2⟧\n⟦3⟧", Reason.PIECES),
        ("⟦1⟧ ⟦2⟧\n⟦3⟧great", Reason.PIECES),
        ("⟦1⟧ 🎉 ⟦2⟧\n⟦3⟧", Reason.SIGNS),
        ("⟦1⟧ great ⟦2⟧\n⟦3⟧", Reason.WORDS),
        ("not ⟦1⟧ ⟦2⟧\n⟦3⟧", Reason.WORDS),
        ("a-b ⟦1⟧ ⟦2⟧\n⟦3⟧", Reason.SIGNS),
        ("⟦1⟧ ⟦2⟧\n⟦3⟧ " + "great " * 150, Reason.TOO_LONG),
    ],
)
def test_a_template_that_does_more_has_a_flaw(template: str, reason: Reason) -> None:
    assert flaw(template, given_source()) is reason


def test_the_pieces_are_put_in_letter_by_letter() -> None:
    pieces = (r"\1 {0} %s", "⟦1⟧")
    assert filled(" ⟦1⟧ and ⟦2⟧ ", pieces) == r"\1 {0} %s and ⟦1⟧"


@pytest.mark.parametrize(
    "after",
    [
        "5 May #b @c https://x.example",
        "6 May #b @c https://a.example",
        "5 May @c https://a.example",
    ],
)
def test_other_links_numbers_and_tags_are_other_facts(after: str) -> None:
    before = "5 May #b @c https://a.example"
    assert same_facts(before, f"News! {before}")
    assert not same_facts(before, after)


@given(st.text(max_size=60))
def test_whatever_passes_says_the_facts_in_order_and_only_known_words(noise: str) -> None:
    source = given_source()
    for template in (f"{noise} ⟦1⟧ ⟦2⟧\n⟦3⟧", f"⟦1⟧ ⟦2⟧\n{noise}\n⟦3⟧", f"⟦1⟧ ⟦2⟧\n⟦3⟧ {noise}"):
        if flaw(template, source) is None:
            text = filled(template, source.pieces)
            assert same_facts(TEXT, text)
            places = [text.index(piece) for piece in source.pieces]
            assert places == sorted(places)


# --- the prompt and its attackers ---------------------------------------------------------------


def test_there_are_enough_attacks_and_each_is_its_own() -> None:
    assert len({attack.text for attack in ATTACKS}) == len(ATTACKS) >= 60


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.text[31:60])
def test_no_attack_ends_in_anything_but_the_authors_own_text(attack: Attack) -> None:
    found = given_source(attack.text)
    prompt = prompt_for(found, {FACEBOOK: VOICES[FACEBOOK]})
    assert json.loads(prompt.data)["pieces"][1]["text"] in attack.text
    assert attack.text[31:] not in prompt.system
    assert flaw(attack.obeyed, found) is not None


@given(st.text(min_size=1))
def test_no_text_can_leave_its_place_in_the_data(text: str) -> None:
    source = replace(announced(), pieces=(text,), breaks=(False,))
    prompt = prompt_for(source, VOICES)
    assert json.loads(prompt.data)["pieces"] == [{"mark": "⟦1⟧", "text": text, "new_line": False}]
    assert prompt.system == prompt_for(announced(), VOICES).system


def test_all_channels_are_asked_for_at_once() -> None:
    prompt = prompt_for(given_source(), VOICES)
    assert json.loads(prompt.schema)["required"] == list(VOICES)
    assert json.loads(prompt.data)["channels"] == VOICES


@pytest.mark.parametrize("text", ["", "[]", "7", "{", "[" * 100_000, '"a"'])
def test_an_answer_that_is_no_object_is_malformed(text: str) -> None:
    assert read_answer(text, [FACEBOOK]) is Reason.MALFORMED


def test_a_channel_without_a_text_has_no_template() -> None:
    assert read_answer('{"facebook": 7, "other": "x"}', [FACEBOOK]) == {}
