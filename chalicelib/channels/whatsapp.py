"""WhatsApp Cloud API: an approved template to people who opted in, free text while they talk to us.

    recipient.window_open_until   what is sent
    None: the window is closed    the template, its placeholder filled with the text in one line
    set: it is open               the same rendered text, as an image's caption where there is one

A channel knows no clock: whoever addresses the post clears `window_open_until` once it has passed.
Account settings describe the templates as Meta approved them; a body holds ``{{1}}``. Posts with a
picture take `template_image_name`, headed by it, where there is one; all others `template_name`.
With `waba_id` the bodies are learnt by `check`, and so is a template for pictures nobody named.

Sources, checked 2026-11-21: developers.facebook.com/docs/whatsapp/cloud-api/reference/messages,
/message-templates, /support/error-codes. A filled-in template has at most 1,024 characters; its
values may hold no line break, no tab and no run of more than four spaces.

There is neither an idempotency key nor a way to look: doubt waits for the status event that carries
our `biz_opaque_callback_data`.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from chalicelib.channels import _graph as graph
from chalicelib.channels import _responses as responses
from chalicelib.channels import _wording as words
from chalicelib.domain.channels import (
    Account,
    AccountCheck,
    Channel,
    ChannelName,
    Check,
    Conversation,
    HttpRequest,
    Length,
    Limits,
    Lookup,
    Media,
    MediaRule,
    MediaUrl,
    Post,
    Presence,
    Receipt,
    Recipient,
    Reconcilability,
    Removal,
    Response,
    Step,
    Wording,
)
from chalicelib.domain.errors import (
    Ambiguous,
    ChannelError,
    ContentRejected,
    CredentialsRejected,
    Fault,
    OptedOut,
    Permanent,
    RateLimited,
    UnsupportedContent,
)
from chalicelib.domain.text import TextUnit

PLACEHOLDER = "{{1}}"
PAIR_WAIT = timedelta(seconds=6)
MOST_TEMPLATES = "250"
"""How many templates are looked at to find one for pictures."""
_PLACEHOLDERS = re.compile(r"\{\{\w+\}\}")
_BLANKS = re.compile(r"\s*[\n\r\t\v\f\x85\u2028\u2029]\s*")
_SPACES = re.compile(r" {5,}")
_E164 = re.compile(r"\+?[1-9]\d{6,14}")

_WINDOW_CLOSED = 131047
_OPTED_OUT = 131050
_LIMITED = frozenset({4, 80007, 130429})
_UNSURE = frozenset({131000, 131016, 135000})
_THIS_PERSON = frozenset({130472, 130497, 131021, 131026, 131030, 131049, 131062})
_ACCOUNT = frozenset(
    {131005, 131031, 131037, 131042, 131045, 131048, 131057, 131064, 132015, 132016}
)
_CONTENT = frozenset(
    {131008, 131009, 131051, 131052, 131053, 132000, 132001, 132005, 132007, 132008, 132012}
)
_ACCOUNT_REMEDY = (
    "Look at the number and its templates in WhatsApp Manager; connect the account again "
    "when Meta has lifted the restriction."
)
_PERSON_REMEDY = "Reach this person on another channel."

_STAYS_SENT = "A WhatsApp message that was sent can't be taken back."


class _WindowClosed(ContentRejected):
    """Free text came too late for this person."""


@dataclass(frozen=True, slots=True)
class _Template:
    """An approved template: its name, language, text, and whether a picture heads it."""

    name: str
    language: str
    body: str
    has_picture: bool

    def filled(self, value: str) -> str:
        """Return the text as its recipient reads it."""
        return self.body.replace(PLACEHOLDER, value)


class WhatsApp:
    """The business number."""

    name = ChannelName("whatsapp")
    title = "WhatsApp"
    direct = True
    limits = Limits(
        max_text=1_024,
        unit=TextUnit.CHARACTERS,
        source="https://developers.facebook.com/docs/whatsapp/cloud-api/reference/messages",
        checked_on=date(2026, 11, 21),
    )
    media = MediaRule(
        max_items=1,
        source="https://developers.facebook.com/docs/whatsapp/cloud-api/reference/messages",
        checked_on=date(2026, 11, 21),
        leaves_out_surplus=True,
        max_bytes=5_000_000,
    )
    reconciles_by = Reconcilability.EVENT
    settle_time = timedelta(seconds=30)
    spacing = timedelta(milliseconds=13)
    """80 a second: the Cloud API's throughput for a number; checked 2026-11-21."""
    takes_back = False
    account_settings = ("phone_number_id", "template_name", "template_language")
    account_secrets = ("access_token",)
    optional_settings = (
        "api_version",
        "waba_id",
        "template_body",
        "template_image_name",
        "template_image_body",
    )
    optional_secrets = ("app_secret", "verify_token")
    permissions = ()

    def compose(
        self, wording: Wording, media: Sequence[Media], account: Account
    ) -> tuple[Post, list[Fault]]:
        """Return the filled-in template, and what fills it."""
        template = _template(account, has_picture=bool(media))
        carried = words.carried(media, self.media) if template.has_picture else ()
        value = _in_one_line(wording.text)
        if wording.generated:
            keep = [_in_one_line(part) for part in wording.keep]
            room = self.limits.max_text - words.length(template.filled(""), self.limits)
            value = words.shortened(
                value, keep, max(room, 0), lambda text: words.length(text, self.limits)
            )
        post = Post(template.filled(value), media=carried, parameters=(value,))
        return post, words.faults(post.text, carried, self.limits, self.media)

    def measure(self, post: Post) -> Length:
        """Return the length of the filled-in template."""
        return words.measured(post.text, self.limits)

    def publish(self, post: Post, account: Account) -> Conversation:
        """Send one message to one recipient."""
        if post.recipient is None or not _E164.fullmatch(post.recipient.address):
            raise UnsupportedContent("WhatsApp needs a recipient's number.")
        if post.recipient.window_open_until is not None:
            try:
                return (yield from self._send(_free_form(post), post.recipient, post, account))
            except _WindowClosed:
                pass  # refused for certain: the template is the way
        template = _message(post, _template(account, has_picture=bool(post.media)))
        return (yield from self._send(template, post.recipient, post, account))

    def find(self, post: Post, account: Account, since: datetime) -> Lookup:
        """Never tell: the platform lists no messages by our mark."""
        return responses.nobody_knows("WhatsApp can't be asked; only a status event can tell.")

    def unpublish(self, receipt: Receipt, account: Account) -> Removal:
        """Say that this can't be done."""
        return responses.nothing_to_take_back(_STAYS_SENT)

    def is_there(self, receipt: Receipt, account: Account) -> Presence:
        """Say that nothing of it is left to be asked for."""
        return responses.nothing_to_take_back(_STAYS_SENT)

    def check(self, account: Account) -> Check:
        """Ask for the number's name, the token's permissions and the templates' text."""
        wanted = ("whatsapp_business_messaging",)
        checked = yield from graph.check(account, "phone_number_id", "verified_name", wanted)
        if checked.faults or not account.settings.get("waba_id"):
            return checked
        try:
            return (yield from _learnt(account, checked))
        except graph.NotReached:
            return responses.unknown_account(account, "waba_id")

    def _send(
        self, content: Mapping[str, Any], recipient: Recipient, post: Post, account: Account
    ) -> Conversation:
        response = yield _request(content, recipient, post, account)
        found = graph.answer(response, publishing=True, meaning=_meaning)
        message = next(iter(responses.mappings(found.get("messages"))), {})
        return Receipt(graph.identifier(message, "id", publishing=True))


def _learnt(account: Account, checked: AccountCheck) -> Generator[Step, Response, AccountCheck]:
    """Return with it what the approved templates say, and which is headed by a picture."""
    name = responses.setting(account, "template_name")
    named = account.settings.get("template_image_name")
    plain = yield from _approved(account, name, has_picture=False)
    headed = yield from _approved(account, named, has_picture=True)
    body = plain[0].body if plain else ""
    settings, faults = {"template_body": body}, []
    if not plain:
        faults.append(_unusable("template_name", name, "no picture"))
    if headed:
        # Of several that nobody named, the one that says the same is most likely meant.
        best = min(headed, key=lambda found: (found.body != body, found.name))
        settings |= {"template_image_name": best.name, "template_image_body": best.body}
    elif named:
        faults.append(_unusable("template_image_name", named, "an image"))
    return replace(checked, settings=settings, faults=tuple(faults))


def _unusable(field: str, name: str, header: str) -> Fault:
    detail = (
        f"Meta has no approved template '{name}' in this language with exactly one placeholder, "
        f"{PLACEHOLDER}, in its body and {header} in its header."
    )
    return Fault(f"/{field}", "unusable_template", detail)


def _approved(
    account: Account, name: str | None, *, has_picture: bool
) -> Generator[Step, Response, list[_Template]]:
    """Return the templates, of one name or of any, that can carry our posts in the language."""
    waba = responses.setting(account, "waba_id")
    wanted = {"name": name} if name else {"status": "APPROVED"}
    request = graph.get(account, waba, "message_templates", limit=MOST_TEMPLATES, **wanted)
    listed = graph.answer((yield request), meaning=graph.reached).get("data")
    found = [_read(item) for item in responses.mappings(listed)]
    language = responses.setting(account, "template_language")
    return [
        template
        for template in found
        if template is not None
        and (template.language, template.has_picture) == (language, has_picture)
        and name in (None, template.name)
    ]


def _read(listed: Mapping[str, Any]) -> _Template | None:
    """Return an approved template; None unless its body has the one placeholder it needs filled."""
    parts = responses.mappings(listed.get("components"))
    by_type = {str(part.get("type")): part for part in parts}
    body = str(by_type.pop("BODY", {}).get("text", ""))
    header = by_type.get("HEADER", {}).get("format", "TEXT")
    needs_more = any(_PLACEHOLDERS.search(str(part)) for part in by_type.values())
    is_usable = set(_PLACEHOLDERS.findall(body)) == {PLACEHOLDER} and not needs_more
    if listed.get("status") != "APPROVED" or not is_usable or header not in ("TEXT", "IMAGE"):
        return None
    name, language = str(listed.get("name")), str(listed.get("language"))
    return _Template(name, language, body, has_picture=header == "IMAGE")


def _template(account: Account, *, has_picture: bool) -> _Template:
    """Return the template for a post with or without a picture."""
    settings = account.settings
    headed = has_picture and bool(settings.get("template_image_name"))
    prefix = "template_image" if headed else "template"
    return _Template(
        name=settings.get(f"{prefix}_name", ""),
        language=settings.get("template_language", ""),
        body=settings.get(f"{prefix}_body") or PLACEHOLDER,
        has_picture=headed,
    )


def _in_one_line(text: str) -> str:
    """Return a text as a template takes it."""
    return _SPACES.sub(" " * 4, _BLANKS.sub(" ", text.strip()))


def _free_form(post: Post) -> dict[str, Any]:
    if post.media:
        image = {"link": MediaUrl(post.media[0].ref), "caption": post.text}
        return {"type": "image", "image": image}
    return {"type": "text", "text": {"body": post.text, "preview_url": True}}


def _message(post: Post, template: _Template) -> dict[str, Any]:
    components: list[dict[str, Any]] = []
    if template.has_picture:
        picture = {"type": "image", "image": {"link": MediaUrl(post.media[0].ref)}}
        components.append({"type": "header", "parameters": [picture]})
    values = [{"type": "text", "text": value} for value in post.parameters]
    components.append({"type": "body", "parameters": values})
    return {
        "type": "template",
        "template": {
            "name": template.name,
            "language": {"code": template.language},
            "components": components,
        },
    }


def _request(
    content: Mapping[str, Any], recipient: Recipient, post: Post, account: Account
) -> HttpRequest:
    return graph.post(
        account,
        responses.setting(account, "phone_number_id"),
        "messages",
        publishes=True,
        messaging_product="whatsapp",
        recipient_type="individual",
        to=recipient.address.removeprefix("+"),
        biz_opaque_callback_data=post.mark,
        **content,
    )


def _meaning(error: graph.GraphError) -> ChannelError | None:
    """What Cloud API codes mean, by whom they concern; the person, the account or the content."""
    code = error.code
    if code == _OPTED_OUT:
        return OptedOut(error.told)
    if code == _WINDOW_CLOSED:
        return _WindowClosed(error.told)
    if code == 131056:
        return RateLimited(error.told, PAIR_WAIT)
    return next((make(error) for codes, make in _BY_CODE if code in codes), None)


_BY_CODE = (
    (_LIMITED, lambda error: RateLimited(error.told)),
    (_UNSURE, lambda error: Ambiguous(error.told)),
    (_THIS_PERSON, lambda error: Permanent(error.told, remedy=_PERSON_REMEDY)),
    (_ACCOUNT, lambda error: CredentialsRejected(error.told, remedy=_ACCOUNT_REMEDY)),
    (_CONTENT, lambda error: ContentRejected(error.told)),
)

CHANNEL: Channel = WhatsApp()
