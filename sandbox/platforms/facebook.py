"""Stand in for a Facebook Page: its feed, its photos and what can be read back.

A photo may be put up unpublished: nobody sees it until a post attaches it, which only one can, and
after a day it is gone. The rules kept here are in the project's channel fact sheet, section 4.1
(checked November 2026).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
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
from sandbox.platforms.engine.moments import moment
from sandbox.platforms.engine.pictures import NotAnImage, NotPulled, pull
from sandbox.platforms.engine.posts import Picture, Post
from sandbox.platforms.engine.world import Objects, live, token

PAGE_ID = "104200000000001"
PAGE_NAME = "Cloud Community"
MAX_UTF16_UNITS = 63_206
MAX_PHOTO_BYTES = 4 * 1024 * 1024
MAX_ALBUM = 10
UNPUBLISHED_FOR = timedelta(hours=24)
EDGES = ("feed", "published_posts", "posts", "photos")
POST_FIELDS = ("id", "created_time", "message")


class Facebook(GraphPlatform):
    """One Page with one never-expiring token."""

    channel = "facebook"
    scopes = ("pages_manage_posts", "pages_read_engagement", "pages_show_list")
    foreign_code = 200
    throttle = (403, 32)
    rejection = (100, 1346003)

    def new_account(self) -> dict[str, Any]:
        """Return a fresh Page and token."""
        return {"page_id": PAGE_ID, "name": PAGE_NAME, "access_token": token("facebook")}

    def identity(self) -> dict[str, Any]:
        """Return the Page."""
        page_id, name = self.seed["page_id"], self.seed["name"]
        link = f"https://www.facebook.com/{page_id}"
        tasks = ["CREATE_CONTENT", "MODERATE", "ANALYZE"]
        return {"id": page_id, "name": name, "link": link, "tasks": tasks, "category": "Community"}

    def owns(self, node: str) -> bool:
        """Say whether ``node`` is the Page, one of its posts or one of its photos."""
        if node == self.seed["page_id"] or self.world.posts.find("facebook", node):
            return True
        with self.world.objects("facebook photo") as photos:
            return photos.get(node) is not None

    def makes_visible(self, call: Call) -> bool:
        """Say whether this is a published feed story or photo."""
        on_page = len(call.path) == 2 and call.path[0] == self.seed["page_id"]
        return on_page and call.path[1] in ("feed", "photos") and self._is_published(call)

    def serve(self, call: Call) -> Any:
        """Answer for the Page and what is on it."""
        node, edge = call.node, call.path[1:]
        if node == self.seed["page_id"]:
            if not edge and call.method == "GET":
                return chosen(self.identity(), call, ("id", "name"))
            if call.method == "GET" and edge in ([name] for name in EDGES[:3]):
                return self._feed(call)
            if call.method == "POST" and edge == ["feed"]:
                return self._publish(call)
            if call.method == "POST" and edge == ["photos"]:
                return self._photo(call)
        elif not edge:
            return self._object(node, call)
        raise nothing_there("/".join(call.path))

    def _is_published(self, call: Call) -> bool:
        return call.flag("published", default=True) and not call.flag("temporary", default=False)

    def _feed(self, call: Call) -> Any:
        newest_first = [
            self._story(p) for p in self.world.posts.newest_first("facebook") if p.is_live
        ]
        return page(newest_first, call, POST_FIELDS, "created_time")

    def _publish(self, call: Call) -> Any:
        message, link = call.text("message"), call.text("link") or None
        _check_length(message)
        photo_ids = _attached(call)
        if not (message.strip() or link or photo_ids):
            raise GraphError(100, "a post needs a message, a link or photos")
        if link and not re.match(r"https?://[^\s/]+", link):
            raise GraphError(100, "the link can't be read", subcode=1609005)
        with self.world.objects("facebook photo") as photos:
            pictures = [self._unposted(photo_id, photos) for photo_id in photo_ids]
            if not self._is_published(call):
                return {"id": self._new_post_id()}
            self._refuse_repetition(message, link, pictures)
            post = self._show(message, pictures, {"link": link, "photo_ids": photo_ids})
            for photo_id in photo_ids:
                photos.put(photo_id, post_id=post.external_id)
        return self._created(call, post)

    def _unposted(self, photo_id: str, photos: Objects) -> Picture:
        photo = photos.get(photo_id)
        if photo is None or self._is_gone(photo):
            raise GraphError(100, f"photo {photo_id} does not exist")
        if photo["post_id"]:
            raise GraphError(100, "this photo was posted already", subcode=1366051)
        return Picture(**photo["picture"])

    def _is_gone(self, photo: Mapping[str, Any]) -> bool:
        age = self.world.now() - (moment(photo["created_at"]) or self.world.now())
        return not photo["post_id"] and age >= UNPUBLISHED_FOR

    def _photo(self, call: Call) -> Any:
        picture = self._picture(call)
        message = call.text("message") or call.text("caption")
        _check_length(message)
        with self.world.objects("facebook photo") as photos:
            photo_id = f"41{self.world.number()}"
            post = None
            if self._is_published(call):
                post = self._show(message, [picture], {"photo_ids": [photo_id]})
            photos.put(
                photo_id,
                picture=asdict(picture),
                post_id=post.external_id if post else None,
                created_at=self.world.instant(),
            )
        return {"id": photo_id, "post_id": post.external_id} if post else {"id": photo_id}

    def _picture(self, call: Call) -> Picture:
        upload, url = call.upload(), call.text("url")
        try:
            content = upload.content if upload else pull(url)
            if len(content) > MAX_PHOTO_BYTES:
                raise GraphError(100, "the photo must be smaller than 4 MB", subcode=1366046)
            return self.world.pictures.keep(content, call.text("alt_text_custom") or None)
        except NotPulled as error:
            raise GraphError(
                324, f"the photo could not be read: {error}", subcode=2069019
            ) from error
        except NotAnImage as error:
            raise GraphError(324, "the file is not a photo", subcode=2069019) from error

    def _refuse_repetition(self, message: str, link: str | None, pictures: list[Picture]) -> None:
        newest = next((p for p in self.world.posts.newest_first("facebook") if p.is_live), None)
        if newest is None or pictures or newest.media or not message:
            return
        if newest.text == message and newest.extra.get("link") == link:
            raise GraphError(506, "the same post can't be published twice in a row", status=400)

    def _show(self, message: str, pictures: list[Picture], extra: dict[str, Any]) -> Post:
        post_id = self._new_post_id()
        url = f"https://www.facebook.com/{post_id}"
        author = {"author": self.seed["name"]}
        post = Post("facebook", post_id, url, message, tuple(pictures), extra={**author, **extra})
        return self.world.posts.add(post)

    def _new_post_id(self) -> str:
        return f"{self.seed['page_id']}_{self.world.number()}"

    def _created(self, call: Call, post: Post) -> Any:
        return chosen(self._story(post), call, ("id",))

    def _object(self, node: str, call: Call) -> Any:
        with self.world.objects("facebook photo") as photos:
            photo = photos.get(node)
            if photo is not None and not self._is_gone(photo):
                return self._photo_object(node, dict(photo), call)
        post = live(self.world.posts.find("facebook", node))
        if post is None:
            raise nothing_there(node)
        if call.method == "DELETE":
            self.world.posts.delete(post)
        elif call.method == "POST":
            _check_length(call.text("message"))
            self.world.posts.edit(post, call.text("message"))
        else:
            return chosen(self._story(post), call, POST_FIELDS)
        return {"success": True}

    def _photo_object(self, node: str, photo: dict[str, Any], call: Call) -> Any:
        picture = Picture(**photo["picture"])
        shown = {
            "id": node,
            "alt_text": picture.alt_text,
            "created_time": graph_time(photo["created_at"]),
            "page_story_id": photo["post_id"],
            "link": f"https://www.facebook.com/photo/?fbid={node}",
            "images": [{"width": picture.width, "height": picture.height, "source": picture.name}],
        }
        if call.method != "GET":
            raise GraphError(3, "delete the post, not its photo")
        return chosen(shown, call, ("id", "created_time"))

    def _story(self, post: Post) -> dict[str, Any]:
        photos = [
            {"type": "photo", "media_type": "photo", "description": picture.alt_text,
             "target": {"id": photo_id, "url": f"https://www.facebook.com/photo/?fbid={photo_id}"},
             "media": {"image": {"width": picture.width, "height": picture.height}}}
            for photo_id, picture in zip(post.extra.get("photo_ids", ()), post.media, strict=True)
        ]  # fmt: skip
        album = {"type": "album", "media_type": "album", "subattachments": {"data": photos},
                 "target": {"id": post.external_id, "url": post.url}}  # fmt: skip
        attachments = photos if len(photos) < 2 else [album]
        return {
            "id": post.external_id,
            "message": post.text or None,
            "created_time": graph_time(post.created_at),
            "updated_time": graph_time(post.created_at),
            "permalink_url": post.url,
            "is_published": True,
            "status_type": "added_photos" if post.media else "mobile_status_update",
            "from": {"id": self.seed["page_id"], "name": self.seed["name"]},
            "attachments": {"data": attachments} if attachments else None,
            "full_picture": None,
            "link": post.extra.get("link"),
        }


def _check_length(message: str) -> None:
    if len(message.encode("utf-16-le", "surrogatepass")) // 2 > MAX_UTF16_UNITS:
        raise GraphError(100, f"a message has at most {MAX_UTF16_UNITS} characters")


def _attached(call: Call) -> list[str]:
    """Return the photo ids of ``attached_media`` as one list or as numbered fields."""
    value = call.fields.get("attached_media", [])
    items = value if isinstance(value, list) else [value]
    numbered = [name for name in call.fields if re.fullmatch(r"attached_media\[\d+\]", name)]
    items += [call.fields[name] for name in sorted(numbered, key=lambda n: int(n[15:-1]))]
    ids = [item.get("media_fbid") for item in items if isinstance(item, dict)]
    if len(ids) != len(items) or not all(isinstance(i, str | int) for i in ids):
        raise GraphError(100, "attached_media is a list of objects with media_fbid")
    if len(set(map(str, ids))) != len(ids):
        raise GraphError(100, "attached_media names a photo twice")
    if len(ids) > MAX_ALBUM:
        raise GraphError(100, f"a post has at most {MAX_ALBUM} photos")
    return [str(photo_id) for photo_id in ids]


STAND_IN = Facebook
