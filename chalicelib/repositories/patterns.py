"""What stands in the table and who finds it how, as data.

The documentation is generated from it. Tests perform every access pattern and compare what was
really sent and stored with these texts. Names in braces stand for values.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shape:
    """A kind of item: its key, its entries in the indexes, and what is to be known of it."""

    name: str
    key: str
    gsi1: str = ""
    gsi2: str = ""
    note: str = ""


SHAPES = (
    Shape(
        "message",
        "MSG#{message} / METADATA",
        "USER#{user} / MSG#{message}",
        "MONTH#{yyyy-mm} / {due_at}#{message}",
        "The current content, and for lists the roll-up of its deliveries.",
    ),
    Shape("revision", "MSG#{message} / REV#{nnnn}", note="Immutable content."),
    Shape(
        "delivery",
        "MSG#{message} / CHANNEL#{channel}",
        gsi2="STATUS#scheduled#{shard} / {next_at}#{message}#{channel}",
        note="On direct channels the parent, with counters. In GSI2 exactly while it is open.",
    ),
    Shape(
        "recipient's delivery",
        "MSG#{message} / CHANNEL#{channel}#{recipient}",
        gsi2="STATUS#scheduled#{shard} / {next_at}#{message}#{channel}#{recipient}",
        note="The recipient's id is opaque, never an address.",
    ),
    Shape(
        "attempt",
        "MSG#{message} / ATTEMPT#{channel}#{nnn}",
        note="Written before the platform is called; a recipient's with its id inside.",
    ),
    Shape(
        "prepared post",
        "MSG#{message} / POST#{channel}#{nnnn}",
        note="Exactly what a revision posts; the first one stays.",
    ),
    Shape(
        "audit entry",
        "MSG#{message} / AUDIT#{channel}#{nnnnnn}",
        note="`message` as channel for the message itself; a recipient's with its id inside.",
    ),
    Shape("calendar month", "CALENDAR / MONTH#{yyyy-mm}", note="Some message is due in it."),
    Shape(
        "certification",
        "CERT#{certification} / METADATA",
        "USER#{user} / CERT#{certification}",
        "STATUS#{status} / {submitted_at}#{certification}",
        "Holds the announcement's message id.",
    ),
    Shape(
        "uniqueness of an achievement",
        "CERTKEY#{hash} / KEY",
        note="Counts until it expires; deleted on reject or cancel.",
    ),
    Shape("upload", "MEDIA#{upload} / METADATA", "USER#{user} / MEDIA#{upload}"),
    Shape(
        "channel account",
        "ACCT#{channel} / STATE",
        note="Identity, token expiry, pause; no secret.",
    ),
    Shape(
        "channel account's pace",
        "ACCT#{channel} / PACE",
        note="When its next attempt may begin, in milliseconds: moved by atomic addition.",
    ),
    Shape(
        "recipient",
        "ACCT#{channel} / RECIPIENT#{recipient}",
        note="Address and consent; of one who opted out and was removed, only the date.",
    ),
    Shape("profile", "USER#{user} / PROFILE", note="Language, time zone."),
    Shape(
        "live connection",
        "LIVE / CONN#{connection}",
        note="Whose it is and their role; removed by `ttl` once the gateway has closed it.",
    ),
    Shape(
        "live ticket",
        "TICKET#{digest} / KEY",
        note="Opens one live connection; under its secret's hash. Deleted by its use, or by `ttl`.",
    ),
    Shape(
        "adaptation",
        "WORDS#{words} / KEY",
        note="A model's words for a content, or why there are none; the first decision stays.",
    ),
    Shape("idempotency", "IDEM#{user}#{once} / KEY", note="Removed by `ttl` after 48 hours."),
)


@dataclass(frozen=True, slots=True)
class AccessPattern:
    """One question to the table: its name, the calls that ask it, and each request in order."""

    name: str
    calls: str
    requests: tuple[str, ...]


PATTERNS = (
    AccessPattern(
        "Accept a message with all that stands for it",
        "messages.adding, idempotency.keeping",
        (
            "TransactWriteItems Put MSG#{message} / METADATA, Put CALENDAR / {month}, "
            "Put MSG#{message} / REV#0001, Put MSG#{message} / CHANNEL#linkedin, "
            "Put MSG#{message} / CHANNEL#sms, Put MSG#{message} / AUDIT#message#000001, "
            "Put IDEM#{user}#{once} / KEY",
        ),
    ),
    AccessPattern(
        "Read a message with its deliveries",
        "messages.get",
        (
            "BatchGetItem MSG#{message} / METADATA, MSG#{message} / CHANNEL#linkedin, "
            "MSG#{message} / CHANNEL#sms",
        ),
    ),
    AccessPattern(
        "Read several messages, without their deliveries",
        "messages.many",
        ("BatchGetItem MSG#{message} / METADATA",),
    ),
    AccessPattern(
        "List a user's own messages, newest first",
        "messages.by_author",
        ("Query GSI1 USER#{user} / begins with MSG#, backwards",),
    ),
    AccessPattern(
        "List everyone's messages by due time: the managers' calendar",
        "messages.calendar",
        (
            "Query CALENDAR / MONTH# … MONTH#~, backwards",
            "Query GSI2 {month} / any, backwards",
            "BatchGetItem MSG#{message} / METADATA",
        ),
    ),
    AccessPattern("Read a revision", "messages.revision", ("GetItem MSG#{message} / REV#0001",)),
    AccessPattern(
        "Edit a message",
        "messages.saving, messages.revising, messages.moving",
        (
            "TransactWriteItems Update MSG#{message} / METADATA, Put CALENDAR / {month}, "
            "Put MSG#{message} / AUDIT#message#000002, Put MSG#{message} / REV#0002, "
            "Update MSG#{message} / CHANNEL#linkedin",
        ),
    ),
    AccessPattern(
        "Store a roll-up for lists", "messages.rolling_up", ("Update MSG#{message} / METADATA",)
    ),
    AccessPattern(
        "Find what is due, shard by shard",
        "messages.due",
        ("Query GSI2 STATUS#scheduled#{shard} / up to {now}~",),
    ),
    AccessPattern(
        "Read a delivery", "messages.delivery", ("GetItem MSG#{message} / CHANNEL#linkedin",)
    ),
    AccessPattern(
        "Read what seems due, up to 100 at once",
        "messages.deliveries",
        ("BatchGetItem MSG#{message} / CHANNEL#linkedin, MSG#{message} / CHANNEL#sms#{recipient}",),
    ),
    AccessPattern(
        "Claim a delivery", "messages.moving", ("Update MSG#{message} / CHANNEL#linkedin",)
    ),
    AccessPattern(
        "Begin an attempt: the one point that decides “will be posted”",
        "messages.moving",
        (
            "TransactWriteItems Update MSG#{message} / CHANNEL#linkedin, "
            "Put MSG#{message} / ATTEMPT#linkedin#001, Put MSG#{message} / AUDIT#linkedin#000001",
        ),
    ),
    AccessPattern(
        "Settle a recipient's delivery and count it on its parent",
        "messages.moving",
        (
            "TransactWriteItems Update MSG#{message} / CHANNEL#sms#{recipient}, "
            "Update MSG#{message} / CHANNEL#sms, "
            "Update MSG#{message} / ATTEMPT#sms#{recipient}#001, "
            "Put MSG#{message} / AUDIT#sms#{recipient}#000002",
        ),
    ),
    AccessPattern(
        "Add recipients to a parent, with a cursor",
        "messages.moving, messages.starting",
        (
            "TransactWriteItems Update MSG#{message} / CHANNEL#sms, "
            "Update MSG#{message} / CHANNEL#sms#{recipient}",
        ),
    ),
    AccessPattern(
        "List the recipients of a message",
        "messages.recipients",
        ("Query MSG#{message} / begins with CHANNEL#sms#",),
    ),
    AccessPattern(
        "Fix what will be posted, once",
        "messages.keep_post",
        ("Put MSG#{message} / POST#linkedin#0001",),
    ),
    AccessPattern(
        "Read what will be posted", "messages.post", ("GetItem MSG#{message} / POST#linkedin#0001",)
    ),
    AccessPattern(
        "List the attempts of a delivery",
        "messages.attempts",
        ("Query MSG#{message} / begins with ATTEMPT#linkedin#",),
    ),
    AccessPattern(
        "Tell a message's story",
        "messages.timeline",
        ("Query MSG#{message} / ATTEMPT# … AUDIT#~",),
    ),
    AccessPattern(
        "Submit a certification, the same only once a year",
        "certifications.adding",
        ("TransactWriteItems Put CERT#{certification} / METADATA, Put CERTKEY#{hash} / KEY",),
    ),
    AccessPattern(
        "Read a certification", "certifications.get", ("GetItem CERT#{certification} / METADATA",)
    ),
    AccessPattern(
        "See who holds an achievement", "certifications.holder", ("GetItem CERTKEY#{hash} / KEY",)
    ),
    AccessPattern(
        "List a user's own certifications, newest first",
        "certifications.by_author",
        ("Query GSI1 USER#{user} / begins with CERT#, backwards",),
    ),
    AccessPattern(
        "List what awaits approval, newest first",
        "certifications.waiting",
        (
            "Query GSI2 STATUS#pending_review / any, backwards",
            "BatchGetItem CERT#{certification} / METADATA",
        ),
    ),
    AccessPattern(
        "List everyone's certifications, newest first",
        "certifications.everyone",
        (
            "Query GSI2 STATUS#pending_review / any, backwards",
            "Query GSI2 STATUS#announced / any, backwards",
            "Query GSI2 STATUS#rejected / any, backwards",
            "Query GSI2 STATUS#cancelled / any, backwards",
            "BatchGetItem CERT#{certification} / METADATA",
        ),
    ),
    AccessPattern(
        "Reject a certification, so that it may be announced again",
        "certifications.saving",
        (
            "GetItem CERTKEY#{hash} / KEY",
            "TransactWriteItems Update CERT#{certification} / METADATA, "
            "Delete CERTKEY#{hash} / KEY",
        ),
    ),
    AccessPattern(
        "Read the state of the channels' accounts",
        "accounts.states",
        ("BatchGetItem ACCT#linkedin / STATE, ACCT#sms / STATE",),
    ),
    AccessPattern("Store an account's state", "accounts.saving", ("Put ACCT#linkedin / STATE",)),
    AccessPattern(
        "Take the next slot of an account that is busy",
        "accounts.take_slot",
        ("Update ACCT#linkedin / PACE", "Update ACCT#linkedin / PACE"),
    ),
    AccessPattern(
        "Subscribe someone, unless they opted out",
        "subscriptions.add",
        ("Update ACCT#sms / RECIPIENT#{recipient}",),
    ),
    AccessPattern(
        "List a channel's recipients",
        "subscriptions.page",
        ("Query ACCT#sms / begins with RECIPIENT#",),
    ),
    AccessPattern(
        "Remember an opt-out",
        "subscriptions.opt_out",
        ("GetItem ACCT#sms / RECIPIENT#{recipient}", "Update ACCT#sms / RECIPIENT#{recipient}"),
    ),
    AccessPattern("Announce an upload", "uploads.adding", ("Put MEDIA#{upload} / METADATA",)),
    AccessPattern("Read uploads", "uploads.many", ("BatchGetItem MEDIA#{upload} / METADATA",)),
    AccessPattern(
        "Find the kept answer of a request",
        "idempotency.find",
        ("GetItem IDEM#{user}#{once} / KEY",),
    ),
    AccessPattern(
        "Find the words that a model chose for a content",
        "adaptations.get",
        ("GetItem WORDS#{words} / KEY",),
    ),
    AccessPattern(
        "Take the sole right to ask a model for a content",
        "adaptations.claiming",
        ("Put WORDS#{words} / KEY",),
    ),
    AccessPattern(
        "Decide about a content's words, once",
        "adaptations.deciding",
        ("Put WORDS#{words} / KEY",),
    ),
    AccessPattern("Read a member's settings", "profiles.get", ("GetItem USER#{user} / PROFILE",)),
    AccessPattern("Store a member's settings", "profiles.save", ("Put USER#{user} / PROFILE",)),
    AccessPattern("Issue a live ticket", "watchers.issue", ("Put TICKET#{digest} / KEY",)),
    AccessPattern("Read a live ticket", "watchers.ticket", ("GetItem TICKET#{digest} / KEY",)),
    AccessPattern(
        "Use a live ticket up and remember the connection",
        "watchers.admit",
        ("Delete TICKET#{digest} / KEY", "Put LIVE / CONN#{connection}"),
    ),
    AccessPattern(
        "Forget a live connection", "watchers.forget", ("Delete LIVE / CONN#{connection}",)
    ),
    AccessPattern(
        "Find everyone who is to be told of a change",
        "watchers.present",
        ("Query LIVE / begins with CONN#",),
    ),
)
