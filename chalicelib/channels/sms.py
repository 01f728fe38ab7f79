"""SMS through Amazon SNS: the cheap alphabet where possible, few segments, a top price.

Sources, checked 2026-11-21: docs.aws.amazon.com/sns/latest/dg/sms_publish-to-phone.html (1,600
characters or bytes, by language of the page; E.164; price and sender attributes) and the alphabets
in `chalicelib.domain.sms`. A length counts what a phone network counts: septets, or UTF-16 units
once one character is outside the cheap alphabet.

SNS can't be asked about a message, and what it reports can't be traced to one that went unanswered:
its delivery logs (…/sns/latest/dg/sms_stats_cloudwatch.html) name the message id, which only the
answer tells, and carry none of our attributes. So without an answer a person decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta

from chalicelib.channels import _aws as aws
from chalicelib.channels import _responses as responses
from chalicelib.channels import _wording as words
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
    MediaRule,
    Post,
    Presence,
    Receipt,
    Reconcilability,
    Removal,
    Wording,
)
from chalicelib.domain.errors import Fault, UnsupportedContent
from chalicelib.domain.sms import encode_plan, transliterate
from chalicelib.domain.text import TextUnit, fit

GOOD_SEGMENTS = 3
"""Generated text is fitted to these where nothing that must survive gets lost: beside a name in
another script they have room for the link, which two have not."""

MAX_SEGMENTS = 24
"""As many as the limit fills, whatever the alphabet."""

MAX_PRICE = "0.50"
"""US dollars per message."""

_E164 = re.compile(r"\+[1-9]\d{6,14}")
_SHAPES = {
    "sms_type": (re.compile("Promotional|Transactional"), "It is Promotional or Transactional."),
    "max_price": (re.compile(r"\d{1,3}(\.\d{1,5})?"), "A price in US dollars, like 0.50."),
    "sender_id": (
        re.compile("(?=.*[A-Za-z])[A-Za-z0-9-]{1,11}"),
        "Up to 11 letters, digits and hyphens, one letter at least.",
    ),
    "origination_number": (
        re.compile(r"\+?\d{5,14}"),
        "A number or short code: 5 to 14 digits.",
    ),
}
"""What the attributes of a message may hold, as SNS documents them; checked 2026-11-21."""

_STAYS_SENT = "A text message that was sent can't be taken back."


class Sms:
    """Text messages."""

    name = ChannelName("sms")
    title = "SMS"
    direct = True
    limits = Limits(
        max_text=1_600,
        unit=TextUnit.CHARACTERS,
        source="https://docs.aws.amazon.com/sns/latest/dg/sms_publish-to-phone.html",
        checked_on=date(2026, 11, 21),
    )
    media = MediaRule(
        max_items=0,
        source="https://docs.aws.amazon.com/sns/latest/dg/sms_publish-to-phone.html",
        checked_on=date(2026, 11, 21),
        leaves_out_surplus=True,
    )
    reconciles_by = Reconcilability.NONE
    settle_time = timedelta(seconds=10)
    spacing = timedelta(milliseconds=50)
    """20 a second: what SNS grants for SMS by default; checked 2026-11-21."""
    takes_back = False
    account_settings: tuple[str, ...] = ()
    account_secrets: tuple[str, ...] = ()
    optional_settings = ("sender_id", "origination_number", "max_price", "sms_type")
    optional_secrets: tuple[str, ...] = ()
    permissions = ("sns:Publish", "sns:GetSMSAttributes")

    def compose(
        self, wording: Wording, media: Sequence[Media], account: Account
    ) -> tuple[Post, list[Fault]]:
        """Return the text in the cheap alphabet if that loses nothing; pictures can't be sent."""
        text = transliterate(wording.text, wording.keep).text
        if wording.generated:
            text = self._fitted(text, wording.keep)
        return Post(text), words.faults(text, (), self.limits, self.media, _units)

    def measure(self, post: Post) -> Length:
        """Return the length as phone networks count it."""
        return words.measured(post.text, self.limits, _units)

    def publish(self, post: Post, account: Account) -> Conversation:
        """Send one text to one number."""
        if post.recipient is None or not _E164.fullmatch(post.recipient.address):
            raise UnsupportedContent("SMS needs a recipient's number in international form.")
        params = {
            "PhoneNumber": post.recipient.address,
            "Message": post.text,
            "MessageAttributes": _attributes(account),
        }
        response = yield AwsCall("sns", "publish", params, publishes=True)
        if not response.ok:
            raise aws.refusal(response, publishing=True)
        return Receipt(responses.identifier(response.data.get("MessageId"), publishing=True))

    def find(self, post: Post, account: Account, since: datetime) -> Lookup:
        """Never tell: SNS keeps no list of messages."""
        return responses.nobody_knows("SNS can't be asked about a message.")

    def unpublish(self, receipt: Receipt, account: Account) -> Removal:
        """Say that this can't be done."""
        return responses.nothing_to_take_back(_STAYS_SENT)

    def is_there(self, receipt: Receipt, account: Account) -> Presence:
        """Say that nothing of it is left to be asked for."""
        return responses.nothing_to_take_back(_STAYS_SENT)

    def check(self, account: Account) -> Check:
        """Ask whether the account may use text messages."""
        response = yield AwsCall("sns", "get_sms_attributes", {})
        # Emulators of SNS know no such action; whoever says so has let us in.
        if not response.ok and response.error != "InvalidAction":
            raise aws.refusal(response, publishing=False)
        identity = account.settings.get("sender_id") or "Amazon SNS"
        return AccountCheck(identity=identity, faults=tuple(_faults(account.settings)))

    def _fitted(self, text: str, keep: Sequence[str]) -> str:
        """Return a generated text in as few segments as hold everything that must survive."""
        most = min(encode_plan(text).count, MAX_SEGMENTS)
        for segments in range(GOOD_SEGMENTS, most):
            short = fit(text, segments, lambda part: encode_plan(part).count, "...")
            if all(part in short for part in keep):
                return short
        return words.shortened(text, keep, self.limits.max_text, _units)


def _units(text: str) -> int:
    return encode_plan(text).units_used


def _faults(settings: Mapping[str, str]) -> Iterator[Fault]:
    """Yield what SNS would refuse every message for."""
    for name, (shape, detail) in _SHAPES.items():
        text = settings.get(name)
        if text and not shape.fullmatch(text):
            yield Fault(f"/{name}", "invalid", detail)


def _attributes(account: Account) -> dict[str, dict[str, str]]:
    settings = account.settings
    values = {
        "AWS.SNS.SMS.SMSType": ("String", settings.get("sms_type") or "Promotional"),
        "AWS.SNS.SMS.MaxPrice": ("Number", settings.get("max_price") or MAX_PRICE),
        "AWS.SNS.SMS.SenderID": ("String", settings.get("sender_id", "")),
        "AWS.MM.SMS.OriginationNumber": ("String", settings.get("origination_number", "")),
    }
    return {
        name: {"DataType": kind, "StringValue": value}
        for name, (kind, value) in values.items()
        if value
    }


CHANNEL: Channel = Sms()
