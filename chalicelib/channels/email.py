"""E-mail through Amazon SES v2: text and HTML, pictures inline, one-click unsubscribe.

One recipient per call: nobody sees another's address, and one bounce concerns one delivery. The
text part is the post's text to the letter; the HTML part is made from it.

Sources, checked 2026-11-21: docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html and
its botocore model; RFC 2369 and 8058 (List-Unsubscribe); RFC 5322 (a header line has at most 998
octets). The limits are our own: mail clients cut a message at about 100 kB, and hardly any shows
more than a line of subject.

There is neither an idempotency key nor a way to look: doubt waits for the event that carries our
tag, which SES publishes for mails of a configuration set that has an event destination.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Sequence
from datetime import date, datetime, timedelta
from email.utils import formataddr
from typing import Any

from chalicelib.channels import _aws as aws
from chalicelib.channels import _mail_body as mail_body
from chalicelib.channels import _responses as responses
from chalicelib.channels import _wording as words
from chalicelib.domain import text as texts
from chalicelib.domain.channels import (
    Account,
    AccountCheck,
    AwsCall,
    Channel,
    ChannelName,
    Check,
    Conversation,
    Length,
    Limits,
    Lookup,
    Media,
    MediaBytes,
    MediaRule,
    Post,
    Presence,
    Receipt,
    Reconcilability,
    Removal,
    Response,
    Step,
    Wording,
)
from chalicelib.domain.errors import (
    CredentialsRejected,
    Fault,
    UnsupportedContent,
)
from chalicelib.domain.text import TextUnit

EVENT_TYPES = ("SEND", "BOUNCE", "COMPLAINT", "REJECT", "RENDERING_FAILURE")
"""What the configuration set has to publish. DELIVERY proves nothing that SEND did not, and would
double the number of events."""
TAG = "delivery"
MAX_SUBJECT = 250
_ADDRESS = re.compile(r"[!#-'*+/-9=?A-Z^-~-]+(?:\.[!#-'*+/-9=?A-Z^-~-]+)*@[A-Za-z0-9.-]+")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_HEADER_VALUE = re.compile(r"[!-;=?-~]{1,900}")

_STAYS_SENT = "A mail that was sent can't be taken back."


class Email:
    """Mail from the community's address."""

    name = ChannelName("email")
    title = "E-mail"
    direct = True
    limits = Limits(
        max_text=100_000,
        unit=TextUnit.UTF8_BYTES,
        source="https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html",
        checked_on=date(2026, 11, 21),
        max_subject=MAX_SUBJECT,
    )
    media = MediaRule(
        max_items=10,
        source="https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html",
        checked_on=date(2026, 11, 21),
        max_width=1200,
        max_bytes=1_000_000,
        alt_text=True,
    )
    reconciles_by = Reconcilability.EVENT
    settle_time = timedelta(seconds=30)
    spacing = timedelta(milliseconds=72)
    """14 a second: what SES grants a new production account; checked 2026-11-21."""
    takes_back = False
    account_settings = ("from_address",)
    account_secrets: tuple[str, ...] = ()
    optional_settings = ("from_name", "reply_to", "configuration_set")
    optional_secrets: tuple[str, ...] = ()
    permissions = (
        "ses:SendEmail",
        "ses:GetAccount",
        "ses:GetEmailIdentity",
        "ses:GetConfigurationSet",
    )

    def compose(
        self, wording: Wording, media: Sequence[Media], account: Account
    ) -> tuple[Post, list[Fault]]:
        """Return text and subject; without a subject of its own a mail has its first line."""
        text = words.fitted(wording, self.limits)
        carried = words.carried(media, self.media)
        found = words.faults(text, carried, self.limits, self.media)
        subject = wording.subject or ""
        if wording.generated or texts.is_blank(subject):
            first = _one_line(_first_line(subject) or _first_line(text))
            subject = texts.fit(first, MAX_SUBJECT, len)
        else:
            found = found + _subject_faults(subject)
        return Post(text, subject=subject, media=carried, language=wording.language), found

    def measure(self, post: Post) -> Length:
        """Return the text's size."""
        return words.measured(post.text, self.limits)

    def publish(self, post: Post, account: Account) -> Conversation:
        """Send one mail to one recipient."""
        if post.recipient is None or not _ADDRESS.fullmatch(post.recipient.address):
            raise UnsupportedContent("E-mail needs a recipient's address.")
        call = AwsCall("sesv2", "send_email", _mail(post, post.recipient.address, account), True)
        response = yield call
        if not response.ok:
            raise aws.refusal(response, publishing=True)
        return Receipt(responses.identifier(response.data.get("MessageId"), publishing=True))

    def find(self, post: Post, account: Account, since: datetime) -> Lookup:
        """Never tell: SES lists no mail by our tag."""
        return responses.nobody_knows("SES can't be asked; only an event can tell.")

    def unpublish(self, receipt: Receipt, account: Account) -> Removal:
        """Say that this can't be done."""
        return responses.nothing_to_take_back(_STAYS_SENT)

    def is_there(self, receipt: Receipt, account: Account) -> Presence:
        """Say that nothing of it is left to be asked for."""
        return responses.nothing_to_take_back(_STAYS_SENT)

    def check(self, account: Account) -> Check:
        """Ask whether the account may send, from this address and with its configuration set."""
        sender = _sender_address(account)
        response = yield AwsCall("sesv2", "get_account", {})
        if not response.ok:
            raise aws.refusal(response, publishing=False)
        if response.data.get("SendingEnabled") is False:
            raise CredentialsRejected("Sending is switched off for this AWS account.")
        for identity in (sender, sender.rpartition("@")[2]):
            found = yield AwsCall("sesv2", "get_email_identity", {"EmailIdentity": identity})
            if not found.ok and found.status != 404:
                raise aws.refusal(found, publishing=False)
            if found.data.get("VerifiedForSendingStatus"):
                faults = yield from _configuration_faults(account)
                return AccountCheck(identity=identity, faults=faults)
        raise CredentialsRejected("SES has not verified the sender's address or domain.")


def _configuration_faults(account: Account) -> Generator[Step, Response, tuple[Fault, ...]]:
    """Return what is wrong with a configuration set: SES refuses mails that name an unknown one."""
    name = account.settings.get("configuration_set")
    if not name:
        return ()
    found = yield AwsCall("sesv2", "get_configuration_set", {"ConfigurationSetName": name})
    if found.status == 404:
        detail = "SES has no configuration set of this name in this region."
        return (Fault("/configuration_set", "unknown_configuration_set", detail),)
    if not found.ok:
        raise aws.refusal(found, publishing=False)
    return ()


def _mail(post: Post, address: str, account: Account) -> dict[str, Any]:
    """Return the call's parameters."""
    settings = account.settings
    sender = (_one_line(settings.get("from_name", "")), _sender_address(account))
    params: dict[str, Any] = {
        "FromEmailAddress": formataddr(sender),
        "Destination": {"ToAddresses": [address]},
        "Content": {"Simple": _content(post)},
    }
    if post.mark:
        params["EmailTags"] = [{"Name": TAG, "Value": post.mark}]
    if settings.get("configuration_set"):
        params["ConfigurationSetName"] = settings["configuration_set"]
    if settings.get("reply_to"):
        params["ReplyToAddresses"] = [settings["reply_to"]]
    return params


def _content(post: Post) -> dict[str, Any]:
    unsubscribe_url = _safe_url(post.recipient.unsubscribe_url if post.recipient else "")
    html = mail_body.html(post.text, post.media, unsubscribe_url, post.language)
    content: dict[str, Any] = {
        "Subject": _utf8(_one_line(post.subject or _first_line(post.text))),
        "Body": {"Text": _utf8(post.text), "Html": _utf8(html)},
    }
    if unsubscribe_url:
        content["Headers"] = [
            {"Name": "List-Unsubscribe", "Value": f"<{unsubscribe_url}>"},
            {"Name": "List-Unsubscribe-Post", "Value": "List-Unsubscribe=One-Click"},
        ]
    if post.media:
        content["Attachments"] = [_attachment(n, item) for n, item in enumerate(post.media, 1)]
    return content


def _attachment(number: int, item: Media) -> dict[str, Any]:
    extension = item.content_type.rpartition("/")[2].replace("jpeg", "jpg")
    attachment = {
        "RawContent": MediaBytes(item.ref),
        "ContentDisposition": "INLINE",
        "ContentId": mail_body.content_id(number),
        "ContentTransferEncoding": "BASE64",
        "ContentType": item.content_type,
        "FileName": f"picture-{number}.{extension}",
    }
    described = _one_line(item.alt_text)
    return {**attachment, "ContentDescription": described} if described else attachment


def _sender_address(account: Account) -> str:
    address = responses.setting(account, "from_address")
    if not _ADDRESS.fullmatch(address):
        raise CredentialsRejected("The account's from_address is no e-mail address.")
    return address


def _subject_faults(subject: str) -> list[Fault]:
    found = [
        Fault("/subject", reason.code, reason.detail) for reason in texts.reject_reasons(subject)
    ]
    if not found and _CONTROLS.search(subject):
        detail = "Write the subject in one line, without control characters."
        found.append(Fault("/subject", "control_character", detail))
    if len(subject) > MAX_SUBJECT:
        size = Length(len(subject), MAX_SUBJECT, TextUnit.CODE_POINTS)
        found.append(words.too_long(size, "/subject"))
    return found


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if not texts.is_blank(line)), "")


def _one_line(text: str) -> str:
    """Return a text that can't begin another header."""
    return " ".join(_CONTROLS.sub(" ", text).split())


def _safe_url(url: str) -> str:
    """Return an address that can stand in a header; nothing if it can't."""
    is_safe = url.startswith(("https://", "http://")) and _HEADER_VALUE.fullmatch(url)
    return url if is_safe else ""


def _utf8(text: str) -> dict[str, str]:
    return {"Data": text, "Charset": "UTF-8"}


CHANNEL: Channel = Email()
