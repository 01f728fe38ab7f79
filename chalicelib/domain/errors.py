"""What can go wrong, by what the caller does next.

    PublisherError                    internal
    ├── InvalidMessage                invalid_message     (lists every fault)
    ├── NotFound                      not_found
    ├── Forbidden                     forbidden
    ├── Conflict                      conflict
    │   ├── VersionConflict           version_conflict    (the caller's copy is stale)
    │   ├── VersionRequired           version_required    (no If-Match was sent)
    │   ├── IllegalTransition         illegal_transition
    │   ├── InFlight                  in_flight           (names the channels)
    │   ├── AlreadyAnnounced          already_announced
    │   ├── AlreadySubscribed         already_subscribed
    │   ├── MediaNotReady             media_not_ready
    │   ├── StillRunning              still_running       (a twin request has not finished)
    │   └── IdempotencyMismatch       idempotency_mismatch
    └── ChannelError                  what a platform answered
        ├── Transient                 → retrying
        │   ├── RateLimited           rate_limited        (carries `retry_after`)
        │   ├── PlatformUnavailable   platform_unavailable
    │   └── OutOfTime             out_of_time         (our worker's time, not the platform's)
        ├── Permanent                 → failed
        │   ├── ContentRejected       content_rejected
        │   ├── UnsupportedContent    unsupported_content
        │   └── OptedOut              opted_out           (the platform knows of their wish)
        ├── CredentialsRejected       credentials_rejected → blocked
        └── Ambiguous                 no_answer            → in_doubt

    LostRace                          a conditional write met a newer version (stays in services)
    StoreUnavailable                  our own table, stream or store did not answer
    ConfigurationError                start-up; must never be swallowed per delivery

`code` is public and stable. HTTP statuses belong to the edge.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with an input: an RFC 6901 JSON pointer, a stable code and what to do.

    `channel` is set where it is wrong for that channel, whatever the others say of the same part.
    """

    pointer: str
    code: str
    detail: str
    channel: str | None = None


class PublisherError(Exception):
    """Base of all errors a caller may see."""

    code = "internal"
    title = "Something went wrong on our side"

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title


class InvalidMessage(PublisherError):
    """The input breaks at least one rule; all of them are listed."""

    code = "invalid_message"
    title = "The request is not valid"

    def __init__(self, faults: Sequence[Fault]) -> None:
        count = len(faults)
        super().__init__(f"{count} fault{'s' if count != 1 else ''} found; see errors.")
        self.faults = tuple(faults)


class NotFound(PublisherError):
    """There is no such object for this caller."""

    code = "not_found"
    title = "There is no such object"


class Forbidden(PublisherError):
    """The caller's role does not allow this."""

    code = "forbidden"
    title = "Your role does not allow this"


class Conflict(PublisherError):
    """The request is fine but does not fit the present state."""

    code = "conflict"
    title = "The request does not fit the present state"


class VersionConflict(Conflict):
    """The caller acted on a revision that is no longer the current one."""

    code = "version_conflict"
    title = "Someone changed this in the meantime"


class VersionRequired(Conflict):
    """A change needs the revision it is based on."""

    code = "version_required"
    title = "Send If-Match with the revision you read"


class IllegalTransition(Conflict):
    """The state table has no such step."""

    code = "illegal_transition"
    title = "This is not possible in the present status"


class InFlight(Conflict):
    """A platform call may be under way, or over; `channels` names where."""

    code = "in_flight"
    title = "Some channels can't be stopped any more"

    def __init__(self, channels: Sequence[str], detail: str) -> None:
        super().__init__(detail)
        self.channels = tuple(channels)


class AlreadyAnnounced(Conflict):
    """The same person and certification were announced within the year."""

    code = "already_announced"
    title = "This achievement was announced already"

    def __init__(self, detail: str = "", existing_id: str | None = None) -> None:
        super().__init__(detail)
        self.existing_id = existing_id


class AlreadySubscribed(Conflict):
    """The address is among the channel's recipients; what is known of them stays as it is."""

    code = "already_subscribed"
    title = "This address is a recipient already"

    def __init__(self, detail: str = "", existing_id: str | None = None) -> None:
        super().__init__(detail)
        self.existing_id = existing_id


class MediaNotReady(Conflict):
    """An upload that the message refers to is not ready, and nothing else is wrong."""

    code = "media_not_ready"
    title = "An uploaded file is not ready yet"

    def __init__(self, detail: str = "", faults: Sequence[Fault] = ()) -> None:
        super().__init__(detail)
        self.faults = tuple(faults)


class StillRunning(Conflict):
    """A request with the same idempotency key is being worked on."""

    code = "still_running"
    title = "The same request is still running"


class IdempotencyMismatch(Conflict):
    """The idempotency key was used with another body."""

    code = "idempotency_mismatch"
    title = "This Idempotency-Key was used with a different body"

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail or "Send the first body again to get its answer, or use a new key.")


class ChannelError(PublisherError):
    """A platform did not publish, or may not have. `code` is what the API shows."""

    code = "channel_error"
    title = "The platform did not publish"
    retryable = False
    remedy = "Look at the detail; it is the platform's own answer."

    def __init__(self, detail: str = "", *, remedy: str | None = None) -> None:
        super().__init__(detail)
        if remedy is not None:
            self.remedy = remedy


class Transient(ChannelError):
    """Certainly not published; the same request may succeed later."""

    code = "transient"
    title = "The platform asks to try again"
    retryable = True
    remedy = "Nothing to do: it is tried again by itself."


class RateLimited(Transient):
    """Too many calls; `retry_after` is the platform's own wish, if it said one."""

    code = "rate_limited"
    title = "The platform limits how often we may call"

    def __init__(self, detail: str = "", retry_after: timedelta | None = None) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class PlatformUnavailable(Transient):
    """The platform could not be reached, or said that it did nothing."""

    code = "platform_unavailable"
    title = "The platform is not available"


class OutOfTime(Transient):
    """We ran out of time before the step that publishes; nothing was published."""

    code = "out_of_time"
    title = "There was no time left to publish"


class Permanent(ChannelError):
    """Certainly not published, and the same request never will be."""

    code = "permanent"
    title = "The platform refuses this post"


class ContentRejected(Permanent):
    """The platform refuses the content."""

    code = "content_rejected"
    title = "The platform rejects the content"
    remedy = "Edit the message, or its text for this channel: then it is published again."


class UnsupportedContent(Permanent):
    """The channel cannot carry this kind of content."""

    code = "unsupported_content"
    title = "The channel can't carry this content"
    remedy = "Give this channel a text of its own in `variants`: then it is published again."


class OptedOut(Permanent):
    """The recipient told the platform that they want nothing more."""

    code = "opted_out"
    title = "This person opted out"
    remedy = "Nothing to do: their wish is respected."


class CredentialsRejected(ChannelError):
    """The platform refuses the account's credentials."""

    code = "credentials_rejected"
    title = "The platform refuses our credentials"
    remedy = (
        "An administrator must connect this channel's account again; then it goes on by itself."
    )


class Ambiguous(ChannelError):
    """Sent, but no usable answer: published or not is unknown."""

    code = "no_answer"
    title = "The platform did not answer"
    remedy = "We look it up before anything is sent again."


class LostRace(Exception):
    """A conditional write met a version newer than the one read."""


class StoreUnavailable(PublisherError):
    """Our own store did not take a write or answer a read; nothing was promised."""

    code = "store_unavailable"
    title = "Our storage is not available"


class PushFailed(Exception):
    """A frame could not be sent over a live connection; whether it arrived nobody knows."""


class ConfigurationError(Exception):
    """A setting is missing or contradicts another one."""
