"""A request as a view sees it: verified, its parameters parsed and its body a model."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any, Protocol, TypeVar, cast

from chalicelib.domain.certifications import Language
from chalicelib.domain.errors import (
    Conflict,
    Fault,
    Forbidden,
    InvalidMessage,
    MediaNotReady,
    NotFound,
)
from chalicelib.domain.identity import Member
from chalicelib.domain.messages import MessageStatus
from chalicelib.domain.ports import (
    CertificationStatus,
    Cursor,
    Filter,
    Once,
    Page,
    StoredResponse,
)
from chalicelib.edge import headers
from chalicelib.edge.bodies import Body
from chalicelib.edge.cursors import Cursors
from chalicelib.edge.problems import Unauthenticated
from chalicelib.edge.queries import DEFAULT_LIMIT, Scope
from chalicelib.edge.reading import Reading

T = TypeVar("T")
B = TypeVar("B", bound=Body)
Answer = StoredResponse


class Repeating(Protocol):
    """Answers a repeated request from its idempotency key."""

    def once(
        self,
        once: Once | None,
        run: Callable[[Once | None], Answer],
        *,
        in_transaction: bool,
    ) -> tuple[Answer, bool]: ...


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked, and by whom."""

    method: str
    route: str
    path: str
    headers: Mapping[str, str]
    caller: Member | None = None
    query: Mapping[str, Any] = field(default_factory=dict)
    reading: Reading[Body] = field(default_factory=lambda: Reading(None))
    """What the body says, with every fault of headers, query and body."""
    content: bytes = b""
    """The body as it was sent, where a platform signs it."""
    digest: str = ""
    """Of the canonical body and the path."""
    key: str | None = None
    cursors: Cursors | None = None
    position: Cursor | None = None
    """Where the page begins that was asked for; None for the first."""

    @property
    def member(self) -> Member:
        """Return who is calling; `Unauthenticated` on public routes."""
        if self.caller is None:
            raise Unauthenticated
        return self.caller

    @property
    def payload(self) -> Body | None:
        """Return the body as far as it can be read; one with faults is for judging only."""
        return self.reading.body

    def body(self, model: type[B]) -> B:
        """Return the body, which the route declares to be this model."""
        if self.reading.faults:
            raise InvalidMessage(self.reading.faults)
        return self._readable(model)

    def judged(
        self, model: type[B], make: Callable[[B], T], check: Callable[[T, Member], None]
    ) -> T:
        """Return what is made of the body, which the route declares to be this model.

        A sound one is checked by whoever acts on it. Of one with faults `check` tells, as far as it
        can be read, what only a service can know: `InvalidMessage` lists that with the rest.
        """
        made = make(self._readable(model))
        if self.reading.faults:
            further = self.reading.further(_refusal(check, made, self.member))
            raise InvalidMessage([*self.reading.faults, *further])
        return made

    def _readable(self, model: type[B]) -> B:
        if not isinstance(self.payload, model):
            raise TypeError(f"{self.method} {self.route} does not take a {model.__name__}.")
        return self.payload

    @property
    def if_match(self) -> int:
        """Return the revision that a change is based on; see `headers.if_match`."""
        return headers.if_match(self.headers.get("if-match"))

    @property
    def language(self) -> Language:
        """Return the language in which a page speaks to whoever asks; see `headers.language`."""
        return headers.language(self.headers.get("accept-language"))

    @property
    def if_match_given(self) -> int | None:
        """Return the revision that a decision is based on; None if any will do."""
        return headers.if_match_given(self.headers.get("if-match"))

    @property
    def limit(self) -> int:
        """Return how many items a page holds at most."""
        return cast(int, self.query.get("limit", DEFAULT_LIMIT))

    @property
    def everyone(self) -> bool:
        """Return whether everyone's objects are asked for."""
        return self.query.get("scope") is Scope.ALL

    @property
    def wanted_messages(self) -> Filter:
        """Return which messages a list shows."""
        status = cast("MessageStatus | None", self.query.get("status"))
        return Filter(status=status, since=self.query.get("from"), until=self.query.get("to"))

    @property
    def wanted_certifications(self) -> CertificationStatus | None:
        """Return which certifications a list shows."""
        return cast("CertificationStatus | None", self.query.get("status"))

    def next_cursor(self, page: Page[Any]) -> str | None:
        """Return the signed cursor of the page that follows."""
        if self.cursors is None:
            raise TypeError(f"{self.method} {self.route} is no list.")
        return self.cursors.seal(page.cursor)

    def accepting(
        self,
        repeating: Repeating,
        act: Callable[[Once | None], T],
        render: Callable[[T], Answer],
    ) -> Answer:
        """Act once per idempotency key, where `act` stores the answer with what it makes."""
        once = self._once(render)
        answer, replayed = repeating.once(once, lambda o: render(act(o)), in_transaction=True)
        return _marked(answer, replayed)

    def doing(
        self, repeating: Repeating, act: Callable[[], T], render: Callable[[T], Answer]
    ) -> Answer:
        """Act once per idempotency key, where the key is reserved before and completed after."""
        once = self._once(render)
        answer, replayed = repeating.once(once, lambda _: render(act()), in_transaction=False)
        return _marked(answer, replayed)

    def _once(self, render: Callable[[Any], Answer]) -> Once | None:
        if self.key is None:
            return None
        opaque = sha256(f"{self.method} {self.route}\n{self.key}".encode()).hexdigest()
        return Once(user=self.member.id, key=opaque, digest=self.digest, answer=render)


def digest_of(path: str, body: Mapping[str, Any]) -> str:
    """Return the digest under which two requests are the same, however their JSON was written."""
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return sha256(f"{path}\n{canonical}".encode()).hexdigest()


def _refusal(check: Callable[[T, Member], None], value: T, member: Member) -> Sequence[Fault]:
    """Return the faults that a service finds; none where it would refuse for another reason."""
    try:
        check(value, member)
    except (InvalidMessage, MediaNotReady) as error:
        return error.faults
    except (NotFound, Forbidden, Conflict):
        pass
    return ()


def _marked(answer: Answer, replayed: bool) -> Answer:
    if not replayed:
        return answer
    return replace(answer, headers={**answer.headers, headers.REPLAYED: "true"})
