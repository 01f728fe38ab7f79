"""How a connection can go wrong, and what each way means for a step that publishes or prepares.

The axis is what is known afterwards. `None` is an answer that proves success; `Ambiguous` and, for
a step that makes nothing visible, `PlatformUnavailable` are no answer; the rest is definite. Where
a channel reads more or less out of it than the others, that stands beside the case.

    linkedin   has its proof in a header: the body of a success does not matter
    email      the SDK takes most bodies of a success; only an id is a proof
    sms        the SDK reads XML, in any encoding, and fails on anything else
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from chalicelib.domain.errors import (
    Ambiguous,
    ChannelError,
    ContentRejected,
    CredentialsRejected,
    PlatformUnavailable,
    RateLimited,
)
from tests.fakes.server import (
    Behaviour,
    Server,
    answering,
    closing,
    dripping,
    falling_silent,
    half_closing,
    pouring,
    resetting,
    unread,
)

Meaning = type[ChannelError] | None
"""What a channel makes of it; None: it succeeded, and proves it."""


@dataclass(frozen=True)
class Answer:
    """What a platform says to a request it has carried out."""

    body: bytes
    status: str = "200 OK"
    headers: Mapping[str, str] = field(default_factory=dict)

    def head(self, *more: str, status: str = "", length: int | None = None) -> bytes:
        """Return status line and headers, ready to be followed by a body."""
        size = len(self.body) if length is None else length
        framing = [] if size < 0 else [f"Content-Length: {size}"]
        own = [f"{name}: {value}" for name, value in self.headers.items()]
        lines = [f"HTTP/1.1 {status or self.status}", *own, *framing, *more, "", ""]
        return "\r\n".join(lines).encode()

    @property
    def raw(self) -> bytes:
        """Return all of it."""
        return self.head() + self.body

    def saying(self, body: bytes) -> bytes:
        """Return the answer with another body."""
        return self.head(length=len(body)) + body

    def chunked(self, chunks: bytes) -> bytes:
        """Return the answer with a body in chunks, as they are."""
        return self.head("Transfer-Encoding: chunked", length=-1) + chunks


def _xml(action: str, inner: bytes) -> bytes:
    name = action.encode()
    return (
        b'<%sResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><%sResult>%s</%sResult>'
        b"<ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></%sResponse>"
        % (name, name, inner, name, name)
    )


PUBLISHED = {
    "facebook": Answer(b'{"id": "1042_1"}'),
    "instagram": Answer(b'{"id": "17900"}'),
    "linkedin": Answer(b'{"x": "y"}', "201 Created", {"x-restli-id": "urn:li:share:7"}),
    "whatsapp": Answer(b'{"messaging_product": "whatsapp", "messages": [{"id": "wamid.A="}]}'),
    "email": Answer(b'{"MessageId": "m-1"}'),
    "sms": Answer(_xml("Publish", b"<MessageId>m-1</MessageId>")),
}
PREPARED = {
    "facebook": Answer(b'{"id": "1"}'),
    "instagram": Answer(b'{"id": "1"}'),
    "linkedin": Answer(
        b'{"value": {"image": "urn:li:image:1", "uploadUrl": "https://www.linkedin.com/up/1"}}'
    ),
    "whatsapp": Answer(b'{"id": "1065", "verified_name": "News"}'),
    "email": Answer(b'{"SendingEnabled": true}'),
    "sms": Answer(_xml("GetSMSAttributes", b"<attributes></attributes>")),
}
TAKEN_BACK = {"facebook": Answer(b'{"success": true}')}
"""Instagram deletes by the same words; LinkedIn's 204 has no body to go wrong."""


@dataclass(frozen=True)
class Case:
    """One way to go wrong."""

    name: str
    behave: Callable[[Answer], Behaviour]
    publishing: Meaning = Ambiguous
    preparing: Meaning = PlatformUnavailable
    publishing_but: Mapping[str, Meaning] = field(default_factory=dict)
    preparing_but: Mapping[str, Meaning] = field(default_factory=dict)
    greeting: Behaviour | None = None
    base: Callable[[Server], str] = lambda server: server.base
    hasty: bool = False
    """The server uses up the client's time."""

    def meaning(self, channel: str, *, publishes: bool) -> Meaning:
        """Return what this means for a step of a channel."""
        if publishes:
            return self.publishing_but.get(channel, self.publishing)
        return self.preparing_but.get(channel, self.preparing)


def _read_by(*channels: str) -> dict[str, Meaning]:
    return dict.fromkeys(channels)


HEADER = _read_by("linkedin")
MAIL = _read_by("email")
GRAPH = ("facebook", "instagram", "whatsapp")


def _never(answer: Answer) -> Behaviour:
    return answering(answer.raw)


def _certain(name: str, status: str, meaning: Meaning) -> Case:
    return Case(
        name, lambda a: answering(a.head(status=status, length=0)), meaning, preparing=meaning
    )


def _unclear(name: str, status: str) -> Case:
    return Case(name, lambda a: answering(Answer(b"").head(status=status)))


def _body(
    name: str,
    body: Callable[[Answer], bytes],
    publishing: Meaning = Ambiguous,
    preparing: Meaning = PlatformUnavailable,
    publishing_but: Mapping[str, Meaning] = HEADER,
    preparing_but: Mapping[str, Meaning] = MAIL,
) -> Case:
    return Case(
        f"body: {name}",
        lambda a: answering(a.saying(body(a))),
        publishing,
        preparing,
        publishing_but,
        preparing_but,
    )


def _packed(answer: Answer, body: bytes, encoding: str = "gzip") -> bytes:
    return answer.head(f"Content-Encoding: {encoding}", length=len(body)) + body


XML_ERROR = b"<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>"
BOMB = gzip.compress(b" " * 20_000_000)
XML_BOMB = (
    b"<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'>"
    + b"".join(b"<!ENTITY %c '%s'>" % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9))
    + b"]><PublishResponse>&j;</PublishResponse>"
)

NOT_REACHED = (
    Case(
        "nobody listens",
        _never,
        PlatformUnavailable,
        base=lambda server: "http://127.0.0.1:1",
    ),
    Case(
        "the name is unknown",
        _never,
        PlatformUnavailable,
        base=lambda server: "http://nowhere.invalid",
    ),
    Case(
        "TLS is answered in plain",
        _never,
        PlatformUnavailable,
        greeting=lambda line: line.say(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
        base=lambda server: f"https://127.0.0.1:{server.port}",
    ),
    Case(
        "TLS is hung up on",
        _never,
        PlatformUnavailable,
        greeting=closing(),
        base=lambda server: f"https://127.0.0.1:{server.port}",
    ),
    Case(
        "TLS is met with silence",
        _never,
        PlatformUnavailable,
        greeting=falling_silent(),
        base=lambda server: f"https://127.0.0.1:{server.port}",
        hasty=True,
    ),
)

CLOSED = (
    Case("closed before it was read", _never, greeting=unread(closing())),
    Case("reset before it was read", _never, greeting=unread(resetting())),
    Case("closed without a word", lambda a: closing()),
    Case("reset without a word", lambda a: resetting()),
    Case("half closed without a word", lambda a: half_closing()),
    Case("closed in the version", lambda a: closing(b"HTT")),
    Case("closed before the status", lambda a: closing(b"HTTP/1.1 ")),
    Case("closed in the status", lambda a: closing(b"HTTP/1.1 40")),
    Case("closed after a refusing status", lambda a: closing(b"HTTP/1.1 400")),
    Case("closed after a blocking status", lambda a: closing(b"HTTP/1.1 401 Unauthorized\r\n")),
    Case("closed after the status line", lambda a: closing(a.raw[: a.raw.index(b"\r\n") + 2])),
    Case("closed in a header", lambda a: closing(a.head()[:-6])),
    Case("closed after the last header", lambda a: closing(a.head()[:-2])),
    Case("reset after the last header", lambda a: resetting(a.head()[:-2])),
    Case("closed before the body", lambda a: closing(a.head())),
    Case("reset before the body", lambda a: resetting(a.head())),
    Case("closed in the body", lambda a: closing(a.raw[:-5])),
    Case("half closed in the body", lambda a: half_closing(a.raw[:-5])),
    Case("reset in the body", lambda a: resetting(a.raw[:-5])),
    Case("closed one byte early", lambda a: closing(a.raw[:-1])),
    Case(
        "more bytes announced than sent",
        lambda a: closing(a.head(length=len(a.body) + 10) + a.body),
    ),
    Case(
        "a body without length cut off",
        lambda a: closing(a.head(length=-1) + a.body[:-5]),
        publishing_but=HEADER,
        preparing_but=MAIL,
    ),
)

SLOW = (
    Case("silence", lambda a: falling_silent(), hasty=True),
    Case("silence in the status line", lambda a: falling_silent(a.raw[:10]), hasty=True),
    Case("silence in the headers", lambda a: falling_silent(a.head()[:-2]), hasty=True),
    Case("silence instead of the body", lambda a: falling_silent(a.head()), hasty=True),
    Case("silence in the body", lambda a: falling_silent(a.raw[:-1]), hasty=True),
    Case("silence between chunks", lambda a: falling_silent(a.chunked(b"1\r\n{\r\n")), hasty=True),
    Case("headers drip in", lambda a: dripping(a.raw), hasty=True),
    Case(
        "a body drips in",
        lambda a: dripping(b" " * 100 + a.body, after=a.head(length=len(a.body) + 100)),
        hasty=True,
    ),
)

FRAMED = (
    Case(
        "chunks",
        lambda a: answering(a.chunked(b"%x\r\n%s\r\n0\r\n\r\n" % (len(a.body), a.body))),
        None,
        None,
    ),
    Case("a chunk cut off", lambda a: closing(a.chunked(b"fff\r\n" + a.body))),
    Case("no last chunk", lambda a: closing(a.chunked(b"%x\r\n%s\r\n" % (len(a.body), a.body)))),
    Case("a chunk of no size", lambda a: closing(a.chunked(b"zz\r\n" + a.body + b"\r\n0\r\n\r\n"))),
    Case("a chunk of negative size", lambda a: closing(a.chunked(b"-5\r\n" + a.body))),
    Case("a chunk of enormous size", lambda a: closing(a.chunked(b"f" * 40 + b"\r\n" + a.body))),
    Case(
        "chunks and a length",
        lambda a: answering(
            a.head("Transfer-Encoding: chunked", length=3)
            + b"%x\r\n%s\r\n0\r\n\r\n" % (len(a.body), a.body)
        ),
        None,
        None,
    ),
    Case(
        "two different lengths",
        lambda a: closing(a.head("Content-Length: 3") + a.body),
    ),
    Case(
        "the same length twice",
        lambda a: closing(a.head(f"Content-Length: {len(a.body)}") + a.body),
        None,
        None,
    ),
    Case(
        "a shorter length",
        lambda a: closing(a.head(length=len(a.body) - 3) + a.body),
        publishing_but=HEADER,
        preparing_but=MAIL,
    ),
    Case(
        "a length that is no number",
        lambda a: closing(a.head("Content-Length: x", length=-1) + a.body),
        None,
        None,
    ),
    Case("an absurd length", lambda a: closing(a.head(length=10**30) + a.body)),
)

HUGE = (
    Case("a gigabyte", lambda a: pouring(a.head(length=1_000_000_000))),
    Case("a body without an end", lambda a: pouring(a.head(length=-1))),
    Case(
        "chunks without an end",
        lambda a: pouring(a.chunked(b""), b"400\r\n" + b" " * 1024 + b"\r\n"),
    ),
    Case("a header of a megabyte", lambda a: closing(a.head("X-Big: " + "x" * 1_000_000))),
    Case(
        "ten thousand headers",
        lambda a: closing(a.head(*[f"X-{n}: {n}" for n in range(10_000)]) + a.body),
    ),
    Case("headers without an end", lambda a: pouring(b"HTTP/1.1 200 OK\r\n", b"X-Y: z\r\n")),
    Case(
        "leave to continue without an end",
        lambda a: pouring(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ),
    Case("early hints without an end", lambda a: pouring(b"", b"HTTP/1.1 103 Hints\r\n\r\n")),
    Case(
        "a body that unpacks to twenty megabytes",
        lambda a: answering(_packed(a, BOMB)),
    ),
)

PACKED = (
    Case("gzip", lambda a: answering(_packed(a, gzip.compress(a.body))), None, None),
    Case("deflate", lambda a: answering(_packed(a, zlib.compress(a.body), "deflate")), None, None),
    Case("gzip that is none", lambda a: answering(_packed(a, a.body))),
    Case(
        "gzip cut off",
        lambda a: answering(_packed(a, gzip.compress(a.body)[:-12])),
        publishing_but=HEADER,
        preparing_but=MAIL,
    ),
    Case(
        "an unknown packing",
        lambda a: answering(_packed(a, b"\x8b\x05\x80" + a.body[::-1], "zz")),
        publishing_but=HEADER,
    ),
)

PROTOCOL = (
    Case("HTTP/0.9", lambda a: closing(a.body)),
    Case("noise", lambda a: closing(b"\x00\x01\x02 no protocol\r\n\r\n")),
    Case("another protocol", lambda a: closing(a.raw.replace(b"HTTP/1.1", b"ICY"))),
    Case("a later version", lambda a: closing(a.raw.replace(b"HTTP/1.1", b"HTTP/7.0"))),
    Case("a status of letters", lambda a: closing(b"HTTP/1.1 OK 200\r\n\r\n" + a.body)),
    Case("a status of two digits", lambda a: closing(b"HTTP/1.1 99 No\r\n\r\n" + a.body)),
    Case("a status of four digits", lambda a: closing(b"HTTP/1.1 2000 No\r\n\r\n" + a.body)),
    Case("a protocol switched", lambda a: answering(b"HTTP/1.1 101 No\r\nUpgrade: x\r\n\r\n")),
    Case(
        "HTTP/1.0",
        lambda a: closing(a.head(length=-1).replace(b"1.1", b"1.0") + a.body),
        None,
        None,
    ),
    Case(
        "line feeds alone",
        lambda a: answering(a.head().replace(b"\r\n", b"\n") + a.body),
        None,
        None,
    ),
    Case(
        "interim answers first",
        lambda a: answering(
            b"HTTP/1.1 100 Continue\r\n\r\n" + b"HTTP/1.1 103 Hints\r\nLink: </x>\r\n\r\n" + a.raw
        ),
        None,
        None,
    ),
    Case(
        "a line that is no header",
        lambda a: closing(
            b"HTTP/1.1 200 OK\r\nno header\r\n" + a.head(length=-1).partition(b"\r\n")[2] + a.body
        ),
        None,
        None,
        publishing_but={"linkedin": Ambiguous},
    ),
    Case(
        "headers twice",
        lambda a: answering(a.head("Server: one", "Server: two", "X-Id: 1", "X-Id: 2") + a.body),
        None,
        None,
    ),
)

BODIES = (
    Case(
        "no body",
        lambda a: answering(a.saying(b"")),
        publishing_but=HEADER,
        preparing_but=MAIL,
    ),
    Case(
        "no content",
        lambda a: answering(Answer(b"").head(status="204 No Content", length=-1)),
        preparing_but=MAIL,
    ),
    Case(
        "a page for people",
        lambda a: answering(
            a.head("Content-Type: text/html", length=29) + b"<html>Please log in...</html>"
        ),
        publishing_but=HEADER,
        preparing_but=MAIL,
    ),
    Case(
        "another content type",
        lambda a: answering(a.head("Content-Type: image/png") + a.body),
        None,
        None,
    ),
    _body(
        "bytes that are no text", lambda a: a.body[:-1] + b', "x": "\xff\xfe"}', preparing_but={}
    ),
    _body(
        "another encoding",
        lambda a: a.body.decode().encode("utf-16"),
        publishing_but=HEADER | _read_by("sms"),
        preparing_but=_read_by("sms"),
    ),
    _body(
        "half a character",
        lambda a: a.body[:-1] + rb', "x": "\ud800"}',
        None,
        None,
        publishing_but={"sms": Ambiguous},
        preparing_but={"sms": PlatformUnavailable},
    ),
    _body("nothing", lambda a: b"null", preparing_but={}),
    _body("a list", lambda a: b"[" + a.body + b"]", preparing_but={}),
    _body("a number", lambda a: b"42", preparing_but={}),
    _body("a text", lambda a: b'"xxxxxxxxxx"', preparing_but={}),
    _body(
        "a depth of 100,000", lambda a: b'{"x":' * 100_000 + b"1" + b"}" * 100_000, preparing_but={}
    ),
    _body("100,000 digits", lambda a: a.body[:-1] + b', "x": ' + b"9" * 100_000 + b"}"),
    _body(
        "a number that is none",
        lambda a: a.body[:-1] + b', "x": NaN}',
        publishing_but=HEADER | MAIL,
    ),
    _body(
        "a name twice",
        lambda a: a.body[:-1] + b", " + a.body[1:],
        publishing_but=HEADER | MAIL,
    ),
    _body("something after the end", lambda a: a.body + a.body),
    _body(
        "an error in a success",
        lambda a: b'{"error": {"code": 100, "message": "No."}}',
        preparing_but=MAIL | {"whatsapp": CredentialsRejected},
    ),
    _body(
        "a limit in a success",
        lambda a: b'{"error": {"code": 4, "message": "Slow."}}',
        preparing_but=MAIL | dict.fromkeys(GRAPH, RateLimited),
    ),
    _body(
        "a refusal in a success",
        lambda a: b'{"error": {"code": 190, "message": "No."}}',
        preparing_but=MAIL | dict.fromkeys(GRAPH, CredentialsRejected),
    ),
    _body(
        "success and error",
        lambda a: a.body[:-1] + b', "error": {"code": 190}}',
        publishing_but=HEADER | MAIL,
        preparing_but=MAIL | HEADER | dict.fromkeys(GRAPH, CredentialsRejected),
    ),
    _body(
        "an XML error in a success",
        lambda a: XML_ERROR,
    ),
    _body("an XML bomb", lambda a: XML_BOMB),
)

REDIRECTS = tuple(
    Case(
        f"{status} {where}",
        lambda a, status=status, location=location: answering(
            a.head(*location, status=f"{status} Elsewhere", length=0)
        ),
    )
    for status in (301, 302, 303, 307, 308)
    for where, location in {
        "to another host": ("Location: https://evil.example/",),
        "to itself": ("Location: /",),
        "to nowhere": (),
    }.items()
)

STATUSES = (
    _certain("bad request", "400 Bad Request", ContentRejected),
    _certain("not authenticated", "401 Unauthorized", CredentialsRejected),
    _certain("forbidden", "403 Forbidden", CredentialsRejected),
    _certain("not found", "404 Not Found", ContentRejected),
    _certain("too large", "413 Content Too Large", ContentRejected),
    _certain("too often", "429 Too Many Requests", RateLimited),
    *(
        _unclear(f"status {status}", f"{status} Who Knows")
        for status in (300, 304, 408, 499, 500, 501, 502, 503, 504, 520, 599, 600, 999)
    ),
)

CASES = (
    *NOT_REACHED,
    *CLOSED,
    *SLOW,
    *FRAMED,
    *HUGE,
    *PACKED,
    *PROTOCOL,
    *BODIES,
    *REDIRECTS,
    *STATUSES,
)
