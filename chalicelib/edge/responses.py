"""Whole answers: status, body and headers, kept as they are for an idempotency key."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any, TypeVar

from chalicelib.domain.certifications import catalogue
from chalicelib.domain.channels import Channel, ChannelName
from chalicelib.domain.deliveries import Delivery
from chalicelib.domain.errors import NotFound
from chalicelib.domain.ports import (
    AccountState,
    Achievement,
    Cursor,
    Page,
    Snapshot,
    Subscription,
    Ticket,
    Upload,
    UploadTicket,
)
from chalicelib.edge import rendering
from chalicelib.edge.problems import encode
from chalicelib.edge.requests import Answer, Request

T = TypeVar("T")
_CHANNEL = "~channel"
"""In the cursor of several channels' recipients: which channel it is in."""
JSON = "application/json"


def ok(value: Any, status: HTTPStatus = HTTPStatus.OK, **headers: str) -> Answer:
    """Answer with a JSON value; header names are given with underscores."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Answer(int(status), encode(value), {"Content-Type": JSON, **named})


def plain(text: str = "") -> Answer:
    """Answer with plain text."""
    return Answer(int(HTTPStatus.OK), text, {"Content-Type": "text/plain; charset=utf-8"})


def no_content() -> Answer:
    """Answer that it is done and there is nothing to say."""
    return Answer(int(HTTPStatus.NO_CONTENT), "")


def items(values: Iterable[T], render: Callable[[T], Mapping[str, Any]]) -> Answer:
    """Answer with a whole list."""
    return ok({"items": [render(value) for value in values]})


def page(request: Request, found: Page[T], render: Callable[[T], Mapping[str, Any]]) -> Answer:
    """Answer with a page of a list and the signed cursor of the next."""
    listed = [render(value) for value in found.items]
    return ok({"items": listed, "next_cursor": request.next_cursor(found)})


def message(snapshot: Snapshot, status: HTTPStatus = HTTPStatus.OK) -> Answer:
    """Answer with a message, its revision as ETag."""
    return ok(rendering.message(snapshot), status, ETag=f'"{snapshot.message.revision}"')


def accepted_message(snapshot: Snapshot) -> Answer:
    """Answer that a message was taken, and where it can be followed."""
    answer = message(snapshot, HTTPStatus.ACCEPTED)
    location = f"/api/v1/messages/{snapshot.message.id}"
    return Answer(answer.status, answer.body, {**answer.headers, "Location": location})


def certification(found: tuple[Achievement, Snapshot]) -> Answer:
    """Answer with a certification and its announcement, whose revision is the ETag."""
    return ok(rendering.certification(*found), ETag=f'"{found[1].message.revision}"')


def accepted_certification(found: tuple[Achievement, Snapshot]) -> Answer:
    """Answer that a certification was taken, and where it can be followed."""
    answer = certification(found)
    location = f"/api/v1/certifications/{found[0].id}"
    return Answer(int(HTTPStatus.ACCEPTED), answer.body, {**answer.headers, "Location": location})


def channels(overview: Iterable[tuple[Channel, AccountState]]) -> Answer:
    """Answer with every channel and its account."""
    return items(overview, lambda pair: rendering.channel(*pair))


def previews(found: Iterable[rendering.Preview]) -> Answer:
    """Answer with one preview per channel, in the order asked."""
    return ok({"channels": [rendering.preview(preview) for preview in found]})


def added_recipient(subscription: Subscription) -> Answer:
    """Answer that someone will be written to."""
    where = f"/api/v1/channels/{subscription.channel}/recipients/{subscription.recipient.id}"
    return ok(rendering.recipient(subscription), HTTPStatus.CREATED, Location=where)


def message_recipients(
    request: Request, snapshot: Snapshot, fetch: Callable[..., Page[Delivery]]
) -> Answer:
    """Answer with a page of a message's recipients: one direct channel, or one after the other.

    `fetch` takes a channel and a `cursor`. `NotFound` for a channel that has no recipients here.
    """
    direct = [part.key.channel for part in snapshot.deliveries if part.parent]
    wanted = [name for name in direct if request.query.get("channel") in (None, name)]
    if "channel" in request.query and not wanted:
        raise NotFound("The message has no recipients on this channel.")
    position = dict(request.position or {})
    current = ChannelName(position.pop(_CHANNEL, wanted[0] if wanted else ""))
    if current not in wanted:
        return page(request, Page([]), rendering.recipient_delivery)
    found = fetch(current, cursor=position or None)
    following = wanted[wanted.index(current) + 1 :]
    cursor: Cursor | None = None
    if found.cursor is not None:
        cursor = {**found.cursor, _CHANNEL: current}
    elif following:
        cursor = {_CHANNEL: following[0]}
    return page(request, Page(found.items, cursor), rendering.recipient_delivery)


def certification_types() -> Answer:
    """Answer with the catalogue, what can still be earned first."""
    return items(catalogue().active_first(), rendering.certification_type)


def upload_ticket(made: tuple[Upload, UploadTicket]) -> Answer:
    """Answer with the form that takes one file."""
    location = f"/api/v1/uploads/{made[0].id}"
    return ok(rendering.upload_ticket(*made), HTTPStatus.CREATED, Location=location)


def live_ticket(ticket: Ticket) -> Answer:
    """Answer with the right to open a live connection."""
    return ok(rendering.live_ticket(ticket), HTTPStatus.CREATED)
