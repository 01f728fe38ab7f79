"""Makes posts: the words for a channel, and pictures that fit it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from chalicelib.domain.announcements import card_labels
from chalicelib.domain.certifications import Submission, catalogue
from chalicelib.domain.channels import (
    Account,
    Channel,
    ChannelName,
    Media,
    MediaRule,
    Post,
    Wording,
)
from chalicelib.domain.deliveries import Delivery
from chalicelib.domain.errors import Fault, UnsupportedContent
from chalicelib.domain.messages import Content, Revision
from chalicelib.domain.ports import (
    Adapter,
    CardFacts,
    MediaStore,
    Messages,
    Picture,
    Studio,
    Upload,
    Uploads,
    UploadStatus,
)
from chalicelib.services.once import Once
from chalicelib.services.progress import WORKER
from chalicelib.services.wording import Words

CARD_SIZES = {"wide": (1200, 630), "square": (1080, 1080)}


class Preparing:
    """Decides what one channel is offered. The same for previews and for publishing."""

    def __init__(
        self,
        adapter: Adapter,
        store: MediaStore,
        studio: Studio,
        uploads: Uploads,
        messages: Messages,
        words: Words,
    ) -> None:
        self._adapter = adapter
        self._store = store
        self._studio = studio
        self._uploads = uploads
        self._messages = messages
        self._words = words
        self._making = Once[tuple[int, int]]()

    def compose(
        self,
        content: Content,
        channel: Channel,
        account: Account,
        uploads: Mapping[str, Upload],
        chosen: str | None = None,
    ) -> tuple[Post, list[Fault]]:
        """Return the post without drawing anything, and its faults as pointers into the request."""
        media = sketch(content, channel, uploads)
        post, faults = self._composed(content, channel, media, account, chosen)
        return post, [_located(fault, content, channel.name) for fault in faults]

    def post(self, revision: Revision, channel: Channel, account: Account) -> Post:
        """Return what this channel will be offered, stored for every later attempt.

        Raises `UnsupportedContent` where the content can't become a post.
        """
        content = revision.content
        media = self._draw(revision, channel)
        chosen = self._words.chosen(revision, channel.name, WORKER)
        post, faults = self._composed(content, channel, media, account, chosen)
        if faults:
            raise UnsupportedContent(" ".join(fault.detail for fault in faults))
        return self._messages.keep_post(revision.message_id, channel.name, revision.number, post)

    def prepared(self, delivery: Delivery) -> Post | None:
        """Return what a delivery's channel was offered; None before anything was."""
        key = delivery.key
        return self._messages.post(key.message_id, key.channel, delivery.revision)

    def _composed(
        self,
        content: Content,
        channel: Channel,
        media: Sequence[Media],
        account: Account,
        chosen: str | None,
    ) -> tuple[Post, list[Fault]]:
        wording = self._adapter.words(content, channel, chosen)
        post, faults = channel.compose(wording, media, account)
        own = [_named(fault, channel) for fault in faults]
        found = [*own, *_missing(wording, post, channel)]
        if chosen and found:  # with what this account adds there is no room for a model's words
            return self._composed(content, channel, media, account, None)
        return post, found

    def _draw(self, revision: Revision, channel: Channel) -> list[Media]:
        content = revision.content
        if not channel.media.max_items:
            return []
        if not content.media:
            submission = content.announcement
            return [self._card(revision, channel.media.card, submission)] if submission else []
        chosen = channel.media.carried(content.media)
        uploads = self._uploads.many([item.upload_id for item in chosen])
        drawn: list[Media] = []
        for item in chosen:
            upload = uploads.get(item.upload_id)
            if upload is None:
                raise UnsupportedContent("A picture of this message is not there any more.")
            rule, mark = _rule(channel, drawn)
            ref = f"prepared/{item.upload_id}/{channel.name}{mark}.jpg"
            drawn.append(self._fitted(upload, ref, rule, item.alt_text))
        return drawn

    def _fitted(self, upload: Upload, ref: str, rule: MediaRule, alt_text: str) -> Media:
        def fit() -> Picture:
            return self._studio.fit(self._store.read(upload.ref or ""), rule)

        return Media(ref, *self._made(ref, fit), alt_text)

    def _card(self, revision: Revision, shape: str, submission: Submission) -> Media:
        facts = card_facts(submission)
        ref = f"cards/{revision.message_id}/{revision.number}/{shape}.jpg"

        def draw() -> Picture:
            return self._studio.card(facts, shape, self._photo(submission.photo_upload_id))

        return Media(ref, *self._made(ref, draw), facts.alt_text)

    def _made(self, ref: str, make: Callable[[], Picture]) -> tuple[int, int]:
        """Return a picture's size; it is made only where it isn't there, and once at a time."""

        def size() -> tuple[int, int]:
            known = self._store.size(ref)
            if known is not None:
                return known
            picture = make()
            self._store.write(ref, picture)
            return picture.width, picture.height

        return self._making.do(ref, size)

    def _photo(self, upload_id: str | None) -> bytes | None:
        upload = self._uploads.get(upload_id) if upload_id else None
        return self._store.read(upload.ref) if upload is not None and upload.ref else None


def sketch(content: Content, channel: Channel, uploads: Mapping[str, Upload]) -> Sequence[Media]:
    """Return the media a channel would carry, by their uploads' ids; nothing is drawn."""
    if not channel.media.max_items:
        return []
    if not content.media:
        if content.announcement is None:
            return []
        width, height = CARD_SIZES[channel.media.card]
        return [Media("card", width, height, card_facts(content.announcement).alt_text)]
    drawn: list[Media] = []
    for item in channel.media.carried(content.media):
        found = uploads.get(item.upload_id)
        if found is not None and found.status is UploadStatus.READY:
            rule, _ = _rule(channel, drawn)
            size = rule.bounds.framed((found.width, found.height))
            drawn.append(Media(item.upload_id, *size, item.alt_text))
    return drawn


def _rule(channel: Channel, before: Sequence[Media]) -> tuple[MediaRule, str]:
    """Return the rule for the next picture, and what marks it among those of other rules.

    A picture that must have the ratio of another one is the same again only beside that ratio.
    """
    rule = channel.media
    if not (rule.one_ratio and before):
        return rule, ""
    thousandths = round(1000 * before[0].width / before[0].height)
    return rule.beside(thousandths / 1000), f"-{thousandths}"


def card_facts(submission: Submission) -> CardFacts:
    """Return what the card of an achievement shows."""
    family = catalogue().by_id(submission.family_id)
    if family is None:
        raise UnsupportedContent(f"There is no certification '{submission.family_id}' any more.")
    labels = card_labels(submission, family, submission.written_in)
    return CardFacts(
        name=submission.member_name,
        title=family.name,
        level=family.level,
        level_label=labels.level,
        date_label=labels.certified_on,
        headline=labels.headline,
    )


def _missing(wording: Wording, post: Post, channel: Channel) -> Iterator[Fault]:
    """Yield a fault for each name that a post does not hold verbatim although it must."""
    for name in wording.keep:
        if name in post.text:
            continue
        pointer = "/member_name" if wording.generated else "/content"
        if name not in wording.text:
            detail = f"Write the announced person's name in the text exactly as submitted: {name}"
            yield Fault(pointer, "member_name_missing", detail)
        else:
            detail = (
                "This name can't be shown as it is: it is too long, or has too many spaces in a "
                "row. Shorten it, or leave this channel out."
            )
            yield _named(Fault(pointer, "member_name_missing", detail), channel)


def _named(fault: Fault, channel: Channel) -> Fault:
    """Say which channel a fault is about: others may say otherwise of the same part."""
    return replace(fault, detail=f"{channel.title}: {fault.detail}", channel=channel.name)


def _located(fault: Fault, content: Content, channel: ChannelName) -> Fault:
    """Point a fault of a channel's own text at that text."""
    if channel in content.variants and fault.pointer in ("/content", "/subject"):
        return replace(fault, pointer=f"/variants/{channel}{fault.pointer}")
    return fault
