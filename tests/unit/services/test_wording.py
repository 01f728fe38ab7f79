"""Who waits for a model's words, for how long, and who decides in the end."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain.adaptation import Adaptation, Chooser, digest_of, kept
from chalicelib.domain.channels import ChannelName
from chalicelib.domain.errors import LostRace
from chalicelib.domain.messages import Changes, Content, Draft, Message, Variant
from chalicelib.domain.models import Reply
from chalicelib.domain.ports import Writes
from chalicelib.domain.rewording import Reason
from chalicelib.domain.voices import VOICES
from chalicelib.services.checking import Chosen, Preview
from chalicelib.services.wording import LOOK_AGAIN_SECONDS
from sandbox.model import Behaviour
from tests.fakes.world import ACHIEVEMENT, ADA, MAX, World

TEXT = "Our meetup is on 5 May at https://example.org/meet. The doors open at 18:30."
FEEDS = tuple(map(ChannelName, ("facebook", "linkedin")))
DAY = timedelta(days=1)


@pytest.fixture
def spoken() -> World:
    """Return a world in which a model has a say."""
    return World(voices=VOICES)


def submitted(world: World, at: timedelta | None = None, *, draft: bool = False) -> Message:
    """Hand a message in; its words are found by nobody yet."""
    due = None if at is None else world.clock.now() + at
    made = Draft(Content(TEXT), FEEDS, scheduled_at=due, keep_as_draft=draft)
    return world.publishing.submit(made, ADA).message


def previews(world: World, message: Message) -> dict[str, Preview]:
    """Return what each channel would be offered."""
    snapshot = world.publishing.read(message.id, ADA)
    return {p.channel.name: p for p in world.checking.preview_message(snapshot)}


def reasons(world: World) -> set[str]:
    """Return why the text is as written, as it is stored."""
    found = world.adaptations.get(digest_of(Content(TEXT), FEEDS))
    assert found is not None
    return set(found.reasons.values())


def test_publishing_now_waits_a_moment_and_then_says_what_was_written(spoken: World) -> None:
    submitted(spoken)
    began = spoken.clock.now()
    spoken.run()
    assert spoken.shown("facebook") == spoken.shown("linkedin") == [TEXT]
    assert spoken.clock.now() - began < timedelta(seconds=5)
    assert reasons(spoken) == {Reason.TOO_LATE}


def test_words_that_come_within_that_moment_are_used(spoken: World) -> None:
    submitted(spoken)
    errand = spoken.errand.asked[-1]
    spoken.clock.plan(
        spoken.clock.now() + timedelta(seconds=1), lambda: spoken.adapting.adapt(*errand)
    )
    spoken.run()
    found = spoken.adaptations.get(digest_of(Content(TEXT), FEEDS))
    assert found is not None
    assert spoken.shown("facebook") == [found.words[FEEDS[0]]]


def test_words_that_come_later_change_nothing(spoken: World) -> None:
    message = submitted(spoken)
    spoken.run()
    assert spoken.adapting.adapt(message.id, 1) == spoken.adaptations.get(
        digest_of(Content(TEXT), FEEDS)
    )
    assert spoken.model.asked == []
    assert spoken.shown("facebook") == [TEXT]


def test_an_answer_that_loses_against_the_minute_is_dropped(spoken: World) -> None:
    message = submitted(spoken)
    spoken.model.scripts.append(lambda *_: _published_meanwhile(spoken))
    decided = spoken.adapting.adapt(message.id, 1)
    assert decided is not None
    assert set(decided.reasons.values()) == {Reason.TOO_LATE}
    assert spoken.shown("facebook") == [TEXT]


def _published_meanwhile(world: World) -> Reply:
    world.run()
    return Reply('{"facebook": "Great news ⟦1⟧ ⟦2⟧", "linkedin": "News: ⟦1⟧ ⟦2⟧"}')


def test_a_scheduled_message_never_waits(spoken: World) -> None:
    message = submitted(spoken, DAY)
    spoken.run()
    assert spoken.shown("facebook") == [TEXT]
    (first, *_) = spoken.messages.timeline(message.id).attempts
    assert first.started_at - message.due_at < timedelta(milliseconds=500)


def test_a_process_waits_for_a_slow_model_a_quarter_of_its_time_at_most(spoken: World) -> None:
    texts = [f"This is the text of our group, {number}." for number in range(20)]
    for text in texts:
        spoken.publishing.submit(Draft(Content(text), FEEDS[:1]), ADA)
    began = spoken.clock.now()
    spoken.run()
    assert sorted(spoken.shown("facebook")) == sorted(texts)
    lasted = (spoken.clock.now() - began).total_seconds()
    assert spoken.clock.slept.count(LOOK_AGAIN_SECONDS) * LOOK_AGAIN_SECONDS <= lasted / 4 + 3


def test_a_process_waits_again_after_its_rest(spoken: World) -> None:
    submitted(spoken)
    spoken.run()
    spoken.clock.advance(seconds=30)
    began = spoken.clock.now()
    spoken.publishing.submit(Draft(Content("This is the next of our texts."), FEEDS[:1]), ADA)
    spoken.run()
    assert spoken.clock.now() - began >= timedelta(seconds=3)


def test_every_retry_says_the_same_words(spoken: World) -> None:
    message = submitted(spoken, DAY)
    spoken.adapting.adapt(message.id, 1)
    spoken.run()
    digests = {attempt.digest for attempt in spoken.messages.timeline(message.id).attempts}
    posts = {spoken.messages.post(message.id, name, 1) for name in FEEDS}
    assert digests == {post.digest for post in posts if post}


def test_words_found_for_another_message_are_told_once(spoken: World) -> None:
    found = kept("d", FEEDS, Reason.GRAVE, spoken.clock.now())
    message = submitted(spoken, DAY)
    spoken.words.tell(found, message.id, 1)
    spoken.words.tell(found, message.id, 1)
    entries = spoken.messages.timeline(message.id).entries
    assert [entry.event for entry in entries if entry.channel == "words"] == ["words_found_before"]


def test_a_decision_is_stored_although_the_timeline_has_its_entry(spoken: World) -> None:
    message = submitted(spoken, DAY)
    other = kept("other", FEEDS, Reason.GRAVE, spoken.clock.now())
    spoken.words.decide(other, message.id, 1, "model")
    made = kept("d", FEEDS, Reason.CUT, spoken.clock.now())
    assert spoken.words.decide(made, message.id, 1, "model") == made
    assert spoken.adaptations.get("d") == made


def test_the_first_decision_counts(spoken: World) -> None:
    message = submitted(spoken, DAY)
    first = kept("d", FEEDS, Reason.TOO_LATE, spoken.clock.now())
    spoken.words.decide(first, message.id, 1, "worker")
    late = Adaptation("d", spoken.clock.now(), spoken.clock.now(), {FEEDS[0]: "Late."})
    assert spoken.words.decide(late, message.id, 1, "model") == first


def test_the_words_of_a_message_that_is_gone_are_its_text(spoken: World) -> None:
    message = submitted(spoken, DAY)
    revision = spoken.messages.revision(message.id, 1)
    assert revision is not None
    spoken.clock.advance(days=2)
    gone = type(revision)("gone", 1, revision.content, revision.created_at, "ada")
    assert spoken.words.chosen(gone, FEEDS[0], "worker") is None


# --- previews and approval ----------------------------------------------------------------------


def test_a_preview_shows_the_models_words_and_offers_the_authors(spoken: World) -> None:
    message = submitted(spoken, DAY)
    spoken.adapting.adapt(message.id, 1)
    shown = previews(spoken, message)["facebook"]
    assert shown.words.by is Chooser.MODEL
    assert shown.words.is_final
    assert shown.words.own is not None
    assert shown.words.own.text == TEXT
    spoken.run()
    assert spoken.shown("facebook") == [shown.post.text]


def test_a_preview_says_that_the_words_may_still_change(spoken: World) -> None:
    message = submitted(spoken, DAY, draft=True)
    assert previews(spoken, message)["facebook"].words == Chosen(Chooser.AUTHOR, is_final=False)
    claim = Adaptation(digest_of(Content(TEXT), FEEDS), spoken.clock.now())
    spoken.store.commit(spoken.adaptations.claiming(claim))
    assert not previews(spoken, message)["facebook"].words.is_final


def test_a_preview_says_why_the_words_are_the_authors(spoken: World) -> None:
    spoken.model.behave(Behaviour.LEAVING_OUT)
    message = submitted(spoken, DAY)
    spoken.adapting.adapt(message.id, 1)
    assert previews(spoken, message)["facebook"].words.reason == Reason.MISSING


def test_a_preview_without_a_model_says_who_chose_the_words() -> None:
    world = World()
    plain = world.publishing.submit(Draft(Content(TEXT), FEEDS), ADA).message
    assert previews(world, plain)["facebook"].words == Chosen(Chooser.AUTHOR)
    _, snapshot = world.moderating.submit(ACHIEVEMENT, ADA)
    assert previews(world, snapshot.message)["facebook"].words == Chosen(Chooser.RULE)


def test_the_authors_own_text_is_chosen_by_a_variant(spoken: World) -> None:
    content = Content(TEXT, variants={FEEDS[0]: Variant(TEXT)})
    message = spoken.publishing.submit(Draft(content, FEEDS), ADA).message
    spoken.adapting.adapt(message.id, 1)
    shown = previews(spoken, message)
    assert shown["facebook"].words == Chosen(Chooser.AUTHOR)
    assert shown["linkedin"].words.by is Chooser.MODEL


def test_own_words_are_posted_and_the_others_keep_what_was_shown(spoken: World) -> None:
    message = submitted(spoken, DAY)
    spoken.adapting.adapt(message.id, 1)
    before = previews(spoken, message)
    after = spoken.editing.edit(message.id, Changes(own_words=FEEDS[:1]), 1, ADA).message
    spoken.adapting.adapt(message.id, after.revision)
    shown = previews(spoken, after)
    assert shown["facebook"].words == Chosen(Chooser.AUTHOR, reason=Reason.NOT_WANTED)
    assert shown["linkedin"] == before["linkedin"]
    spoken.run()
    assert spoken.shown("facebook") == [TEXT]
    assert spoken.shown("linkedin") == [before["linkedin"].post.text] != [TEXT]
    assert len(spoken.model.asked) == 1


def test_own_words_can_be_taken_back(spoken: World) -> None:
    message = submitted(spoken, DAY)
    spoken.adapting.adapt(message.id, 1)
    before = previews(spoken, message)
    spoken.editing.edit(message.id, Changes(own_words=FEEDS), 1, ADA)
    after = spoken.editing.edit(message.id, Changes(own_words=()), 2, ADA).message
    assert previews(spoken, after) == before


def test_nobody_is_asked_where_every_channel_says_its_own_words(spoken: World) -> None:
    content = Content(TEXT, own_words=FEEDS)
    message = spoken.publishing.submit(Draft(content, FEEDS), ADA).message
    assert spoken.errand.asked == []
    assert previews(spoken, message)["linkedin"].words.is_final
    began = spoken.clock.now()
    spoken.run()
    assert spoken.shown("facebook") == spoken.shown("linkedin") == [TEXT]
    assert spoken.clock.now() - began < timedelta(seconds=1)


def test_an_approval_of_own_words_decides_for_nobody_else() -> None:
    world = World(voices=VOICES, require_approval=True)
    content = Content(TEXT, own_words=FEEDS)
    message = world.publishing.submit(Draft(content, FEEDS), ADA).message
    world.moderating.approve_message(message.id, None, MAX)
    assert world.adaptations.get(digest_of(Content(TEXT), FEEDS)) is None


def test_a_manager_chooses_the_own_words_of_what_waits() -> None:
    world = World(voices=VOICES, require_approval=True)
    message = submitted(world)
    world.adapting.adapt(message.id, 1)
    shown = previews(world, message)["linkedin"].post.text
    world.editing.edit(message.id, Changes(own_words=FEEDS[:1]), 1, MAX)
    world.moderating.approve_message(message.id, None, MAX, 2)
    world.run()
    assert world.shown("facebook") == [TEXT]
    assert world.shown("linkedin") == [shown] != [TEXT]


def test_an_announcement_in_own_words_is_said_by_rule(spoken: World) -> None:
    chosen = replace(ACHIEVEMENT, own_words=("facebook",))
    _, snapshot = spoken.moderating.submit(chosen, ADA)
    spoken.adapting.adapt(snapshot.message.id, 1)
    shown = previews(spoken, snapshot.message)
    assert shown["facebook"].words == Chosen(Chooser.RULE, reason=Reason.NOT_WANTED)
    assert shown["linkedin"].words.by is Chooser.MODEL


def test_own_words_are_nothing_special_without_a_model() -> None:
    world = World()
    content = Content(TEXT, own_words=FEEDS)
    message = world.publishing.submit(Draft(content, FEEDS), ADA).message
    assert previews(world, message)["facebook"].words == Chosen(Chooser.AUTHOR)


def test_what_was_posted_is_shown_as_it_was_though_no_model_is_asked_any_more(
    spoken: World,
) -> None:
    message = submitted(spoken, DAY)
    spoken.adapting.adapt(message.id, 1)
    spoken.run()
    before = previews(spoken, message)
    spoken.voices.clear()
    after = previews(spoken, message)
    assert after == before
    assert [after["facebook"].post.text] == spoken.shown("facebook")


def test_what_was_posted_is_shown_as_it_was_though_an_account_adds_something_now(
    spoken: World,
) -> None:
    name = ChannelName("none-feed")
    content = Content(TEXT)
    message = spoken.publishing.submit(Draft(content, (name,)), ADA).message
    spoken.run()
    spoken.connect(name, footer="!")
    shown = previews(spoken, message)[name]
    assert [shown.post.text] == spoken.shown(name) == [TEXT]
    assert shown.words == Chosen(Chooser.AUTHOR)


def test_a_post_that_is_being_made_shows_what_it_would_say(spoken: World) -> None:
    message = submitted(spoken)
    assert previews(spoken, message)["facebook"].words == Chosen(Chooser.AUTHOR, is_final=False)


def test_words_that_say_no_more_than_the_text_are_the_authors(spoken: World) -> None:
    message = submitted(spoken, DAY)
    same = Adaptation(
        digest_of(Content(TEXT), FEEDS), spoken.clock.now(), spoken.clock.now(), {FEEDS[0]: TEXT}
    )
    spoken.words.decide(same, message.id, 1, "model")
    assert previews(spoken, message)["facebook"].words.by is Chooser.AUTHOR


def test_a_model_has_no_say_after_an_approval() -> None:
    world = World(voices=VOICES, require_approval=True)
    message = submitted(world)
    world.moderating.approve_message(message.id, None, MAX)
    world.adapting.adapt(message.id, 1)
    world.run()
    assert world.model.asked == []
    assert world.shown("facebook") == [TEXT]
    assert reasons(world) == {Reason.NOT_SEEN}


def test_what_was_approved_is_posted() -> None:
    world = World(voices=VOICES, require_approval=True)
    message = submitted(world)
    world.adapting.adapt(message.id, 1)
    shown = previews(world, message)["facebook"].post.text
    world.moderating.approve_message(message.id, None, MAX)
    world.run()
    assert world.shown("facebook") == [shown] != [TEXT]


def test_an_approval_of_what_no_model_has_a_say_in_writes_nothing_more() -> None:
    world = World(require_approval=True)
    message = submitted(world)
    world.moderating.approve_message(message.id, None, MAX)
    assert world.adaptations.get(digest_of(Content(TEXT), FEEDS)) is None


def test_words_without_room_beside_what_an_account_adds_are_left_out(spoken: World) -> None:
    name = ChannelName("none-feed")
    spoken.voices[name] = "brief"
    text = "This is " + "what we are" * 40
    spoken.connect(name, footer="-" * 50)
    content = Content(text)
    message = spoken.publishing.submit(Draft(content, (name,)), ADA).message
    made = Adaptation(
        digest_of(content, (name,)), spoken.clock.now(), spoken.clock.now(), {name: f"News! {text}"}
    )
    spoken.words.decide(made, message.id, 1, "model")
    spoken.run()
    assert spoken.shown(name) == [text + "-" * 50]


def test_a_storage_that_fails_leaves_the_decision_to_the_next_try(
    spoken: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = submitted(spoken, DAY)
    made = kept("d", FEEDS, Reason.CUT, spoken.clock.now())

    def refuse(*_: Writes) -> None:
        raise LostRace

    monkeypatch.setattr(spoken.store, "commit", refuse)
    with pytest.raises(LostRace):
        spoken.words.decide(made, message.id, 1, "model")
