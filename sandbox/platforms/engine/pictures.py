"""Take in images: pull them from a loopback address or receive their bytes, and keep them."""

from __future__ import annotations

import hashlib
import http.client
import io
import ipaddress
import os
import re
from pathlib import Path
from urllib.parse import urlsplit

from PIL import Image

from sandbox.platforms.engine.posts import Picture

PULL_SECONDS = 10
MAX_PULL_BYTES = 64 * 1024 * 1024
EXTENSIONS = {
    "JPEG": ("jpg", "image/jpeg"),
    "PNG": ("png", "image/png"),
    "GIF": ("gif", "image/gif"),
    "WEBP": ("webp", "image/webp"),
    "BMP": ("bmp", "image/bmp"),
}
TYPES = dict(EXTENSIONS.values())
NAME = re.compile(r"[0-9a-f]{40}\.[a-z]{3,4}")

Image.MAX_IMAGE_PIXELS = 64_000_000


class NotPulled(Exception):
    """The address gave no file; the message says why."""


class NotAnImage(Exception):
    """The bytes are no image that can be shown."""


class Pictures:
    """The image files of one sandbox."""

    def __init__(self, folder: Path) -> None:
        """Keep files in ``folder``."""
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def keep(self, content: bytes, alt_text: str | None = None) -> Picture:
        """Store an image under the digest of its bytes. Raise NotAnImage."""
        try:
            with Image.open(io.BytesIO(content)) as image:
                width, height = image.size
                extension, content_type = EXTENSIONS[image.format or ""]
        except (OSError, ValueError, KeyError, SyntaxError, Image.DecompressionBombError) as error:
            raise NotAnImage("the bytes are not a picture in a known format") from error
        name = f"{hashlib.sha256(content).hexdigest()[:40]}.{extension}"
        path = self._folder / name
        if not path.exists():
            fresh = path.with_suffix(f".{os.urandom(4).hex()}")
            fresh.write_bytes(content)
            fresh.replace(path)
        return Picture(name, width, height, content_type, alt_text)

    def cut(self, picture: Picture, ratio: float) -> Picture:
        """Return ``picture`` with its edges cut off until its width / height is ``ratio``."""
        width = min(picture.width, round(picture.height * ratio))
        height = min(picture.height, round(picture.width / ratio))
        left, top = (picture.width - width) // 2, (picture.height - height) // 2
        out = io.BytesIO()
        with Image.open(self._folder / picture.name) as image:
            part = image.crop((left, top, left + width, top + height))
            part.save(out, image.format, quality=90)
        return self.keep(out.getvalue(), picture.alt_text)

    def read(self, name: str) -> tuple[bytes, str] | None:
        """Return a stored file and its media type."""
        path = self._folder / name
        if not NAME.fullmatch(name) or not path.is_file():
            return None
        return path.read_bytes(), TYPES[path.suffix[1:]]

    def forget(self) -> None:
        """Delete every file."""
        for path in self._folder.iterdir():
            path.unlink(missing_ok=True)


def pull(url: str) -> bytes:
    """GET ``url`` as the platforms do: once, no redirects. Only loopback. Raise NotPulled."""
    parts = urlsplit(url)
    try:
        port = parts.port or 80
        host = parts.hostname or ""
    except ValueError as error:
        raise NotPulled("the address is malformed") from error
    if parts.scheme != "http" or not _is_loopback(host):
        raise NotPulled("nothing leaves this computer: only http addresses on loopback are read")
    connection = http.client.HTTPConnection(host, port, timeout=PULL_SECONDS)
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request(
            "GET", target, headers={"User-Agent": "sandbox-platform", "Connection": "close"}
        )
        response = connection.getresponse()
        content = response.read(MAX_PULL_BYTES + 1)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NotPulled("the address did not answer") from error
    finally:
        connection.close()
    if response.status != 200:
        raise NotPulled(f"the address answered {response.status}")
    if len(content) > MAX_PULL_BYTES:
        raise NotPulled("the file is too large")
    return content


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
