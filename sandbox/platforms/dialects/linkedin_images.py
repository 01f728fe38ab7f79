"""Take in images for LinkedIn: ask for an address, PUT the bytes, wait until they are processed."""

from __future__ import annotations

import secrets
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from sandbox.platforms.dialects.restli import RestliError, urn_key
from sandbox.platforms.engine.pictures import NotAnImage
from sandbox.platforms.engine.posts import Picture
from sandbox.platforms.engine.wire import Answer, Request, json_answer
from sandbox.platforms.engine.world import World

MAX_PIXELS = 36_152_320
MAX_IMAGES = 20
MAX_ALT_TEXT = 4086
KINDS = ("media", "multiImage", "article")
UPLOAD_WITHIN = timedelta(days=1)
READY_AFTER = timedelta(seconds=3)
TYPES = ("image/jpeg", "image/png", "image/gif")
KIND = "linkedin image"
UPLOAD = "linkedin upload"


class Images:
    """The images uploaded for posts."""

    def __init__(self, world: World) -> None:
        """Keep them in ``world``."""
        self.world = world

    def serve(self, request: Request, method: str, owner: str) -> Answer:
        """Answer ``/rest/images``."""
        if method == "ACTION" and request.arguments.get("action") == "initializeUpload":
            return self._initialize(request, owner)
        if method == "GET":
            return self._read(urn_key(request, 2))
        raise RestliError(405, "METHOD_NOT_ALLOWED", f"images know no {method}")

    def receive(self, request: Request) -> Answer:
        """Take the bytes of one image, in one PUT to the address that was given out."""
        key = request.segments[1] if len(request.segments) > 1 else ""
        with self.world.objects(UPLOAD) as uploads:
            ticket = uploads.get(key)
        if request.method != "PUT" or ticket is None:
            raise RestliError(404, "NOT_FOUND", "there is no such upload")
        state: dict[str, Any] = {"status": "PROCESSING_FAILED"}
        try:
            picture = self.world.pictures.keep(request.body)
            too_large = picture.width * picture.height > MAX_PIXELS
            if picture.content_type in TYPES and not too_large:
                state = {"status": "PROCESSING", "picture": asdict(picture)}
        except NotAnImage:
            pass  # shown by the image's status, as the platform does
        with self.world.objects(KIND) as images:
            images.put(ticket["urn"], **state, uploaded_at=self.world.now().timestamp())
        return Answer(201)

    def attached(self, content: Any, owner: str) -> list[Picture]:
        """Return the pictures a post's ``content`` names. Raise RestliError."""
        if content is None:
            return []
        if not isinstance(content, dict):
            raise RestliError(422, "INVALID_VALUE", "ERROR :: /content :: not an object")
        if len([kind for kind in KINDS if kind in content]) != 1:
            detail = f"ERROR :: /content :: exactly one of {', '.join(KINDS)}"
            raise RestliError(422, "INVALID_VALUE", detail)
        if isinstance(content.get("media"), dict):
            return [self._picture(content["media"], owner)]
        if isinstance(content.get("multiImage"), dict):
            items = content["multiImage"].get("images")
            if not isinstance(items, list) or not 2 <= len(items) <= MAX_IMAGES:
                detail = f"ERROR :: /content/multiImage :: 2 to {MAX_IMAGES} images"
                raise RestliError(422, "INVALID_VALUE", detail)
            return [self._picture(item, owner) for item in items]
        article = content.get("article")
        if not isinstance(article, dict) or not (article.get("source") and article.get("title")):
            raise RestliError(422, "INVALID_VALUE", "ERROR :: /content :: unknown kind of content")
        if thumbnail := article.get("thumbnail"):
            return [self._picture({"id": thumbnail}, owner)]
        return []

    def _initialize(self, request: Request, owner: str) -> Answer:
        body = (
            request.json.get("initializeUploadRequest") if isinstance(request.json, dict) else None
        )
        if not isinstance(body, dict) or "owner" not in body:
            raise RestliError(
                400, "ILLEGAL_ARGUMENT", "initializeUploadRequest needs an owner", 100
            )
        if body["owner"] != owner:
            raise RestliError(403, "ACCESS_DENIED", "the member has no role at this owner", 100)
        urn, key = f"urn:li:image:C4E10AQ{secrets.token_hex(8)}", secrets.token_urlsafe(18)
        expires = self.world.now() + UPLOAD_WITHIN
        with self.world.objects(KIND) as images:
            images.put(urn, status="WAITING_UPLOAD", owner=owner)
        with self.world.objects(UPLOAD) as uploads:
            uploads.put(key, urn=urn)
        base = request.base
        if base.endswith("/api.linkedin.com"):
            base = base.removesuffix("api.linkedin.com") + "www.linkedin.com"
        value = {
            "uploadUrlExpiresAt": int(expires.timestamp() * 1000),
            "uploadUrl": f"{base}/dms-uploads/{key}/uploaded-image/0",
            "image": urn,
        }
        return json_answer(200, {"value": value})

    def _read(self, urn: str) -> Answer:
        with self.world.objects(KIND) as images:
            image = images.get(urn)
            if image is None:
                raise RestliError(404, "NOT_FOUND", "there is no such image")
            status = image["status"]
            if status == "PROCESSING":  # shown once, then done
                images.put(urn, status="AVAILABLE")
        return json_answer(200, {"id": urn, "owner": image["owner"], "status": status})

    def _picture(self, item: Any, owner: str) -> Picture:
        urn = item.get("id") if isinstance(item, dict) else None
        with self.world.objects(KIND) as images:
            image = images.get(urn) if isinstance(urn, str) else None
        if image is None or image["owner"] != owner:
            raise RestliError(400, "INVALID_URN_ID", f"there is no image {urn}")
        status = image["status"]
        if status == "PROCESSING":
            age = self.world.now().timestamp() - image["uploaded_at"]
            status = "AVAILABLE" if age >= READY_AFTER.total_seconds() else "WAITING_UPLOAD"
        if status != "AVAILABLE":
            raise RestliError(400, f"MEDIA_ASSET_{status}", f"{urn} can't be posted: {status}")
        alt_text = item.get("altText") or ""
        if not isinstance(alt_text, str) or len(alt_text) > MAX_ALT_TEXT:
            detail = f"ERROR :: /content :: altText is a text of at most {MAX_ALT_TEXT} characters"
            raise RestliError(422, "INVALID_VALUE", detail)
        return Picture(**{**image["picture"], "alt_text": alt_text or None})
