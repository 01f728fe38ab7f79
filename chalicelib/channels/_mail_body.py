"""The HTML part of a mail, made from its text: paragraphs, links, pictures, a way out.

Styles stand inline and the layout is one column, as mail clients need it. Nothing is loaded from
anywhere: pictures are attached, and there is no tracking.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape

from chalicelib.domain.certifications import Language
from chalicelib.domain.channels import Media
from chalicelib.domain.text import link_spans

_PAGE = (
    '<!DOCTYPE html><html{lang}><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1"></head>'
    '<body style="margin:0;padding:0;background:#f3f4f6;">'
    '<div style="max-width:600px;margin:0 auto;padding:24px 16px;'
    "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;"
    'font-size:16px;line-height:1.55;color:#1f2933;">'
    '<div style="background:#ffffff;border-radius:12px;overflow:hidden;">{pictures}'
    '<div style="padding:24px 28px 12px;">{paragraphs}</div></div>{footer}</div></body></html>'
)
_PICTURE = (
    '<img src="cid:{content_id}" alt="{alt}" width="600" '
    'style="display:block;width:100%;height:auto;border:0;">'
)
_PARAGRAPH = '<p style="margin:0 0 16px;overflow-wrap:anywhere;">{lines}</p>'
_LINK = '<a href="{address}" style="color:#0b63ce;">{shown}</a>'
_FOOTER = (
    '<p style="margin:20px 28px 0;font-size:13px;color:#5f6b7a;">{why} '
    '<a href="{address}" style="color:#5f6b7a;">{leave}</a></p>'
)
_WHY: Mapping[Language, str] = {
    "en": "You get this mail because you asked for our community news.",
    "es": "Recibes este correo porque pediste las noticias de nuestra comunidad.",
}
_LEAVE: Mapping[Language, str] = {"en": "Unsubscribe", "es": "Darse de baja"}


def html(text: str, media: Sequence[Media], unsubscribe_url: str, language: Language | None) -> str:
    """Return a whole document that says what the text says; its foot in the text's language."""
    paragraphs = re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip("\n"))
    return _PAGE.format(
        lang=f' lang="{language}"' if language else "",
        pictures="".join(
            _PICTURE.format(content_id=content_id(number), alt=escape(item.alt_text))
            for number, item in enumerate(media, 1)
        ),
        paragraphs="".join(_PARAGRAPH.format(lines=_lines(part)) for part in paragraphs),
        footer=_footer(unsubscribe_url, language) if unsubscribe_url else "",
    )


def content_id(number: int) -> str:
    """Return the id under which the n-th picture is attached."""
    return f"picture-{number}"


def _footer(unsubscribe_url: str, language: Language | None) -> str:
    """Return why this was sent and the way out; in every language if the text has none known."""
    return _FOOTER.format(
        why=_WHY[language or "en"],
        address=escape(unsubscribe_url),
        leave=_LEAVE[language] if language else " · ".join(_LEAVE.values()),
    )


def _lines(paragraph: str) -> str:
    written = []
    position = 0
    for start, end in link_spans(paragraph):
        shown = paragraph[start:end]
        address = shown if "://" in shown else f"https://{shown}"
        written.append(escape(paragraph[position:start]))
        written.append(_LINK.format(address=escape(address), shown=escape(shown)))
        position = end
    written.append(escape(paragraph[position:]))
    return "".join(written).replace("\n", "<br>")
