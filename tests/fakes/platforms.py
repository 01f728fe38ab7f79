"""All platforms at once: they answer in their own dialects and remember what was published.

`arm` scripts what happens to the next requests that publish, one entry each; without an entry they
succeed. With ``asking`` it scripts those that do not publish. A fault decides what the platform
does and what its caller gets to see of it:

    succeeds            published, answered
    lost_before         nothing done, no answer
    lost_after          published, no answer            (`after` seconds later: a delayed effect)
    unreachable         certainly nothing done
    answers(429, …)     nothing done, this answer
    garbled             published, an answer nobody can read
    broken              the transport itself fails
    dies_before, _after the process is gone
"""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote

from chalicelib.domain.channels import Account, AwsCall, ChannelName, HttpRequest, Response
from chalicelib.domain.errors import Ambiguous, OutOfTime, PlatformUnavailable
from tests.fakes.ground import Died, VirtualClock

Request = HttpRequest | AwsCall
LATER = timedelta(days=1)
NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Shown:
    """What one platform shows its readers."""

    channel: ChannelName
    id: str
    text: str
    recipient: str | None
    token: str
    at: datetime
    """From when on it is visible."""
    media: tuple[str, ...] = ()
    """Which of the platform's pictures it shows; `FakePlatforms.pictures` says what they are."""
    mark: str = ""
    """What the platform hands back with its reports."""


@dataclass
class Act:
    """One request under way: `do` lets the platform act on it."""

    request: Request
    platforms: FakePlatforms
    account: Account

    def do(self, delay: timedelta = timedelta(0)) -> Response:
        """Let the platform act, now or visibly later."""
        return self.platforms.act(self.request, self.account, delay)

    def silence(self) -> Exception:
        """Return what the caller gets instead of an answer."""
        return (Ambiguous if self.request.publishes else PlatformUnavailable)("No answer.")


Fault = Callable[[Act], Response]


def succeeds(act: Act) -> Response:
    """Do it and answer."""
    return act.do()


def lost_before(act: Act) -> Response:
    """Do nothing and say nothing."""
    raise act.silence()


def lost_after(act: Act) -> Response:
    """Do it and say nothing."""
    act.do()
    raise act.silence()


def late(seconds: float) -> Fault:
    """Say nothing and do it some seconds later."""

    def fault(act: Act) -> Response:
        act.do(timedelta(seconds=seconds))
        raise act.silence()

    return fault


def unreachable(act: Act) -> Response:
    """Be certainly not reached."""
    raise PlatformUnavailable("Connection refused.")


def answers(status: int, body: object = None, **headers: str) -> Fault:
    """Do nothing and answer this; header names are written with underscores."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: reply(body, status, named)


def garbled(act: Act) -> Response:
    """Do it and answer what nobody can read."""
    act.do()
    return Response(200, body=b'{"id": ', data={})


def broken(act: Act) -> Response:
    """Fail in a way nobody has thought of."""
    raise RuntimeError("nobody has thought of this")


def dies_before(act: Act) -> Response:
    """End the process before anything is sent."""
    raise Died


def dies_after(act: Act) -> Response:
    """Do it and end the process before the answer is seen."""
    act.do()
    raise Died


def rate_limited(seconds: int) -> Fault:
    """Refuse for the moment."""
    return answers(429, {}, retry_after=str(seconds))


def denies(act: Act) -> Response:
    """Do it and say that it was refused for the moment."""
    act.do()
    return reply({}, 429, {"retry-after": "60"})


def reply(body: object = None, status: int = 200, headers: Mapping[str, str] = NONE) -> Response:
    """Return a JSON answer."""
    return Response(status, dict(headers), json.dumps({} if body is None else body).encode())


GONE = {"linkedin": Response(204)}
"""What a platform says when a post is deleted, or was, where it is not Graph's way."""


@dataclass
class FakePlatforms:
    """Implements `ports.Transport`; see the module."""

    clock: VirtualClock
    posts: list[Shown] = field(default_factory=list)
    removed: dict[str, datetime] = field(default_factory=dict)
    """Which posts were deleted, and since when."""
    calls: list[tuple[datetime, Account, Request]] = field(default_factory=list)
    containers: dict[str, dict[str, Any]] = field(default_factory=dict)
    pictures: dict[str, str] = field(default_factory=dict)
    """What was put up, seen by nobody yet or in a post: its id there, and our reference."""
    scripts: dict[tuple[str, bool], deque[Fault]] = field(
        default_factory=lambda: defaultdict(deque)
    )
    during: Callable[[Request], object] = lambda _: None
    """Is told of each request before anything happens to it."""

    def arm(self, channel: str, *faults: Fault, asking: bool = False) -> None:
        """Script what happens to a channel's next requests that publish, or that only ask."""
        self.scripts[channel, not asking].extend(faults)

    def perform(self, step: Request, account: Account, until: datetime | None = None) -> Response:
        """Perform one step as scripted, unless it is too late for it."""
        if until is not None and self.clock.now() > until:
            raise OutOfTime
        self.calls.append((self.clock.now(), account, step))
        self.during(step)
        script = self.scripts[account.channel, step.publishes]
        fault = script.popleft() if script else succeeds
        return fault(Act(step, self, account))

    def shown(self, channel: str) -> list[Shown]:
        """Return what a platform shows by now, oldest first."""
        now = self.clock.now()
        return [
            post
            for post in self.posts
            if post.channel == channel
            and post.at <= now
            and self.removed.get(post.id, now + LATER) > now
        ]

    def gallery(self, channel: str) -> list[list[str]]:
        """Return our references of the pictures of each post that a platform shows."""
        return [[self.pictures[item] for item in post.media] for post in self.shown(channel)]

    def published(self, channel: str) -> list[Request]:
        """Return the requests to a channel that could publish."""
        mine = [step for _, account, step in self.calls if account.channel == channel]
        return [step for step in mine if step.publishes]

    def act(self, step: Request, account: Account, delay: timedelta) -> Response:
        """Do what is asked, visibly after a delay, and answer in the channel's dialect."""
        act = _Acting(self, account.channel, self.clock.now() + delay)
        if isinstance(step, AwsCall):
            return act.aws(step)
        path = step.url.split("?")[0].split("/")[3:]
        if step.method == "DELETE":
            self.removed.setdefault(unquote(path[-1]), self.clock.now() + delay)
            return GONE.get(account.channel, reply({"success": True}))
        dialect = getattr(act, account.channel, act.fake)
        answer: Response = dialect(step, path)
        return answer


@dataclass
class _Acting:
    """One platform acting on one request."""

    platforms: FakePlatforms
    channel: ChannelName
    at: datetime

    def show(
        self,
        text: str,
        recipient: str | None = None,
        token: str = "",
        media: Sequence[str] = (),
        mark: str = "",
    ) -> str:
        """Make a post visible; return its id."""
        known = self.platforms.posts
        identifier = f"{self.channel}_{len(known) + 1}"
        known.append(
            Shown(self.channel, identifier, text, recipient, token, self.at, tuple(media), mark)
        )
        return identifier

    def put_up(self, ref: str, prefix: str) -> str:
        """Take in a picture that nobody sees yet; return its id."""
        identifier = f"{prefix}{len(self.platforms.pictures) + 1}"
        self.platforms.pictures[identifier] = ref
        return identifier

    def seen(self) -> list[Shown]:
        """Return what readers see by now."""
        return self.platforms.shown(self.channel)

    def has(self, identifier: str) -> bool:
        """Return whether readers see a post."""
        return any(post.id == identifier for post in self.seen())

    # --- the real platforms -------------------------------------------------------------------

    def aws(self, step: AwsCall) -> Response:
        """SES and SNS."""
        params = step.params
        if step.operation == "send_email":
            text = params["Content"]["Simple"]["Body"]["Text"]["Data"]
            mark = params["EmailTags"][0]["Value"]
            return self._sent(text, params["Destination"]["ToAddresses"][0], mark)
        if step.operation == "publish":
            return self._sent(params["Message"], params["PhoneNumber"], "")
        data = {"SendingEnabled": True, "VerifiedForSendingStatus": True}
        return Response(200, data=data)

    def _sent(self, text: str, recipient: str, mark: str) -> Response:
        return Response(200, data={"MessageId": self.show(text, recipient, mark=mark)})

    def facebook(self, step: HttpRequest, path: list[str]) -> Response:
        """The Page's feed and photos."""
        if step.method == "GET" and path[-1] == "feed":
            return reply({"data": [_story(post) for post in self.seen()]})
        if step.method == "GET":
            is_photo = path[-1] in self.platforms.pictures
            return reply({"id": path[-1]}) if is_photo or self.has(path[-1]) else _gone()
        fields = step.json
        if path[-1] == "photos":
            photo = self.put_up(fields["url"].ref, "photo")
            if not step.publishes:
                return reply({"id": photo})
            return reply({"id": photo, "post_id": self.show(fields["message"], media=[photo])})
        photos = [item["media_fbid"] for item in fields.get("attached_media", ())]
        if not all(photo in self.platforms.pictures for photo in photos):
            return _gone()
        if any(photo in post.media for post in self.platforms.posts for photo in photos):
            return reply({"error": {"code": 100, "error_subcode": 1366051}}, 400)
        return reply({"id": self.show(fields["message"], media=photos)})

    def instagram(self, step: HttpRequest, path: list[str]) -> Response:
        """Containers, and what became of them."""
        known = self.platforms.containers
        if path[-1] == "media" and step.method == "POST":
            return self._instagram_container(step.json)
        if path[-1] == "media_publish":
            return reply({"id": self._published(step.json["creation_id"])})
        if path[-1] == "media":
            return reply({"data": [_listed(post, "caption", "timestamp") for post in self.seen()]})
        if path[-1] in known:
            code = "PUBLISHED" if self._is_out(known[path[-1]]) else "FINISHED"
            return reply({"status_code": code})
        if step.params["fields"] == "id":
            return reply({"id": path[-1]}) if self.has(path[-1]) else _gone()
        return reply({"permalink": f"https://www.instagram.com/p/{path[-1]}/"})

    def linkedin(self, step: HttpRequest, path: list[str]) -> Response:
        """The organisation's posts and pictures."""
        if path[1:2] == ["images"] and step.method == "POST":
            urn = self.put_up("", "urn:li:image:")
            value = {"image": urn, "uploadUrl": f"https://www.linkedin.com/put/{urn}"}
            return reply({"value": value})
        if step.method == "PUT":
            assert step.body is not None
            self.platforms.pictures[path[-1]] = step.body.ref
            return reply({}, 201)
        if path[1:2] == ["images"]:
            there = unquote(path[-1]) in self.platforms.pictures
            return reply({"status": "AVAILABLE"}) if there else reply({}, 404)
        if step.method == "POST":
            images = _images(step.json.get("content", {}))
            urn = self.show(step.json["commentary"], media=[image["id"] for image in images])
            return reply({}, 201, {"x-restli-id": urn})
        if path[2:]:
            return reply({}) if self.has(unquote(path[-1])) else reply({}, 404)
        return reply({"elements": [_element(post) for post in self.seen()]})

    def whatsapp(self, step: HttpRequest, path: list[str]) -> Response:
        """Messages."""
        message = step.json
        if message["type"] == "template":
            parts = message["template"]["components"][-1]["parameters"]
            text = " ".join(part["text"] for part in parts)
        else:
            text = (message.get("text") or message["image"])["body"]
        mark = message["biz_opaque_callback_data"]
        return reply({"messages": [{"id": self.show(text, message["to"], mark=mark)}]})

    # --- the fake ones ------------------------------------------------------------------------

    def fake(self, step: HttpRequest, path: list[str]) -> Response:
        """The small dialect of `channels`."""
        match (step.method, *path):
            case ("GET", "me"):
                return reply({"identity": f"{self.channel} community"})
            case ("GET", "posts"):
                return reply({"data": [_fake_item(post) for post in self.seen()]})
            case ("GET", "posts", post_id):
                return reply({"id": post_id}) if self.has(post_id) else reply({}, 404)
            case ("POST", "posts"):
                return reply({"id": self._posted(step.json)})
            case ("POST", "containers"):
                return self._container(step.json["text"])
            case ("POST", "containers", container):
                return reply({"id": self._published(container)})
        made = self.platforms.containers[path[-1]]
        return reply({"published": made["id"] if self._is_out(made) else None})

    def _posted(self, fields: Mapping[str, Any]) -> str:
        """Publish; a platform with keys knows what it was sent before."""
        token = fields["token"]
        known = [post for post in self.platforms.posts if post.token == token]
        if self.channel.startswith("key-") and known:
            return known[0].id
        return self.show(fields["text"], fields["recipient"], token, mark=fields["mark"])

    # --- containers ---------------------------------------------------------------------------

    def _instagram_container(self, fields: Mapping[str, Any]) -> Response:
        if "children" not in fields:
            return self._container(
                fields.get("caption", ""), [self.put_up(fields["image_url"].ref, "picture")]
            )
        children = [self.platforms.containers[child] for child in fields["children"].split(",")]
        media = [picture for child in children for picture in child["media"]]
        return self._container(fields["caption"], media)

    def _container(self, text: str, media: Sequence[str] = ()) -> Response:
        known = self.platforms.containers
        identifier = f"container{len(known) + 1}"
        known[identifier] = {"text": text, "media": media, "id": None, "at": None}
        return reply({"id": identifier})

    def _published(self, container: str) -> str:
        """Publish a container; again: the same post."""
        made = self.platforms.containers[container]
        if made["id"] is None:
            made |= {"id": self.show(made["text"], media=made["media"]), "at": self.at}
        return str(made["id"])

    def _is_out(self, made: Mapping[str, Any]) -> bool:
        return made["id"] is not None and made["at"] <= self.platforms.clock.now()


def _listed(post: Shown, text: str, time: str) -> dict[str, str]:
    return {"id": post.id, text: post.text, time: post.at.isoformat()}


def _story(post: Shown) -> dict[str, Any]:
    """A post as the Page's feed lists it."""
    photos = [{"type": "photo", "target": {"id": photo}} for photo in post.media]
    album = [{"type": "album", "target": {"id": post.id}, "subattachments": {"data": photos}}]
    attachments = {"data": album if len(photos) > 1 else photos}
    return {**_listed(post, "message", "created_time"), "attachments": attachments}


def _gone() -> Response:
    return reply({"error": {"code": 100, "error_subcode": 33, "message": "Not there."}}, 400)


def _images(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The pictures that a LinkedIn post names."""
    several = content.get("multiImage", {}).get("images", [])
    return [*several, *([content["media"]] if "media" in content else [])]


def _element(post: Shown) -> dict[str, Any]:
    """A post as LinkedIn's finder lists it."""
    stamp = int(post.at.timestamp() * 1000)
    return {
        "id": post.id,
        "commentary": post.text,
        "content": {"multiImage": {"images": [{"id": urn} for urn in post.media]}},
        "createdAt": stamp,
        "lastModifiedAt": stamp,
    }


def _fake_item(post: Shown) -> dict[str, str]:
    return {"id": post.id, "text": post.text, "token": post.token, "at": post.at.isoformat()}
