"""Judges what is to be said: exactly what each channel would be offered, and every fault of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial

from chalicelib.domain.adaptation import Adaptation, Chooser
from chalicelib.domain.channels import Account, Channel, ChannelName, Length, Post
from chalicelib.domain.errors import Fault, InvalidMessage, MediaNotReady
from chalicelib.domain.identity import Member
from chalicelib.domain.messages import Content, Draft, Message
from chalicelib.domain.ports import Snapshot, Upload, Uploads, UploadStatus
from chalicelib.domain.rewording import Reason
from chalicelib.domain.states import Status
from chalicelib.services.accounts import AccountBook
from chalicelib.services.preparing import Preparing
from chalicelib.services.wording import Words


@dataclass(frozen=True, slots=True)
class Chosen:
    """Who chose a post's words, and what it would say without a model."""

    by: Chooser
    is_final: bool = True
    """Whether nobody chooses others any more; a model may still, once the content is kept."""
    own: Post | None = None
    """The post in the author's words, or the rules', where a model's stand in their place."""
    reason: str | None = None
    """Why a model's words were not used, where it was to be asked."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What one channel would be offered."""

    channel: Channel
    post: Post
    length: Length
    faults: tuple[Fault, ...]
    words: Chosen


class Checking:
    """Looks at contents before anybody acts on them; stores nothing."""

    def __init__(
        self,
        *,
        channels: Mapping[ChannelName, Channel],
        uploads: Uploads,
        book: AccountBook,
        preparing: Preparing,
        words: Words,
    ) -> None:
        self._channels = channels
        self._uploads = uploads
        self._book = book
        self._preparing = preparing
        self._words = words

    def check(self, content: Content, channels: Sequence[ChannelName], member: Member) -> None:
        """Raise what `refusal` makes of every fault, if there is one."""
        if found := self.faults(content, channels, member):
            raise refusal(found)

    def faults(
        self, content: Content, channels: Sequence[ChannelName], member: Member
    ) -> list[Fault]:
        """Return every fault: of the uploads, then channel by channel."""
        uploads, faults = self._usable(content, member)
        accounts: Mapping[ChannelName, Account] = {name: Account(name) for name in channels}
        if content.announcement:  # its name must survive whatever an account adds to a post
            accounts = self._book.without_secrets(channels)
        for name in dict.fromkeys(channels):
            channel = self._channels[name]
            _, found = self._preparing.compose(content, channel, accounts[name], uploads)
            faults += [fault for fault in found if fault not in faults]
        if content.media:  # who named some is told what is wrong with it, not that there is none
            return [fault for fault in faults if fault.code != "media_required"]
        return faults

    def preview(self, draft: Draft, member: Member) -> list[Preview]:
        """Return exactly what each channel would be offered, with its faults."""
        uploads, unusable = self._usable(draft.content, member)
        if unusable:
            raise refusal(unusable)
        return self._previews(draft.content, draft.channels, uploads)

    def preview_message(self, snapshot: Snapshot) -> list[Preview]:
        """Return exactly what each channel of a message is offered, or was, with its faults."""
        message = snapshot.message
        wanted = [item.upload_id for item in message.content.media]
        uploads = self._uploads.many(wanted) if wanted else {}
        previews = self._previews(message.content, message.channels, uploads)
        return [self._as_prepared(preview, snapshot) for preview in previews]

    def _as_prepared(self, preview: Preview, snapshot: Snapshot) -> Preview:
        """Return what was prepared for a channel, where that was done, instead of a preview."""
        name = preview.channel.name
        delivery = snapshot.delivery(name)
        if delivery is None or delivery.status is Status.PENDING:
            return preview
        post = self._preparing.prepared(delivery)
        if post is None:
            return preview
        words = replace(preview.words, is_final=True)
        if post.text != preview.post.text:  # made under settings that are not today's
            words = self._recorded(post, preview.words.own or preview.post, snapshot.message, name)
        return Preview(preview.channel, post, preview.channel.measure(post), (), words)

    def _recorded(self, post: Post, own: Post, message: Message, name: ChannelName) -> Chosen:
        """Return whose words a prepared post says, whatever may be asked today."""
        decision = self._words.recorded(message.content, message.channels)
        text = decision.words.get(name) if decision else None
        if text and text in post.text:
            return Chosen(Chooser.MODEL, own=own)
        return Chosen(_without_model(message.content, name))

    def _previews(
        self, content: Content, channels: Sequence[ChannelName], uploads: Mapping[str, Upload]
    ) -> list[Preview]:
        accounts = self._book.without_secrets(channels)
        adaptation = self._words.known(content, channels)
        previews = []
        for name in channels:
            channel = self._channels[name]
            compose = partial(self._preparing.compose, content, channel, accounts[name], uploads)
            own, found = compose()
            post, chosen = own, self._chosen(content, name, adaptation)
            text = adaptation.words.get(name) if adaptation else None
            if text and name not in content.own_words:
                post, found = compose(text)
                if post != own:
                    chosen = Chosen(Chooser.MODEL, own=own)
            previews.append(Preview(channel, post, channel.measure(post), tuple(found), chosen))
        return previews

    def _chosen(self, content: Content, name: ChannelName, adaptation: Adaptation | None) -> Chosen:
        """Return who chose the words where they are no model's."""
        by = _without_model(content, name)
        if not self._words.wanted(replace(content, own_words=()), [name]):
            return Chosen(by)
        if name in content.own_words:
            return Chosen(by, reason=Reason.NOT_WANTED)
        if adaptation is None or not adaptation.is_decided:
            return Chosen(by, is_final=False)
        return Chosen(by, reason=adaptation.reasons.get(name))

    def _usable(self, content: Content, member: Member) -> tuple[Mapping[str, Upload], list[Fault]]:
        """Return the uploads a content refers to, and what is wrong with them."""
        wanted: dict[str, str] = {}
        for index, item in enumerate(content.media):
            wanted.setdefault(item.upload_id, f"/media/{index}/upload_id")
        photo = content.announcement.photo_upload_id if content.announcement else None
        if photo:
            wanted[photo] = "/photo_upload_id"
        if not wanted:
            return {}, []
        found = self._uploads.many(list(wanted))
        faults = (_unusable(found.get(name), where, member) for name, where in wanted.items())
        return found, [fault for fault in faults if fault is not None]


def _without_model(content: Content, name: ChannelName) -> Chooser:
    return Chooser.AUTHOR if content.authored(name) else Chooser.RULE


def refusal(faults: Sequence[Fault]) -> InvalidMessage | MediaNotReady:
    """Return the error that tells all faults; `MediaNotReady` if nothing is to do but wait."""
    if all(fault.code == MediaNotReady.code for fault in faults):
        return MediaNotReady(" ".join(fault.detail for fault in faults), faults)
    return InvalidMessage(faults)


@contextmanager
def pointing(places: Mapping[str, str]) -> Iterator[None]:
    """Name faults found inside by where this request has what they speak of."""
    try:
        yield
    except InvalidMessage as error:
        faults = [replace(f, pointer=places.get(f.pointer, f.pointer)) for f in error.faults]
        raise InvalidMessage(faults) from error


def _unusable(upload: Upload | None, where: str, member: Member) -> Fault | None:
    """Return why a member can't use an upload; None if they can."""
    if upload is None or not member.may_read(upload.author):
        detail = "There is no such upload; ask for one at POST /api/v1/uploads."
        return Fault(where, "unknown_upload", detail)
    if upload.status is UploadStatus.REJECTED:
        return Fault(where, "upload_rejected", upload.detail)
    if upload.status is UploadStatus.PENDING:
        detail = f"Upload {upload.id} is not ready yet; try again in a moment."
        return Fault(where, MediaNotReady.code, detail)
    return None
