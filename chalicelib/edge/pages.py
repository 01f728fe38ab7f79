"""The page behind an unsubscribe link: plain HTML that works without a script.

Looking at it changes nothing, because mail scanners follow every link. Its button, and a mail
client's one click (RFC 8058), send a POST to the same address.
"""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from html import escape
from http import HTTPStatus

from chalicelib.domain.ports import Subscription
from chalicelib.edge.requests import Answer

_STYLE = """
:root { color-scheme: light dark; }
body { font: 1.125rem/1.6 system-ui, sans-serif; margin: 0 auto; max-width: 34rem; padding: 3rem; }
h1 { font-size: 1.75rem; line-height: 1.25; }
button { background: #0b57d0; border: 0; border-radius: .5rem; color: #fff; cursor: pointer; }
button { font: inherit; font-weight: 600; padding: .75rem 1.5rem; }
button:focus-visible { outline: 3px solid #f9ab00; outline-offset: 2px; }
"""
_POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    f"style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'"
)
_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": _POLICY,
    "X-Robots-Tag": "noindex",
}


def ask(subscription: Subscription) -> Answer:
    """Answer with the page that asks whether to stop."""
    if subscription.opted_out_at is not None:
        return done(subscription)
    channel = escape(subscription.channel)
    return _page(
        "Unsubscribe",
        f"<p>You receive our announcements by <strong>{channel}</strong>. "
        "Press the button and we will not write to you there again.</p>"
        '<form method="post"><button type="submit">Unsubscribe</button></form>',
    )


def done(subscription: Subscription) -> Answer:
    """Answer that nothing more will be sent."""
    channel = escape(subscription.channel)
    return _page(
        "You are unsubscribed",
        f"<p>We will not write to you by <strong>{channel}</strong> any more.</p>",
    )


def unknown() -> Answer:
    """Answer that the link means nothing to us."""
    return _page(
        "This link is not valid",
        "<p>It may be incomplete, or it was for someone who is no longer on our list. "
        "Open it again from a newer message.</p>",
        HTTPStatus.NOT_FOUND,
    )


def _page(title: str, body: str, status: HTTPStatus = HTTPStatus.OK) -> Answer:
    html = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n<h1>{title}</h1>\n{body}\n</main>\n</body>\n</html>\n"
    )
    return Answer(int(status), html, _HEADERS)
