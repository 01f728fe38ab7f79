"""The platforms and the vault of secrets as a process meets them.

What a platform shows is a matter of when: an effect may come up to two minutes late, and a look-up
sees a post only some seconds after it appeared. A token expires and is replaced; a post is taken
down by hand.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

from chalicelib.domain.channels import Account, AwsCall, HttpRequest, Response
from chalicelib.domain.errors import Ambiguous, PlatformUnavailable
from tests.fakes.platforms import FakePlatforms, Shown, reply
from tests.simulation.chance import Chance, Draw
from tests.simulation.hub import SECOND, Hub, Process, TrueClock, current, elapsed, instant
from tests.simulation.storage import Faulty

LOOKUP_LAG = 20 * SECOND
LATEST_EFFECT = 120 * SECOND
READ_TIMEOUT = 20 * SECOND
HEARD = 10 * SECOND
"""After so long a refusal of the account is known everywhere, unless it could not be noted."""
DEAF = 5
"""How many deliveries may call a platform that refuses the account, because it was not noted."""
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
    token: str = ""
    """Our mark, which it carries."""
    failed_at: int | None = None
    """When its platform found that it can't be delivered: nobody has seen it."""
    failure_told_at: int | None = None
    """When our program had taken in that it came to nothing."""


@dataclass
class Refusing:
    """Why a platform refuses everything of our account, and who called all the same."""

    since: int
    until: int | None
    """None: until it gets a new token."""
    callers: set[str] = field(default_factory=set)


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
        self.calls: list[Call] = []
        self.asked: dict[str, int] = defaultdict(int)
        """How many look-ups there were for each delivery."""
        self.live: list[Live] = []
        self.token: dict[str, str] = {}
        """The token that each platform accepts; none: any."""
        self.rejected: set[str] = set()
        """The deliveries whose content a platform refused."""
        self.refusing: dict[str, Refusing] = {}
        """What each platform holds against our account at present."""
        self.is_down: Callable[[str], bool] = lambda _: False
        self.published: Callable[[Live], None] = lambda _: None
        self.called: Callable[[Call], None] = lambda _: None
        self.is_renewed: Callable[[str], bool] = lambda _: False
        """Whether the right token is stored; some process may still remember the old one."""
        self.deaf: Callable[[Call], None] = lambda _: None
        self._call: Call | None = None

    # --- what a process does ------------------------------------------------------------------

    def perform(self, step: HttpRequest | AwsCall, account: Account) -> Response:
        """Perform one step."""
        kind = "platform.publish" if step.publishes else "platform.ask"
        fault, draw, process = self.begin(kind)
        who = current().entity
        if not step.publishes:
            self.asked[who] += 1
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
            if fault == "reject_content" and call is not None:
                self.rejected.add(call.who)
            return _refusal(_STATUS[fault], step, self._wish(fault, draw, call))
        if fault == "slow":
            self.hub.pause(3 * SECOND + draw[3] * 15 * SECOND)
        return self._act(step, account, call)

    def _wish(self, fault: str, draw: Draw, call: Call | None) -> Mapping[str, str]:
        if fault != "rate_limit":
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
            known = self.refusing[call.channel] = Refusing(self.hub.now, until)
        if call.began > known.since + HEARD:
            known.callers.add(call.who)
            if len(known.callers) > DEAF:
                self.deaf(call)
                known.callers.clear()

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
            token=post.token,
        )
        self.live.append(made)
        self.published(made)

    def take_down(self, post: Live) -> None:
        """Have a post vanish from its platform, by hand or because it came to nothing."""
        post.gone_at = self.hub.now
        self.inner.gone.add(post.id)
        how = "can't be delivered" if post.failed_at is not None else "is deleted by hand"
        self.hub.tell(post.channel, f"{post.id} {how}")


class _Inner(FakePlatforms):
    """The platforms' dialects over posts that appear late and can be gone."""

    def __init__(self, platforms: SimulatedPlatforms, clock: Any) -> None:
        super().__init__(clock)
        self.posts = _Posts(platforms.appeared)
        self.gone: set[str] = set()

    def shown(self, channel: str) -> list[Shown]:
        """Return what a look-up sees."""
        limit = self.clock.now() - timedelta(milliseconds=LOOKUP_LAG)
        known = self.posts.by_channel[channel]
        return [post for post in known if post.at <= limit and post.id not in self.gone]


_STATUS = {"error_503": 503, "rate_limit": 429, "rate_limit_bare": 429, "reject_content": 400}


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

    def read(self, name: str, *, fresh: bool = False) -> Mapping[str, str]:
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
