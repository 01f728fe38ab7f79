"""The page behind an unsubscribe link: plain HTML that works without a script.

It speaks the reader's language and names the channel whose link was followed.

Looking at it changes nothing, because mail scanners follow every link. Its button, and a mail
client's one click (RFC 8058), send a POST to the same address.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from http import HTTPStatus

from chalicelib.domain.certifications import Language
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


@dataclass(frozen=True, slots=True)
class _Words:
    """What the pages say in one language; ``{by}`` is replaced by how somebody is written to."""

    by: Mapping[str, str]
    by_other: str
    ask: str
    receiving: str
    button: str
    done: str
    stopped: str
    unknown: str
    reasons: str


_WORDS: Mapping[Language, _Words] = {
    "en": _Words(
        by={"email": "by e-mail", "sms": "by SMS", "whatsapp": "on WhatsApp"},
        by_other="by {channel}",
        ask="Unsubscribe",
        receiving="You receive our announcements {by}. "
        "Press the button and we will not write to you there again.",
        button="Unsubscribe",
        done="You are unsubscribed",
        stopped="We will not write to you {by} any more.",
        unknown="This link is not valid",
        reasons="It may be incomplete, or it was for someone who is no longer on our list. "
        "Open it again from a newer message.",
    ),
    "es": _Words(
        by={"email": "por correo electrónico", "sms": "por SMS", "whatsapp": "por WhatsApp"},
        by_other="por {channel}",
        ask="Darse de baja",
        receiving="Recibes nuestros anuncios {by}. "
        "Pulsa el botón y no volveremos a escribirte por ese medio.",
        button="Darme de baja",
        done="Te has dado de baja",
        stopped="No volveremos a escribirte {by}.",
        unknown="Este enlace no es válido",
        reasons="Puede que esté incompleto, o que fuera para alguien que ya no está en nuestra "
        "lista. Ábrelo de nuevo desde un mensaje más reciente.",
    ),
}


def ask(subscription: Subscription, language: Language) -> Answer:
    """Answer with the page that asks whether to stop."""
    if subscription.opted_out_at is not None:
        return done(subscription, language)
    words = _WORDS[language]
    form = f'<form method="post"><button type="submit">{words.button}</button></form>'
    return _page(language, words.ask, _told(words, words.receiving, subscription) + form)


def done(subscription: Subscription, language: Language) -> Answer:
    """Answer that nothing more will be sent."""
    words = _WORDS[language]
    return _page(language, words.done, _told(words, words.stopped, subscription))


def unknown(language: Language) -> Answer:
    """Answer that the link means nothing to us."""
    words = _WORDS[language]
    return _page(language, words.unknown, f"<p>{words.reasons}</p>", HTTPStatus.NOT_FOUND)


def _told(words: _Words, sentence: str, subscription: Subscription) -> str:
    channel = subscription.channel
    by = words.by.get(channel) or words.by_other.format(channel=escape(channel))
    return f"<p>{sentence.format(by=f'<strong>{by}</strong>')}</p>"


def _page(language: Language, title: str, body: str, status: HTTPStatus = HTTPStatus.OK) -> Answer:
    html = (
        f'<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n<h1>{title}</h1>\n{body}\n</main>\n</body>\n</html>\n"
    )
    return Answer(int(status), html, {**_HEADERS, "Content-Language": language})
