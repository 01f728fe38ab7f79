"""Recipients of the direct channels: consent in, opt-out at any time."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.domain.channels import Channel, ChannelName, Recipient
from chalicelib.domain.errors import (
    AlreadySubscribed,
    Conflict,
    Fault,
    Forbidden,
    InvalidMessage,
    NotFound,
)
from chalicelib.domain.identity import Member, Role
from chalicelib.domain.instants import format_instant
from chalicelib.domain.ports import (
    Clock,
    Cursor,
    Page,
    Signer,
    Subscription,
    Subscriptions,
    Telemetry,
)

PURPOSE = "unsubscribe"
STOP_WORDS = frozenset(
    {
        *("stop", "stopall", "unsubscribe", "cancel", "end", "quit", "remove"),
        *("optout", "opt-out", "arret", "baja", "alto"),
    }
)
"""What the carriers and WhatsApp understand as a wish to be left alone, and its Spanish forms."""
START_WORDS = frozenset({"start", "unstop", "alta"})
"""How somebody who opted out opts in again."""
WINDOW = timedelta(hours=24)
"""For so long after somebody wrote to us a platform allows free text."""
_EMAIL = re.compile(r"[^\s@<>\",;:()\[\]\\]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,63}")
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")


class Subscribing:
    """Who is written to, and who no longer is."""

    def __init__(
        self,
        *,
        channels: Mapping[ChannelName, Channel],
        subscriptions: Subscriptions,
        signer: Signer,
        clock: Clock,
        telemetry: Telemetry,
    ) -> None:
        self._channels = channels
        self._subscriptions = subscriptions
        self._signer = signer
        self._clock = clock
        self._telemetry = telemetry

    def add(
        self, name: str, address: str, display_name: str, consent: str, member: Member
    ) -> Subscription:
        """Record someone's consent; addresses that differ only in case are one recipient's.

        What is recorded stays: `AlreadySubscribed` names who has the address, and whoever opted out
        is a `Conflict`, since only they can change their mind. Raises `InvalidMessage`.
        """
        self.check(name, (address, display_name, consent), member)
        channel = self._direct(name, member)
        normal = normalise_address(channel.name, address) or ""
        recipient = Recipient(self.id_of(channel.name, normal), address=normal, name=display_name)
        subscription = Subscription(recipient, channel.name, consent, self._clock.now())
        if not self._subscriptions.add(subscription):
            raise self._known(channel.name, recipient.id)
        return subscription

    def check(self, name: str, consented: tuple[str, str, str], member: Member) -> None:
        """Raise what is wrong with an address, name and consent, and do nothing."""
        channel = self._direct(name, member)
        address, _, consent = consented
        faults = []
        if normalise_address(channel.name, address) is None:
            wanted = "an e-mail address" if channel.name == "email" else "a number like +15550100"
            faults.append(Fault("/address", "invalid_address", f"Give {wanted}."))
        if not consent.strip():
            detail = "Say how and when this person agreed to be written to."
            faults.append(Fault("/consent", "required", detail))
        if faults:
            raise InvalidMessage(faults)

    def _known(self, channel: ChannelName, recipient_id: str) -> Conflict:
        """Return why an address is not added."""
        known = self._subscriptions.get(channel, recipient_id)
        if known is None or known.opted_out_at is not None:
            return Conflict("This person opted out; only they can opt in again.")
        since = format_instant(known.created_at)
        detail = f"They have been a recipient since {since}, and stay as they were recorded."
        return AlreadySubscribed(detail, recipient_id)

    def id_of(self, channel: ChannelName, address: str) -> str:
        """Return the id of whoever has an address; it hangs on our signing key."""
        # RFC 5321 lets a host tell cases apart before the @; none that people use does.
        return self._signer.opaque("recipient", channel, address.lower())

    def listing(
        self, name: str, member: Member, *, limit: int, cursor: Cursor | None
    ) -> Page[Subscription]:
        """Return a page of a channel's recipients in the order of their ids."""
        channel = self._direct(name, member)
        return self._subscriptions.page(channel.name, limit, (cursor or {}).get("after"))

    def remove(self, name: str, recipient_id: str, member: Member) -> None:
        """Forget a recipient altogether."""
        channel = self._direct(name, member)
        if not self._subscriptions.remove(channel.name, recipient_id):
            raise NotFound("There is no such recipient.")

    def describe(self, token: str) -> Subscription:
        """Return whom an unsubscribe link is for; `NotFound` for any other text."""
        channel, _, recipient_id = (self._signer.verify(PURPOSE, token) or "").partition(":")
        found = self._subscriptions.get(ChannelName(channel), recipient_id) if channel else None
        if found is None:
            raise NotFound("This link is not, or no longer, valid.")
        return found

    def unsubscribe(self, token: str) -> Subscription:
        """Opt out whoever holds the link. Again: the same."""
        found = self.describe(token)
        now = self._clock.now()
        self._subscriptions.opt_out(found.channel, found.recipient.id, now)
        self._telemetry.event("opted_out", channel=found.channel, recipient=found.recipient.id)
        return replace(found, opted_out_at=found.opted_out_at or now)

    def heard(self, name: ChannelName, address: str, text: str, at: datetime | None = None) -> bool:
        """Take in what someone wrote to us; True if it was a wish to be left alone.

        `at` is when they wrote it, as far as it is known and not in the future. In whatever order
        messages arrive, and however often: their latest wish counts.
        """
        normal = normalise_address(name, address)
        if normal is None:
            return False
        now = self._clock.now()
        written_at = min(at or now, now)
        recipient_id = self.id_of(name, normal)
        self._subscriptions.open_window(name, recipient_id, written_at + WINDOW)
        word = text.strip().strip(".!").casefold()
        if word in START_WORDS:
            consent = f"Wrote {word.upper()} to us."
            if self._subscriptions.opt_in(name, recipient_id, consent, written_at):
                self._telemetry.event("opted_in", channel=name, recipient=recipient_id)
        if word in STOP_WORDS:
            self._subscriptions.opt_out(name, recipient_id, written_at)
            self._telemetry.event("opted_out", channel=name, recipient=recipient_id)
        return word in STOP_WORDS

    def _direct(self, name: str, member: Member) -> Channel:
        if not member.may(Role.COMMUNITY_MANAGER):
            raise Forbidden("Only community managers see recipients.")
        channel = self._channels.get(ChannelName(name))
        if channel is None or not channel.direct:
            raise NotFound("There is no such channel with recipients.")
        return channel


def normalise_address(channel: ChannelName, address: str) -> str | None:
    """Return the address as it is written to; None if it is none of this channel's kind."""
    if channel == "email":
        text = address.strip()
        local, _, host = text.rpartition("@")
        return f"{local}@{host.lower()}" if _EMAIL.fullmatch(text) and len(text) <= 254 else None
    text = re.sub(r"[\s().-]", "", address)
    return text if _PHONE.fullmatch(text) else None
