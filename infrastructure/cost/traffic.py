"""What people do with a stage in a month, and what the code does for it.

Assumptions are the constants with a reason; what the code does was measured by playing it, and
`tests/infrastructure/test_cost_counts.py` measures it again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import exp

DAYS = 30
HOURS = 730
"""AWS's own month for what is paid by the hour."""
TICKS = DAYS * 24 * 60


@dataclass(frozen=True, slots=True)
class Assumption:
    """A number that nobody can measure before there are users."""

    value: float
    says: str
    because: str


@dataclass(frozen=True, slots=True)
class Units:
    """DynamoDB's request units."""

    written: float
    read: float


LEAD_SECONDS, SPAN_SECONDS = 6, 58
"""How early the scheduler releases what is due, and how far one run looks ahead: `releasing`."""

# --- people -------------------------------------------------------------------------------------

PUBLISHING_SHARE = Assumption(
    0.05, "of the requests publish one message on all six channels", "the web app reads far more"
)
SCHEDULED_SHARE = Assumption(
    0.5, "of the messages are for later, spread over the day", "the others go out at once"
)
PICTURE_SHARE = Assumption(0.5, "of the messages come with an uploaded picture", "the rest draw")
PICTURE_MB = Assumption(0.5, "MB a picture", "its safe copy; the original is gone after a week")
VISIT_REQUESTS = Assumption(
    20, "API requests a visit of the web app", "five screens of three or four calls"
)
VISIT_MINUTES = Assumption(6, "minutes a visit of the web app lasts", "its connection with it")
SAID_A_VISIT = Assumption(1, "frame a client says a visit", "hello; a ping only every nine minutes")
CHANGES_A_MESSAGE = Assumption(
    3, "times it is looked who is to hear of a message", "what changes within half a second is one"
)
TOLD_A_MESSAGE = Assumption(
    2.5, "frames tell of a message", "one person each time; of some scheduled ones nobody is there"
)
LIVE_SECONDS = Assumption(0.02, "seconds to open, answer or close a connection", "one or two calls")
FRESH_SHARE = Assumption(
    0.2, "of the visits load the web app anew", "its files carry hashes and stay cached"
)
WEB_APP_MB = Assumption(
    0.25, "MB a load of the web app, compressed", "as built: its fonts, and every page of it"
)
WEB_FILES = Assumption(3, "files of the web app are asked for a visit", "its page; more when new")
MEMBER_REQUESTS = Assumption(
    300, "requests a month make a member active", "a visit every other day"
)
ACCOUNTS = Assumption(
    4, "platforms have a secret of ours", "Facebook, Instagram, LinkedIn, WhatsApp; SES, SNS none"
)
METHODS = Assumption(
    10, "API methods are in use each hour", "of the routes those the web app calls"
)

# --- machines -----------------------------------------------------------------------------------

REQUEST_SECONDS = Assumption(
    0.06, "seconds a request takes", "one or two AWS calls at 512 MB, see make bench"
)
COLD_SHARE = Assumption(0.02, "of the requests meet a cold environment", "office hours, one region")
COLD_SECONDS = Assumption(1.4, "seconds more that such a request is billed", "init, billed as well")
BATCH_SECONDS = Assumption(
    2, "seconds a message's batch takes", "all channels at once: as long as the slowest feed"
)
ENVIRONMENTS = Assumption(
    4, "environments of the worker are kept in an hour that publishes", "one a lane of the stream"
)
PICTURE_SECONDS = Assumption(2, "seconds to judge and copy a picture", "make bench, at 1 GB")
IDLE_TICK_SECONDS = Assumption(
    0.08, "seconds an idle tick of the scheduler takes", "16 queries at once, 256 MB"
)
HEARING_SECONDS = Assumption(0.05, "seconds to take in a mail event", "one read, mostly no write")
REQUEST_LOG_BYTES = Assumption(
    1200, "bytes of log a request", "access line, our line, Lambda's START, END and REPORT"
)
BATCH_LOG_BYTES = Assumption(700, "bytes of log a batch or tick", "Lambda's lines and ours")
DELIVERY_LOG_BYTES = Assumption(
    800, "bytes of log a delivery", "one metric and one event, written as JSON"
)
REQUEST_BYTES = Assumption(3000, "bytes an answer", "a list of 20, compressed; a message")
METRICS_ALWAYS = Assumption(2, "metrics of ours at every hour", "ticks, oldest due delivery")
METRICS_PUBLISHING = Assumption(
    7,
    "metrics of ours in an hour that publishes",
    "how long attempts took, for the stage and for each of six channels that deliver",
)
METHOD_METRICS = 5
"""Count, Latency, IntegrationLatency, 4XXError, 5XXError."""
KEY_CALLS_AN_HOUR = Assumption(
    150,
    "calls an hour of a key of ours",
    "table and stream ask anew every five minutes for each environment",
)
MANAGEMENT_EVENTS = Assumption(
    150_000, "management events a month", "five roles assumed, keys used, CloudTrail's own"
)
FLOW_BYTES = Assumption(400, "bytes of network log a function's call", "two connections of 200")
SECURITY_CHECKS_A_DAY = Assumption(
    100, "checks of Security Hub a day", "the foundational standard on about 60 resources"
)

MODEL_SECONDS = Assumption(
    3, "seconds a call of the model takes, its function's own included", "Haiku's usual; unmeasured"
)

# --- what the code does, measured ---------------------------------------------------------------

SENT = Units(written=193, read=101)
"""A message on six channels, one recipient on each direct one, until its last receipt."""
FURTHER = Units(written=19, read=5)
"""One further recipient on a direct channel."""
MODEL_INPUT_TOKENS, MODEL_OUTPUT_TOKENS = 1000, 120
"""Of one question for three channels, at a token for three to four bytes; `make bench ONLY=words`
counts the bytes."""
VIEWED = Units(written=0, read=7)
"""`GET /messages/{id}`, the dearer of the two usual reads."""
TICKED = Units(written=0, read=8)
"""A tick of the scheduler that finds nothing: 16 shards."""
OPENED = Units(written=4, read=1)
"""A live connection: its ticket is issued, read and used up with it; at its end it is forgotten."""
RECORDS = 6
"""Stream records of a message: one for each channel, whose recipients are served with it."""
STORED_BYTES = 22_000
"""What a settled message weighs in the table, without its indexes."""
KEPT_MONTHS = Assumption(
    1, "month of messages is in the store", "its first; the growth stands below"
)


@dataclass(frozen=True, slots=True)
class Traffic:
    """A month of a stage that gets so many requests a day."""

    requests_a_day: int

    @property
    def requests(self) -> float:
        """Requests in the month."""
        return self.requests_a_day * DAYS

    @property
    def messages(self) -> float:
        """Messages published in the month."""
        return self.requests * PUBLISHING_SHARE.value

    @property
    def visits(self) -> float:
        """Visits of the web app in the month."""
        return self.requests / VISIT_REQUESTS.value

    @property
    def files(self) -> float:
        """How many of the web app's files are asked for in the month."""
        return self.visits * WEB_FILES.value

    @property
    def served_gigabytes(self) -> float:
        """What the web app's files weigh that are sent in the month."""
        return self.visits * FRESH_SHARE.value * WEB_APP_MB.value / 1000

    @property
    def answered_gigabytes(self) -> float:
        """What the API's answers weigh in the month."""
        return self.requests * REQUEST_BYTES.value / 1e9

    @property
    def records(self) -> float:
        """Stream records in the month."""
        return self.messages * RECORDS

    @property
    def pictures(self) -> float:
        """Pictures uploaded in the month."""
        return self.messages * PICTURE_SHARE.value

    @property
    def publishing_hours_share(self) -> float:
        """How many of the hours publish anything, if messages come by chance."""
        return -_gone(self.messages / (DAYS * 24))

    @property
    def reading_hours_share(self) -> float:
        """How many of the hours each used method is called in."""
        return -_gone(self.requests / (DAYS * 24) / METHODS.value)

    @property
    def tick_seconds(self) -> float:
        """Seconds a tick of the scheduler takes, on average.

        It sleeps until the last delivery that it knows is due: of n instants in a span the latest
        is expected at n/(n+1) of it; averaged over n by chance, that is the formula below.
        """
        due = self.messages * SCHEDULED_SHARE.value / TICKS
        slept = SPAN_SECONDS * (1 + _gone(due) / due) if due else 0
        return IDLE_TICK_SECONDS.value + slept

    @property
    def batches(self) -> float:
        """How often the worker is called: a message's records share a lane, and so a batch."""
        return self.messages

    @property
    def openings(self) -> float:
        """How often a platform's secret is fetched: in each environment, once an hour at most."""
        hours = HOURS * self.publishing_hours_share
        return ACCOUNTS.value * min(self.messages, ENVIRONMENTS.value * hours)

    def batch_seconds(self, window_seconds: int) -> float:
        """Return how long a batch of the worker takes: what is released early waits in it."""
        early = max(LEAD_SECONDS - window_seconds, 0)
        return BATCH_SECONDS.value + early * SCHEDULED_SHARE.value

    def traced(self, calls: float) -> float:
        """Return how many of the calls that Lambda starts by itself become traces.

        No rule of ours counts for them: the first of each second and 5 % of the others are.
        """
        a_second = calls / (DAYS * 24 * 3600)
        first = -_gone(a_second) * DAYS * 24 * 3600
        return first + 0.05 * (calls - first)


def _gone(mean: float) -> float:
    """Return minus the chance of at least one, of so many expected by chance."""
    return exp(-mean) - 1


def assumptions() -> Iterator[Assumption]:
    """Yield every assumption in the order of this file."""
    for value in globals().values():
        if isinstance(value, Assumption):
            yield value
