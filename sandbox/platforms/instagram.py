"""Stand in for an Instagram professional account: containers, publishing, reading back.

A container is made from a picture that is pulled at once, becomes ready after it was looked at, is
published by its id (again and again with the same result) and is gone after a day. A carousel is a
container of containers; it lives no longer than the oldest of them, and shows every picture in the
ratio of the first. Rules and error codes: the project's channel fact sheet, section 4.2 (checked
November 2026).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from itertools import takewhile
from typing import Any

from sandbox.platforms.dialects.graph import (
    Call,
    GraphError,
    GraphPlatform,
    chosen,
    graph_time,
    nothing_there,
    page,
)
from sandbox.platforms.engine.moments import instant, moment
from sandbox.platforms.engine.pictures import NotAnImage, NotPulled, pull
from sandbox.platforms.engine.posts import Picture, Post
from sandbox.platforms.engine.wire import Answer, Request
from sandbox.platforms.engine.world import Objects, Refusal, live, token

IG_USER_ID = "17841400000000042"
USERNAME = "cloud.community"
MAX_CAPTION, MAX_HASHTAGS, MAX_MENTIONS = 2200, 30, 20
MAX_BYTES = 8 * 1024 * 1024
MAX_CAROUSEL = 10
MIN_WIDTH = 320
NARROWEST, WIDEST = 4 / 5, 1.91
RATIO_TOLERANCE = 0.01
READY_AFTER = timedelta(seconds=3)
EXPIRES_AFTER = timedelta(hours=24)
QUOTA_TOTAL = 10_000
MEDIA_FIELDS = ("id",)


class Instagram(GraphPlatform):
    """One professional account with one token, by Facebook or by Instagram login."""

    channel = "instagram"
    hosts = ("graph.facebook.com", "graph.instagram.com")
    scopes = ("instagram_basic", "instagram_content_publish", "pages_read_engagement")
    throttle = (403, 4)
    rejection = (100, 2207023)

    def new_account(self) -> dict[str, Any]:
        """Return a fresh account and token."""
        return {"ig_user_id": IG_USER_ID, "username": USERNAME, "access_token": token("instagram")}

    def identity(self) -> dict[str, Any]:
        """Return the account."""
        user_id, username = self.seed["ig_user_id"], self.seed["username"]
        return {"id": user_id, "user_id": user_id, "username": username, "name": username,
                "account_type": "BUSINESS"}  # fmt: skip

    def owns(self, node: str) -> bool:
        """Say whether ``node`` is the account, a container or a medium."""
        if node == self.seed["ig_user_id"] or self.world.posts.find("instagram", node):
            return True
        with self.world.objects("instagram container") as containers:
            return containers.get(node) is not None

    def of_token(self, call: Call) -> Any:
        """Answer what a token may ask about itself: here also for a longer life."""
        if call.method == "GET" and call.path == ["refresh_access_token"]:
            return {"access_token": call.token, "token_type": "bearer", "expires_in": 5_184_000}
        return super().of_token(call)

    def makes_visible(self, call: Call) -> bool:
        """Say whether a container is being published."""
        return call.path == [self.seed["ig_user_id"], "media_publish"]

    def refuse(self, refusal: Refusal, request: Request, seconds: float) -> Answer:
        """Refuse; rejected content leaves its container in error, as a look-up then shows."""
        if refusal is Refusal.REJECT_CONTENT:
            with self.world.objects("instagram container") as containers:
                creation_id = Call(request).text("creation_id")
                if containers.get(creation_id) is not None:
                    containers.put(creation_id, error=self.rejection[1])
        return super().refuse(refusal, request, seconds)

    def serve(self, call: Call) -> Any:
        """Answer for the account, its containers and its media."""
        node, verb = call.node, (call.method, *call.path[1:])
        if node == self.seed["ig_user_id"]:
            if verb == ("GET",):
                return chosen(self.identity(), call, ("id",))
            if verb == ("POST", "media"):
                return self._container(call)
            if verb == ("GET", "media"):
                newest = (p for p in self.world.posts.newest_first("instagram") if p.is_live)
                return page([self._medium(p) for p in newest], call, MEDIA_FIELDS, "timestamp")
            if verb == ("POST", "media_publish"):
                return self._publish(call)
            if verb == ("GET", "content_publishing_limit"):
                return self._quota(call)
        elif verb == ("GET",):
            return self._object(node, call)
        elif verb == ("DELETE",):
            return self._delete(node)
        raise nothing_there("/".join(call.path))

    def _delete(self, node: str) -> Any:
        post = live(self.world.posts.find("instagram", node))
        if post is None:
            raise nothing_there(node)
        self.world.posts.delete(post)
        return {"success": True}

    def _container(self, call: Call) -> Any:
        kind = call.text("media_type").upper() or "IMAGE"
        is_child = call.flag("is_carousel_item", default=False)
        caption = "" if is_child else call.text("caption")
        _check_caption(caption)
        created_at = self.world.instant()
        if kind == "CAROUSEL":
            pictures, created_at = self._children(call)
        elif kind in ("IMAGE", "STORIES") and call.text("image_url"):
            pictures = [self._pull(call)]
        else:
            raise GraphError(100, "the sandbox takes image_url or CAROUSEL", subcode=2207023)
        with self.world.objects("instagram container") as containers:
            container_id = f"178{self.world.number()}"
            containers.put(
                container_id,
                kind=kind,
                is_child=is_child,
                caption=caption,
                pictures=[asdict(picture) for picture in pictures],
                created_at=created_at,
            )
        return {"id": container_id}

    def _pull(self, call: Call) -> Picture:
        try:
            content = pull(call.text("image_url"))
            picture = self.world.pictures.keep(content, call.text("alt_text") or None)
        except NotPulled as error:
            raise GraphError(
                9004, f"the media could not be fetched: {error}", subcode=2207052
            ) from error
        except NotAnImage as error:
            raise GraphError(36001, "the file is not an image", subcode=2207005) from error
        if len(content) > MAX_BYTES:
            raise GraphError(36000, "the image is larger than 8 MiB", subcode=2207004)
        if picture.content_type != "image/jpeg":
            raise GraphError(36001, "only JPEG is taken", subcode=2207005)
        ratio = picture.width / picture.height
        if not NARROWEST - RATIO_TOLERANCE <= ratio <= WIDEST + RATIO_TOLERANCE:
            raise GraphError(36003, "the aspect ratio is outside 4:5 to 1.91:1", subcode=2207009)
        if picture.width < MIN_WIDTH:
            raise GraphError(36001, f"the image is narrower than {MIN_WIDTH} px", subcode=2207005)
        return picture

    def _children(self, call: Call) -> tuple[list[Picture], str]:
        """Return a carousel's pictures and when the oldest of them was made."""
        value = call.fields.get("children", "")
        ids = [str(i) for i in value] if isinstance(value, list) else str(value).split(",")
        if not 2 <= len(ids) <= MAX_CAROUSEL:
            detail = f"a carousel has 2 to {MAX_CAROUSEL} items"
            raise GraphError(100, detail, subcode=2207028)
        with self.world.objects("instagram container") as containers:
            children = [self._child(child_id.strip(), containers) for child_id in ids]
        first, *others = [Picture(**child["pictures"][0]) for child in children]
        ratio = first.width / first.height
        return (
            [first, *(self._alike(picture, ratio) for picture in others)],
            min(child["created_at"] for child in children),
        )

    def _alike(self, picture: Picture, ratio: float) -> Picture:
        """Return a picture cut to a ratio, unless nobody would see a difference."""
        if abs(picture.width / picture.height / ratio - 1) <= RATIO_TOLERANCE:
            return picture
        return self.world.pictures.cut(picture, ratio)

    def _child(self, child_id: str, containers: Objects) -> Mapping[str, Any]:
        child = containers.get(child_id)
        if child is None or not child["is_child"] or self._is_expired(child):
            raise GraphError(100, f"{child_id} is not a carousel item", subcode=2207028)
        return child

    def _publish(self, call: Call) -> Any:
        creation_id = call.text("creation_id")
        with self.world.objects("instagram container") as containers:
            container = containers.get(creation_id)
            if container is None or container["is_child"]:
                raise GraphError(24, "the container can't be found", subcode=2207006)
            if media_id := container.get("media_id"):
                return {"id": media_id}
            if self._is_expired(container):
                raise GraphError(24, "the container has expired", subcode=2207008)
            if container.get("error"):
                raise GraphError(
                    *self.rejection[:1], "the container is broken", subcode=container["error"]
                )
            if not self._is_ready(container):
                raise GraphError(9007, "the media is not ready to be published", subcode=2207027)
            if self._used() >= QUOTA_TOTAL:
                raise GraphError(9, "the publishing limit is reached", subcode=2207042)
            media_id = f"180{self.world.number()}"
            self._show(media_id, dict(container))
            containers.put(creation_id, media_id=media_id)
        return {"id": media_id}

    def _show(self, media_id: str, container: dict[str, Any]) -> None:
        url = f"https://www.instagram.com/p/{_short_code(int(media_id))}/"
        pictures = tuple(Picture(**picture) for picture in container["pictures"])
        is_story = container["kind"] == "STORIES"
        extra = {"author": self.seed["username"], "is_story": is_story}
        post = Post("instagram", media_id, url, container["caption"], pictures, extra=extra)
        self.world.posts.add(post)

    def _object(self, node: str, call: Call) -> Any:
        with self.world.objects("instagram container") as containers:
            container = containers.get(node)
            if container is not None:
                shown = self._status(node, containers)
                return chosen(shown, call, ("id",))
        post = live(self.world.posts.find("instagram", node))
        if post is None:
            raise nothing_there(node)
        return chosen(self._medium(post), call, MEDIA_FIELDS)

    def _status(self, node: str, containers: Objects) -> dict[str, Any]:
        container: Mapping[str, Any] = containers.get(node) or {}
        if container.get("media_id"):
            code, status = "PUBLISHED", "Published: this container was published."
        elif self._is_expired(container):
            code, status = "EXPIRED", "Expired: it was not published within a day."
        elif container.get("error"):
            code, status = "ERROR", f"Error: {container['error']}"
        elif not container.get("looked_at"):
            containers.put(node, looked_at=True)
            code, status = "IN_PROGRESS", "In Progress: it is being processed."
        else:
            code, status = "FINISHED", "Finished: it is ready to be published."
        return {"id": node, "status_code": code, "status": status}

    def _medium(self, post: Post) -> dict[str, Any]:
        return {
            "id": post.external_id,
            "caption": post.text or None,
            "permalink": post.url,
            "timestamp": graph_time(post.created_at),
            "media_type": "CAROUSEL_ALBUM" if len(post.media) > 1 else "IMAGE",
            "media_product_type": "STORY" if post.extra.get("is_story") else "FEED",
            "username": self.seed["username"],
            "alt_text": post.media[0].alt_text if post.media else None,
            "shortcode": (post.url or "").rstrip("/").rpartition("/")[2],
        }

    def _quota(self, call: Call) -> Any:
        config = {"quota_total": QUOTA_TOTAL, "quota_duration": 86_400}
        value = {"quota_usage": self._used(), "config": config}
        return {"data": [chosen(value, call, ("quota_usage",))]}

    def _used(self) -> int:
        since = instant(self.world.now() - EXPIRES_AFTER)
        recent = takewhile(
            lambda post: post.created_at >= since, self.world.posts.newest_first("instagram")
        )
        return sum(1 for _ in recent)

    def _is_ready(self, container: Any) -> bool:
        return bool(container.get("looked_at")) or self._age(container) >= READY_AFTER

    def _is_expired(self, container: Any) -> bool:
        return self._age(container) >= EXPIRES_AFTER

    def _age(self, container: Any) -> timedelta:
        return self.world.now() - (moment(container["created_at"]) or self.world.now())


def _check_caption(caption: str) -> None:
    if len(caption) > MAX_CAPTION:
        raise GraphError(100, f"a caption has at most {MAX_CAPTION} characters", subcode=2207010)
    if len(re.findall(r"#\w+", caption)) > MAX_HASHTAGS:
        raise GraphError(100, f"a caption has at most {MAX_HASHTAGS} hashtags", subcode=2207010)
    if len(re.findall(r"(?<!\w)@[\w.]+", caption)) > MAX_MENTIONS:
        raise GraphError(100, f"a caption has at most {MAX_MENTIONS} mentions", subcode=2207010)


def _short_code(number: int) -> str:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    code = ""
    while number:
        number, rest = divmod(number, 64)
        code = alphabet[rest] + code
    return code


STAND_IN = Instagram
