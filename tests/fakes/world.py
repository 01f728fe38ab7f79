"""A small world: production services over production repositories on the in-memory table.

Time is virtual, identifiers are counted, chance is seeded: the same story always ends the same.
Whatever is outside (platforms, stream, secrets, pictures) is a fake that a test can script.

    world = World()
    world.platforms.arm("linkedin", lost_after)
    message = world.submit("Hello", "linkedin")
    world.run()                          # until nothing is open any more
    assert world.shown("linkedin") == ["Hello"]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from chalicelib.channels import CHANNELS
from chalicelib.domain.adaptation import Tones
from chalicelib.domain.certifications import Submission
from chalicelib.domain.channels import Channel, ChannelName, Recipient
from chalicelib.domain.circuits import Circuit
from chalicelib.domain.deliveries import Attempt, Delivery, DeliveryKey, Policy
from chalicelib.domain.identity import Member, Role
from chalicelib.domain.messages import Content, Draft, Message
from chalicelib.domain.ports import (
    AccountState,
    AccountStatus,
    Achievement,
    Once,
    Snapshot,
    Subscription,
    Telemetry,
    Upload,
    UploadStatus,
)
from chalicelib.domain.states import Status
from chalicelib.repositories.accounts import Accounts
from chalicelib.repositories.adaptations import Adaptations
from chalicelib.repositories.certifications import Certifications
from chalicelib.repositories.idempotency import Idempotency
from chalicelib.repositories.media import Uploads
from chalicelib.repositories.messages import Messages
from chalicelib.repositories.profiles import Profiles
from chalicelib.repositories.recipients import Subscriptions
from chalicelib.repositories.store import Store
from chalicelib.repositories.table import Table
from chalicelib.repositories.watchers import Watchers
from chalicelib.services.accounts import AccountBook
from chalicelib.services.adapting import Adapting
from chalicelib.services.checking import Checking
from chalicelib.services.connecting import Connecting
from chalicelib.services.conversing import Conversing
from chalicelib.services.deciding import Deciding
from chalicelib.services.delivering import Delivering
from chalicelib.services.editing import Editing
from chalicelib.services.expanding import Expanding
from chalicelib.services.hinting import Hinting
from chalicelib.services.intake import Intake
from chalicelib.services.listening import Listening
from chalicelib.services.moderating import Moderating
from chalicelib.services.pacing import Pacing
from chalicelib.services.preparing import Preparing
from chalicelib.services.profiling import Profiling
from chalicelib.services.progress import Progress
from chalicelib.services.publishing import Publishing
from chalicelib.services.reconciling import Reconciling
from chalicelib.services.releasing import Releasing
from chalicelib.services.repeating import Repeating
from chalicelib.services.replaying import Replaying
from chalicelib.services.restarting import Restarting
from chalicelib.services.restoring import Restoring
from chalicelib.services.subscribing import Subscribing
from chalicelib.services.unpublishing import Unpublishing
from chalicelib.services.witnessing import Witnessing
from chalicelib.services.wording import Words
from tests.fakes.channels import FAKES
from tests.fakes.ground import (
    CountedIds,
    FakeObservers,
    FakePush,
    FakeStarter,
    FakeStream,
    FakeTelemetry,
    InlineExecutor,
    VirtualClock,
)
from tests.fakes.model import FakeErrand, FakeModel
from tests.fakes.platforms import FakePlatforms
from tests.fakes.stores import Breaker, FakeFailures, FakeMedia, FakeSecrets, FakeSigner, FakeStudio
from tests.fakes.table import MemoryTable, Watched

ADA = Member("ada", Role.MEMBER, "Ada Lovelace")
BOB = Member("bob", Role.MEMBER, "Bob")
MAX = Member("max", Role.COMMUNITY_MANAGER, "Max")
ROOT = Member("root", Role.ADMIN, "Root")
ACHIEVEMENT = Submission(
    "Ada Lovelace", "cloud-practitioner", date(2026, 11, 2), ("facebook", "linkedin"), True
)
LONG = timedelta(days=3)

SETTINGS: Mapping[str, Mapping[str, str]] = {
    "facebook": {"page_id": "1042"},
    "instagram": {"ig_user_id": "17841"},
    "linkedin": {"organization_urn": "urn:li:organization:42"},
    "whatsapp": {
        "phone_number_id": "1065",
        "template_name": "news",
        "template_language": "en_US",
    },
    "email": {"from_address": "news@example.org"},
    "sms": {},
}
SECRETS: Mapping[str, Mapping[str, str]] = {
    name: {} if name in ("email", "sms") else {"access_token": f"{name}-token"}
    for name in (*SETTINGS, *FAKES)
}


class World:
    """Everything there is, for one test."""

    def __init__(
        self,
        *,
        channels: Mapping[ChannelName, Channel] | None = None,
        policy: Policy | None = None,
        circuit: Circuit | None = None,
        settle: timedelta | None = None,
        require_approval: bool = False,
        claims_per_second: float = 200,
        telemetry: Telemetry | None = None,
        connected: bool = True,
        page: int = 1000,
        seed: int = 0,
        voices: Mapping[ChannelName, str] | None = None,
    ) -> None:
        """Without `voices` no model has a say, as the product is when nobody switches it on."""
        self.channels = {**CHANNELS, **FAKES} if channels is None else dict(channels)
        self.policy = policy or Policy()
        self.circuit = circuit or Circuit()
        self.voices = dict(voices or {})
        self.errand: Any = FakeErrand()
        self.model: Any = FakeModel()
        self._surroundings(page, seed)
        self.telemetry: Telemetry = telemetry or self.heard
        self._settle = settle
        self._require_approval = require_approval
        self._claims_per_second = claims_per_second
        self._repositories()
        self.restart()
        if connected:
            for name in self.channels:
                self.connect(name)

    # --- composition --------------------------------------------------------------------------

    def _surroundings(self, page: int, seed: int) -> None:
        """Make everything that services and repositories stand on."""
        self.clock: Any = VirtualClock()
        self.ids: Any = CountedIds(self.clock)
        self.random: Any = Random(seed)
        self.breaker = Breaker()
        self.table = MemoryTable(page)
        self.port: Table = Watched(self.table, self.breaker)
        self.stream: Any = FakeStream()
        self.starter: Any = FakeStarter()
        self.heard = FakeTelemetry()
        self.platforms: Any = FakePlatforms(self.clock)
        self.failures = FakeFailures()
        self.media = FakeMedia()
        self.studio = FakeStudio()
        self.secrets: Any = FakeSecrets()
        self.signer = FakeSigner()
        self.pool: Any = InlineExecutor()
        self.observers: Any = FakeObservers()
        self.push = FakePush()

    def _repositories(self) -> None:
        self.store = Store(self.port, self.ids, self.random, self.clock.sleep)
        self.messages = Messages(self.store, tuple(self.channels))
        self.certifications = Certifications(self.store)
        self.accounts = Accounts(self.store)
        self.subscriptions = Subscriptions(self.store)
        self.uploads = Uploads(self.store)
        self.idempotency = Idempotency(self.store, self.clock)
        self.profiles = Profiles(self.store)
        self.watchers = Watchers(self.store)
        self.adaptations = Adaptations(self.store)

    def restart(self) -> None:
        """Make all services anew, as a process that was started again."""
        common: dict[str, Any] = {"unit": self.store, "clock": self.clock}
        voiced = {**common, "telemetry": self.telemetry}
        moving = {**voiced, "ids": self.ids, "policy": self.policy, "messages": self.messages}
        self.progress = Progress(
            self.messages,
            self.store,
            self.clock,
            self.policy,
            self.telemetry,
            self.observers,
        )
        self.hinting = Hinting(self.stream, self.progress, self.clock, self.telemetry)
        self.book = AccountBook(self.accounts, self.secrets, self.store, self.circuit)
        self.pacing = Pacing(self.accounts, self.policy)
        self.words = Words(
            **voiced,
            adaptations=self.adaptations,
            messages=self.messages,
            errand=self.errand,
            voices=self.voices,
            patience=timedelta(seconds=3),
        )
        self.adapting = Adapting(
            **voiced,
            model=self.model,
            words=self.words,
            adaptations=self.adaptations,
            messages=self.messages,
            adapter=Tones(),
            channels=self.channels,
            voices=self.voices,
        )
        self.preparing = Preparing(
            Tones(), self.media, self.studio, self.uploads, self.messages, self.words
        )
        self.conversing = Conversing(self.platforms, self.clock, self.telemetry)
        self.reconciling = Reconciling(self.conversing, self.policy, self._settle)
        self.checking = Checking(
            channels=self.channels,
            uploads=self.uploads,
            book=self.book,
            preparing=self.preparing,
            words=self.words,
        )
        self.publishing = Publishing(
            **moving,
            channels=self.channels,
            idempotency=self.idempotency,
            checking=self.checking,
            hinting=self.hinting,
            starter=self.starter,
            observers=self.observers,
            require_approval=self._require_approval,
            words=self.words,
        )
        self.editing = Editing(
            **common,
            channels=self.channels,
            messages=self.messages,
            publishing=self.publishing,
            checking=self.checking,
        )
        self.expanding = Expanding(
            **common,
            messages=self.messages,
            ids=self.ids,
            policy=self.policy,
            subscriptions=self.subscriptions,
            hinting=self.hinting,
            progress=self.progress,
        )
        self.restarting = Restarting(
            progress=self.progress,
            clock=self.clock,
            ids=self.ids,
            policy=self.policy,
        )
        self.replaying = Replaying(
            channels=self.channels,
            messages=self.messages,
            failures=self.failures,
            restarting=self.restarting,
            hinting=self.hinting,
            clock=self.clock,
            telemetry=self.telemetry,
        )
        self.restoring = Restoring(
            channels=self.channels,
            messages=self.messages,
            progress=self.progress,
            ids=self.ids,
            policy=self.policy,
        )
        self.deciding = Deciding(
            channels=self.channels,
            messages=self.messages,
            progress=self.progress,
            restarting=self.restarting,
            clock=self.clock,
            ids=self.ids,
            policy=self.policy,
            certifications=self.certifications,
            publishing=self.publishing,
        )
        self.moderating = Moderating(
            **common,
            ids=self.ids,
            certifications=self.certifications,
            messages=self.messages,
            profiles=self.profiles,
            publishing=self.publishing,
            checking=self.checking,
        )
        self.unpublishing = Unpublishing(
            **common,
            channels=self.channels,
            messages=self.messages,
            book=self.book,
            conversing=self.conversing,
            reconciling=self.reconciling,
            progress=self.progress,
            random=self.random,
            policy=self.policy,
        )
        self.delivering = Delivering(
            **moving,
            channels=self.channels,
            subscriptions=self.subscriptions,
            book=self.book,
            preparing=self.preparing,
            conversing=self.conversing,
            reconciling=self.reconciling,
            expanding=self.expanding,
            pacing=self.pacing,
            unpublishing=self.unpublishing,
            progress=self.progress,
            signer=self.signer,
            random=self.random,
            pool=lambda: self.pool,
            public_url="https://api.example.org",
        )
        self.releasing = Releasing(
            messages=self.messages,
            book=self.book,
            hinting=self.hinting,
            progress=self.progress,
            clock=self.clock,
            ids=self.ids,
            policy=self.policy,
            claims_per_second=self._claims_per_second,
            telemetry=self.telemetry,
            pool=lambda: self.pool,
        )
        self.intake = Intake(
            **voiced, ids=self.ids, uploads=self.uploads, store=self.media, studio=self.studio
        )
        self.connecting = Connecting(
            **voiced,
            channels=self.channels,
            accounts=self.accounts,
            secrets=self.secrets,
            conversing=self.conversing,
            starter=self.starter,
        )
        self.subscribing = Subscribing(
            channels=self.channels,
            subscriptions=self.subscriptions,
            signer=self.signer,
            clock=self.clock,
            telemetry=self.telemetry,
        )
        self.witnessing = Witnessing(
            **voiced,
            ids=self.ids,
            messages=self.messages,
            subscriptions=self.subscriptions,
            progress=self.progress,
            signer=self.signer,
        )
        self.listening = Listening(
            self.accounts, self.secrets, self.subscribing, self.witnessing, self.telemetry
        )
        self.profiling = Profiling(self.profiles)
        self.repeating = Repeating(self.idempotency, self.clock)

    # --- what is there before a story begins --------------------------------------------------

    def connect(self, channel: str, **settings: str) -> None:
        """Connect an account without asking its platform."""
        name = ChannelName(channel)
        before = self.accounts.state(name)
        known = SETTINGS.get(channel, {"page": "1"})
        state = AccountState(
            name,
            AccountStatus.CONNECTED,
            settings={**known, **settings},
            version=before.version + 1,
        )
        self.secrets.write(channel, SECRETS.get(channel, {}))
        self.store.commit(self.accounts.saving(before, state))

    def subscribe(self, channel: str, people: int = 3, first: int = 0) -> list[str]:
        """Have people opt in on a direct channel; return their ids in the order they are served."""
        ids = [f"r{number:05d}" for number in range(first, first + people)]
        for number, recipient_id in enumerate(ids, first):
            address = f"p{number}@example.org" if channel == "email" else f"+1555{number:07d}"
            person = Recipient(recipient_id, address, f"Person {number}")
            self.subscriptions.add(
                Subscription(person, ChannelName(channel), "signed a form", self.clock.now())
            )
        return ids

    def upload(self, author: Member = ADA, status: UploadStatus = UploadStatus.READY) -> str:
        """Have a picture uploaded and judged; return its id."""
        upload = Upload(self.ids.new(), author.id, status, "image/png", 10, self.clock.now())
        if status is UploadStatus.READY:
            upload = replace(upload, ref=f"media/{upload.id}.jpg", width=800, height=600)
            self.media.objects[f"media/{upload.id}.jpg"] = b"picture"
        self.store.commit(self.uploads.adding(upload))
        return upload.id

    # --- what people do -----------------------------------------------------------------------

    def submit(
        self,
        text: str,
        *channels: str,
        author: Member = ADA,
        at: datetime | None = None,
        once: Once | None = None,
        **draft: Any,
    ) -> Snapshot:
        """Hand a message in; `media`, `variants` and whatever a draft has may be given."""
        parts = {
            name: draft.pop(name) for name in ("media", "variants", "subject") if name in draft
        }
        names = tuple(ChannelName(channel) for channel in channels)
        whole = Draft(Content(text, **parts), names, scheduled_at=at, **draft)
        return self.publishing.submit(whole, author, once)

    def achieve(self, author: Member = ADA, **changes: object) -> tuple[Achievement, Snapshot]:
        """Submit Ada's achievement, changed as given."""
        submission = replace(ACHIEVEMENT, **changes)  # type: ignore[arg-type] # names of fields
        return self.moderating.submit(submission, author)

    # --- what the machine does ----------------------------------------------------------------

    def drain(self, deadline: datetime | None = None) -> int:
        """Serve every record on the stream; return how many were reported as failed."""
        failed = 0
        while batch := self.stream.take():
            failed += len(self.delivering.deliver_all(batch, deadline))
        return failed

    def tick(self) -> int:
        """Run the scheduler once."""
        return self.releasing.release()

    def next_due(self) -> datetime | None:
        """Return when the due index next wants somebody to look at something."""
        horizon = self.clock.now() + LONG * 1000
        pages = (self.messages.due(shard, horizon, None) for shard in range(self.messages.shards))
        return min((due.next_at for page in pages for due in page.items), default=None)

    def run(self, limit: timedelta = LONG) -> None:
        """Serve and release until nothing is open, or for exactly so long."""
        end = self.clock.now() + limit
        self.drain()
        while (moment := self.next_due()) is not None:
            self.clock.pass_until(min(moment, end))
            if moment > end:
                return
            self.tick()
            self.drain()

    # --- what can be seen ---------------------------------------------------------------------

    def message(self, snapshot: Snapshot) -> Message:
        """Return a message as it is now."""
        return self.snapshot(snapshot).message

    def snapshot(self, snapshot: Snapshot) -> Snapshot:
        """Return a message with its deliveries as they are now, with the status they add up to."""
        return self.publishing.read(snapshot.message.id, MAX)

    def delivery(self, snapshot: Snapshot, channel: str, recipient: str | None = None) -> Delivery:
        """Return a delivery as it is now."""
        key = DeliveryKey(snapshot.message.id, ChannelName(channel), recipient)
        found = self.messages.delivery(key)
        if found is None:
            raise LookupError(f"There is no delivery {key}.")
        return found

    def status(self, snapshot: Snapshot, channel: str, recipient: str | None = None) -> Status:
        """Return where a delivery stands."""
        return self.delivery(snapshot, channel, recipient).status

    def attempts(self, snapshot: Snapshot, channel: str) -> Sequence[Attempt]:
        """Return a delivery's attempts."""
        return self.messages.attempts(DeliveryKey(snapshot.message.id, ChannelName(channel)))

    def rows(self, snapshot: Snapshot, channel: str) -> list[Delivery]:
        """Return the deliveries to a direct channel's recipients."""
        rows: list[Delivery] = []
        cursor = None
        while True:
            name = ChannelName(channel)
            page = self.messages.recipients(snapshot.message.id, name, 100, cursor)
            rows += page.items
            cursor = page.cursor
            if cursor is None:
                return rows

    def shown(self, channel: str) -> list[str]:
        """Return the texts a platform shows."""
        return [post.text for post in self.platforms.shown(channel)]
