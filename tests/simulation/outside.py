"""The platforms and the vault of secrets as a process meets them.

What a platform shows is a matter of when: an effect may come up to two minutes late, and a look-up
sees a post only some seconds after it appeared. A token expires and is replaced; a post is taken
down by hand.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import unquote, urlsplit

from chalicelib.domain.channels import Account, AwsCall, HttpRequest, Response
from chalicelib.domain.errors import Ambiguous, OutOfTime, PlatformUnavailable
from tests.fakes.platforms import FakePlatforms, Shown, reply
from tests.simulation.chance import Chance, Draw
from tests.simulation.hub import (
    SECOND,
    Hub,
    HubClock,
    Process,
    TrueClock,
    current,
    elapsed,
    instant,
)
from tests.simulation.storage import Faulty

LOOKUP_LAG = 20 * SECOND
LATEST_EFFECT = 120 * SECOND
SECRETIVE = 0.1
"""How often nothing more is heard of who once got no answer to a deletion; times the storms."""
AGAIN = {
    "platform.publish": "again",
    "platform.delete": "delete again",
    "platform.ask": "ask again",
}
"""What befalls who was misled before; troubles come together."""
SILENT = frozenset({"drop_before", "drop_after", "delayed_effect", "crash_before", "crash_after"})
READ_TIMEOUT = 20 * SECOND
HEARD = 10 * SECOND
"""After so long a refusal of the account is known everywhere, unless it could not be noted."""
ENOUGH = 3
"""So many must have heard it: each notes it, but in the middle of faults a note may fail."""
DEAF = 5
"""How many deliveries may call a platform that refuses the account, because it was not noted."""
CURSED = 0.006
CURSES = ("drop_before", "error_503", "refuse_connection", "either")
EITHER = ("drop_before", "refuse_connection")
"""By turns: what leaves a doubt, and what is certain."""
FREEZING = frozenset({"freeze", "stop"})
AWS_ERRORS = {
    401: "ExpiredToken",
    429: "Throttling",
    400: "InvalidParameter",
    503: "ServiceUnavailable",
}


@dataclass
class Call:
    """One request that could publish, as the platform saw it."""

    channel: str
    who: str
    """The delivery, by the name of the strand that called."""
    began: int
    ended: int | None = None
    process: Process | None = None
    is_denied: bool = False
    """The platform said no, published all the same, and reports that by itself."""


@dataclass
class Live:
    """A post, from when to when it is there, and which request made it."""

    channel: str
    id: str
    text: str
    recipient: str | None
    shown_at: int
    call: Call
    pictures: tuple[str, ...] = ()
    """Our references of what it shows, on platforms whose posts name their pictures."""
    gone_at: int | None = None
    mark: str = ""
    """Our mark, which it carries."""
    failed_at: int | None = None
    """When its platform found that it can't be delivered: nobody has seen it."""
    failure_told_at: int | None = None
    """When our program had taken in that it came to nothing."""
    is_taken_back: bool = False
    """Gone because we asked the platform to delete it, not by hand."""

    def is_there(self, now: int) -> bool:
        """Return whether readers can see it; it may still be to come."""
        return self.gone_at is None or self.gone_at > now


@dataclass
class Refusing:
    """Why a platform refuses everything of our account, and who called all the same."""

    until: int | None
    """None: until it gets a new token."""
    heard: list[tuple[int, Process | None]] = field(default_factory=list)
    """When it was told to whom; who died over it could tell nobody."""
    callers: set[str] = field(default_factory=set)

    def is_known_to_all(self, now: int) -> bool:
        """Return whether enough of those who were told are alive to have told the others."""
        heard = [
            at
            for at, process in self.heard
            if process is not None
            and not process.is_dead
            and max(at, process.frozen_until) + HEARD < now
        ]
        return len(heard) >= ENOUGH


class _Posts(list[Shown]):
    """The platforms' posts; whoever appends one is told."""

    def __init__(self, told: Callable[[Shown], None]) -> None:
        super().__init__()
        self._told = told
        self.by_channel: dict[str, list[Shown]] = defaultdict(list)

    def append(self, post: Shown) -> None:
        """Add a post."""
        super().append(post)
        self.by_channel[post.channel].append(post)
        self._told(post)


class SimulatedPlatforms(Faulty):
    """Implements `ports.Transport` for processes over platforms that remember everything."""

    def __init__(self, hub: Hub, chance: Chance) -> None:
        super().__init__(hub, chance)
        self.inner = _Inner(self, TrueClock(hub))
        self._clock = HubClock(hub)
        self.calls: list[Call] = []
        self.asked: dict[str, int] = defaultdict(int)
        """How many look-ups there were for each delivery."""
        self.live: list[Live] = []
        self.token: dict[str, str] = {}
        """The token that each platform accepts; none: any."""
        self.rejected: set[str] = set()
        """The deliveries whose content a platform refused, or that it never serves."""
        self.kept: set[str] = set()
        """The deliveries whose post a platform refused to delete."""
        self.deletions: dict[str, int] = defaultdict(int)
        """How often each delivery's post was to be deleted."""
        self.refusing: dict[str, Refusing] = {}
        """What each platform holds against our account at present."""
        self.is_down: Callable[[str], bool] = lambda _: False
        self.published: Callable[[Live], None] = lambda _: None
        self.called: Callable[[Call], None] = lambda _: None
        self.taken_back: Callable[[str, Live | None], None] = lambda *_: None
        """Is told who has which post deleted; none if there is no such post."""
        self.is_renewed: Callable[[str], bool] = lambda _: False
        """Whether the right token is stored; some process may still remember the old one."""
        self.tells: Callable[[str], bool] = lambda _: False
        """Whether a platform tells by itself what became of a post."""
        self.deaf: Callable[[Call], None] = lambda _: None
        self._call: Call | None = None
        self.denied: set[str] = set()
        """Of whom a platform took what it had refused."""
        self.unheard: set[str] = set()
        """Whose wish to delete a post got no answer."""
        self._secretive: dict[str, bool] = {}
        self._cursed: dict[str, tuple[str, int]] = {}
        """What befalls every request of a delivery, and how many there were."""

    # --- what a process does ------------------------------------------------------------------

    def perform(
        self, step: HttpRequest | AwsCall, account: Account, until: datetime | None = None
    ) -> Response:
        """Perform one step."""
        kind = _kind(step)
        fault, draw, process = self.begin(kind)
        strand = current()
        who = strand.entity
        curse = self._curse(who) if step.publishes else ""
        fault = curse or self._trouble(kind, who) or fault
        if kind == "platform.delete" and fault in SILENT:
            self.unheard.add(who)
        if fault in FREEZING:
            self.hub.pause(0)
        if until is not None and self._clock.now() > until:
            raise OutOfTime
        strand.is_away = True
        try:
            return self._sent(fault, draw, process, step, account, who)
        finally:
            strand.is_away = False

    def _curse(self, who: str) -> str:
        """Return what befalls every request of a few deliveries, for ever: they end in despair."""
        chance = self.chance
        if who not in self._cursed:
            draw = chance.once("curse", who)
            wanted = draw[0] < CURSED * chance.level.storms
            fault = draw.pick(1, CURSES) if wanted else ""
            is_allowed = fault and chance.allows(f"curse|{who}", "curse", fault, self.hub.now)
            self._cursed[who] = (fault if is_allowed else "", 0)
            if is_allowed:
                self.rejected.add(who)
        fault, number = self._cursed[who]
        self._cursed[who] = (fault, number + 1)
        return EITHER[number % 2] if fault == "either" else fault

    def _trouble(self, kind: str, who: str) -> str:
        """Return what befalls who was misled before, on top of what befalls everybody."""
        again = AGAIN.get(kind, "")
        if not again or who not in (self.denied if again == "again" else self.unheard):
            return ""
        if kind == "platform.ask" and self._keeps_silent(who):
            return "drop_before"
        return self.chance.strike(again, who, self.hub.now)[0]

    def _keeps_silent(self, who: str) -> bool:
        """Return whether a platform never says what became of a deletion."""
        if who not in self._secretive:
            wanted = self.chance.once("secret", who)[0] < SECRETIVE * self.chance.level.storms
            self._secretive[who] = wanted and self.chance.allows(
                f"secret|{who}", "secret", "drop_before", self.hub.now
            )
        return self._secretive[who]

    def _sent(
        self,
        fault: str,
        draw: Draw,
        process: Process,
        step: HttpRequest | AwsCall,
        account: Account,
        who: str,
    ) -> Response:
        if not step.publishes:
            self.asked[who] += 1
            self.deletions[who] += _kind(step) == "platform.delete"
            return self._perform(fault, draw, process, step, account)
        call = Call(str(account.channel), who, self.hub.now, process=process)
        self.calls.append(call)
        self.called(call)
        try:
            return self._perform(fault, draw, process, step, account, call)
        finally:
            call.ended = self.hub.now

    def _perform(
        self,
        fault: str,
        draw: Draw,
        process: Process,
        step: HttpRequest | AwsCall,
        account: Account,
        call: Call | None = None,
    ) -> Response:
        if fault == "refuse_connection":
            self.hub.pause(50)
            raise PlatformUnavailable("Connection refused.")
        self.hub.pause(20 + 300 * draw[1])
        if self.is_down(str(account.channel)):
            fault = fault or ("error_503" if draw[2] < 0.5 else "drop_before")
        if not self._knows(account):
            self._refuse(call, None)
            self._deny(step, account, call)
            return _refusal(401, step)
        limited = self.refusing.get(str(account.channel))
        if step.publishes and limited is not None and limited.until is not None:
            if self.hub.now < limited.until:
                self._refuse(call, limited.until)
                seconds = 1 + (limited.until - self.hub.now) // SECOND
                return _refusal(429, step, {"retry-after": str(seconds)})
            del self.refusing[str(account.channel)]
        answer = self._answer(fault, draw, step, account, call)
        if fault == "crash_after":
            self.die(process)
        if fault == "stop_after":
            self.stop(process, draw)
        self.hub.pause(10 + 100 * draw[2])
        return answer

    def _answer(
        self,
        fault: str,
        draw: Draw,
        step: HttpRequest | AwsCall,
        account: Account,
        call: Call | None,
    ) -> Response:
        silence = Ambiguous if step.publishes else PlatformUnavailable
        if fault == "drop_before":
            self.hub.pause(READ_TIMEOUT * draw[3])
            raise silence("No answer.")
        if fault == "drop_after":
            self._act(step, account, call)
            self.hub.pause(READ_TIMEOUT * draw[3])
            raise silence("No answer.")
        if fault == "delayed_effect":
            self._act(step, account, call, delay=draw[2] * LATEST_EFFECT)
            self.hub.pause(READ_TIMEOUT * draw[3])
            raise silence("No answer.")
        if fault == "error_500_after":
            self._act(step, account, call)
            return _refusal(500, step)
        if fault in ("truncated_json", "garbled"):
            answer = self._act(step, account, call)
            # An AWS client that can't read an answer raises; other platforms' bodies are cut.
            if isinstance(step, AwsCall):
                raise silence("Unreadable.")
            return Response(answer.status, {}, answer.body[: len(answer.body) // 2])
        if fault in _STATUS:
            self._note_refusal(fault)
            self._deny(step, account, call)
            is_http = isinstance(step, HttpRequest)
            return _refusal(_STATUS[fault], step, self._wish(fault, draw, call, told=is_http))
        if fault == "slow":
            self.hub.pause(3 * SECOND + draw[3] * 15 * SECOND)
        return self._act(step, account, call)

    def _deny(self, step: HttpRequest | AwsCall, account: Account, call: Call | None) -> None:
        """Publish all the same what is refused, now and then, where that is told later."""
        if call is None or not self.tells(call.channel):
            return
        if self.chance.strike("denial", call.who, self.hub.now)[0]:
            call.is_denied = True
            self.denied.add(call.who)
            self._act(step, account, call)

    def _note_refusal(self, fault: str) -> None:
        """Remember what a platform will not do for a delivery."""
        if fault == "reject_content":
            self.rejected.add(current().entity)
        if fault == "refuse_deletion":
            self.kept.add(current().entity)

    def _wish(self, fault: str, draw: Draw, call: Call | None, *, told: bool) -> Mapping[str, str]:
        """Return how a platform says how long to keep still; AWS never does."""
        if fault != "rate_limit" or not told:
            return {}
        seconds = int(1 + draw[2] ** 2 * 300)
        if call is not None:
            self._refuse(call, self.hub.now + seconds * SECOND)
        if draw[3] < 0.5:
            return {"retry-after": str(seconds)}
        now = instant(self.hub.now)
        until = now + timedelta(seconds=seconds)
        return {
            "date": format_datetime(now, usegmt=True),
            "retry-after": format_datetime(until, usegmt=True),
        }

    def _refuse(self, call: Call | None, until: int | None) -> None:
        """Note that our account was told to keep still, until a moment or a new token."""
        if call is None or (until is None and self.is_renewed(call.channel)):
            return
        known = self.refusing.get(call.channel)
        if known is None or known.until != until:
            known = self.refusing[call.channel] = Refusing(until)
        if known.is_known_to_all(call.began) and not _just_woke(call):
            known.callers.add(call.who)
            if len(known.callers) > DEAF:
                self.deaf(call)
                known.callers.clear()
        known.heard.append((self.hub.now, call.process))

    def _knows(self, account: Account) -> bool:
        wanted = self.token.get(str(account.channel))
        return wanted is None or account.secrets.get("access_token") == wanted

    def _act(
        self,
        step: HttpRequest | AwsCall,
        account: Account,
        call: Call | None,
        delay: float = 0,
    ) -> Response:
        self._call = call
        try:
            return self.inner.act(step, account, timedelta(milliseconds=int(delay)))
        finally:
            self._call = None

    # --- what the platforms hold --------------------------------------------------------------

    def appeared(self, post: Shown) -> None:
        """Note a post with the request that made it."""
        assert self._call is not None, "only a request that publishes makes a post"
        made = Live(
            str(post.channel),
            post.id,
            post.text,
            post.recipient,
            elapsed(post.at),
            self._call,
            tuple(self.inner.pictures[picture] for picture in post.media),
            mark=post.mark,
        )
        self.live.append(made)
        self.published(made)

    def deleted(self, identifier: str, delay: int) -> None:
        """Delete a post, at once or later, because one of our processes asks for it."""
        post = next((post for post in self.live if post.id == identifier), None)
        self.taken_back(current().entity, post)
        if post is not None and post.is_there(self.hub.now):
            gone_at = self.hub.now + delay
            post.gone_at = min(post.gone_at or gone_at, gone_at)
            post.is_taken_back = True
            self.inner.leaving[post.id] = post

    def take_down(self, post: Live) -> None:
        """Have a post vanish from its platform, by hand or because it came to nothing."""
        post.gone_at = min(post.gone_at or self.hub.now, self.hub.now)
        self.inner.leaving[post.id] = post
        how = "can't be delivered" if post.failed_at is not None else "is deleted by hand"
        self.hub.tell(post.channel, f"{post.id} {how}")


class _Inner(FakePlatforms):
    """The platforms' dialects over posts that appear late and can be gone."""

    def __init__(self, platforms: SimulatedPlatforms, clock: Any) -> None:
        super().__init__(clock)
        self.posts = _Posts(platforms.appeared)
        self._deleted = platforms.deleted
        self._hub = platforms.hub
        self.leaving: dict[str, Live] = {}

    def shown(self, channel: str) -> list[Shown]:
        """Return what a look-up sees."""
        limit = self.clock.now() - timedelta(milliseconds=LOOKUP_LAG)
        known = self.posts.by_channel[channel]
        return [post for post in known if post.at <= limit and not self._is_gone(post.id)]

    def _is_gone(self, identifier: str) -> bool:
        post = self.leaving.get(identifier)
        return post is not None and not post.is_there(self._hub.now)

    def act(self, step: HttpRequest | AwsCall, account: Account, delay: timedelta) -> Response:
        """Do what is asked, and tell which post is deleted."""
        if _kind(step) == "platform.delete":
            assert isinstance(step, HttpRequest)
            identifier = unquote(urlsplit(step.url).path.rsplit("/", 1)[-1])
            self._deleted(identifier, delay // timedelta(milliseconds=1))
        return super().act(step, account, delay)


_STATUS = {
    "error_503": 503,
    "rate_limit": 429,
    "rate_limit_bare": 429,
    "reject_content": 400,
    "refuse_deletion": 400,
}


def _just_woke(call: Call) -> bool:
    """Return whether its process was frozen until now: it asked whether it may before that."""
    process = call.process
    return process is not None and call.began < process.frozen_until + HEARD


def _kind(step: HttpRequest | AwsCall) -> str:
    if step.publishes:
        return "platform.publish"
    is_deletion = isinstance(step, HttpRequest) and step.method == "DELETE"
    return "platform.delete" if is_deletion else "platform.ask"


def _refusal(
    status: int, step: HttpRequest | AwsCall, headers: Mapping[str, str] | None = None
) -> Response:
    if isinstance(step, AwsCall):
        return Response(status, error=AWS_ERRORS.get(status, "InternalFailure"), message="No.")
    return reply({"error": {"message": "No."}}, status, headers or {})


@dataclass
class Vault:
    """Secrets with a cache that may be stale for a while."""

    hub: Hub
    chance: Chance
    fields: dict[str, Mapping[str, str]] = field(default_factory=dict)
    before: dict[str, tuple[int, Mapping[str, str]]] = field(default_factory=dict)

    def read(
        self, name: str, *, version: int | None = None, fresh: bool = False
    ) -> Mapping[str, str]:
        """Return a secret; for five minutes after a change perhaps the old one."""
        changed_at, old = self.before.get(name, (0, {}))
        is_fresh = fresh or not old or self.hub.now > changed_at + 300 * SECOND
        if not is_fresh and not self.chance.is_quiet and self.chance.draw("vault", name)[0] < 0.3:
            return old
        return self.fields.get(name, {})

    def write(self, name: str, fields: Mapping[str, str]) -> None:
        """Store a secret."""
        self.before[name] = (self.hub.now, self.fields.get(name, {}))
        self.fields[name] = dict(fields)
