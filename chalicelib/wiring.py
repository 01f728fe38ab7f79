"""The composition root: one factory per service. Only here are concrete classes and clients known.

Nothing is made before it is asked for, so that a function pays only for what it uses. What the API
hardly ever needs is not even imported before: those who always need it have it made `ready` in
their init, when a function has the most CPU.
"""

from __future__ import annotations

import secrets as chance
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import timedelta
from functools import cache, partial
from random import SystemRandom
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from chalicelib import settings
from chalicelib.channels import CHANNELS
from chalicelib.domain.adaptation import Tones
from chalicelib.domain.channels import Channel, ChannelName
from chalicelib.domain.ports import Errand, Observers, Starter
from chalicelib.domain.voices import VOICES
from chalicelib.gateways.clients import LateClient
from chalicelib.gateways.ground import (
    LambdaErrand,
    LambdaStarter,
    NoErrand,
    NoStarter,
    SystemClock,
    TimeOrderedIds,
)
from chalicelib.gateways.media import S3Media
from chalicelib.gateways.push import Courier, NoObservers, WebSocketPush
from chalicelib.gateways.secrets import HmacSigner, SecretsManager
from chalicelib.gateways.stream import KinesisStream
from chalicelib.gateways.studio import ImagingStudio
from chalicelib.observability import JsonTelemetry, Tracer
from chalicelib.repositories.accounts import Accounts
from chalicelib.repositories.adaptations import Adaptations
from chalicelib.repositories.certifications import Certifications
from chalicelib.repositories.dynamo import DynamoTable
from chalicelib.repositories.idempotency import Idempotency
from chalicelib.repositories.media import Uploads
from chalicelib.repositories.messages import Messages
from chalicelib.repositories.profiles import Profiles
from chalicelib.repositories.recipients import Subscriptions
from chalicelib.repositories.store import Store
from chalicelib.repositories.watchers import Watchers
from chalicelib.services.accounts import AccountBook
from chalicelib.services.checking import Checking
from chalicelib.services.connecting import Connecting
from chalicelib.services.conversing import Conversing
from chalicelib.services.deciding import Deciding
from chalicelib.services.editing import Editing
from chalicelib.services.hinting import Hinting
from chalicelib.services.intake import Intake
from chalicelib.services.moderating import Moderating
from chalicelib.services.preparing import Preparing
from chalicelib.services.profiling import Profiling
from chalicelib.services.progress import Progress
from chalicelib.services.publishing import Publishing
from chalicelib.services.relaying import Relaying
from chalicelib.services.repeating import Repeating
from chalicelib.services.restarting import Restarting
from chalicelib.services.subscribing import Subscribing
from chalicelib.services.watching import Watching
from chalicelib.services.wording import Words

if TYPE_CHECKING:
    from chalicelib.gateways.bedrock import BedrockModels
    from chalicelib.gateways.failures import S3FailureDestination
    from chalicelib.gateways.keys import KmsKey
    from chalicelib.gateways.transport import HttpTransport
    from chalicelib.services.adapting import Adapting
    from chalicelib.services.delivering import Delivering
    from chalicelib.services.expanding import Expanding
    from chalicelib.services.listening import Listening
    from chalicelib.services.pacing import Pacing
    from chalicelib.services.reconciling import Reconciling
    from chalicelib.services.releasing import Releasing
    from chalicelib.services.replaying import Replaying
    from chalicelib.services.restoring import Restoring
    from chalicelib.services.signing_in import SigningIn
    from chalicelib.services.unpublishing import Unpublishing
    from chalicelib.services.witnessing import Witnessing

RELEASE_THREADS = 8
PUSH_THREADS = 8
STORE_CONNECTIONS = 32
TICKET_BYTES = 32
"""Of chance in a live ticket."""


def voices() -> Mapping[ChannelName, str]:
    """Return the channels on which a model has a say: none unless it is switched on."""
    return VOICES if settings.current().use_ai_agent else {}


def registry() -> Mapping[ChannelName, Channel]:
    """Return the channels we publish on, by name."""
    return CHANNELS


# --- services ---------------------------------------------------------------------------------


@cache
def publishing() -> Publishing:
    """Make the service that accepts messages and shows them."""
    return Publishing(
        channels=CHANNELS,
        messages=messages(),
        idempotency=idempotency(),
        checking=checking(),
        hinting=hinting(),
        starter=starter(),
        unit=store(),
        clock=clock(),
        ids=ids(),
        policy=settings.current().policy(),
        telemetry=telemetry(),
        observers=observers(),
        require_approval=settings.current().require_approval,
        words=words(),
    )


@cache
def checking() -> Checking:
    """Make the service that judges contents."""
    return Checking(
        channels=CHANNELS,
        uploads=uploads(),
        book=book(),
        preparing=preparing(),
        words=words(),
    )


@cache
def editing() -> Editing:
    """Make the service that changes messages."""
    return Editing(
        channels=CHANNELS,
        messages=messages(),
        publishing=publishing(),
        checking=checking(),
        unit=store(),
        clock=clock(),
    )


@cache
def deciding() -> Deciding:
    """Make the service for people's decisions on deliveries."""
    return Deciding(
        channels=CHANNELS,
        messages=messages(),
        certifications=certifications(),
        publishing=publishing(),
        progress=progress(),
        restarting=restarting(),
        clock=clock(),
        ids=ids(),
        policy=settings.current().policy(),
    )


@cache
def restarting() -> Restarting:
    """Make what sets ended deliveries going again."""
    return Restarting(
        progress=progress(),
        clock=clock(),
        ids=ids(),
        policy=settings.current().policy(),
    )


@cache
def replaying() -> Replaying:
    """Make the operator's service for what came to a halt."""
    from chalicelib.services.replaying import Replaying

    return Replaying(
        channels=CHANNELS,
        messages=messages(),
        failures=failures(),
        restarting=restarting(),
        hinting=hinting(),
        clock=clock(),
        telemetry=telemetry(),
    )


@cache
def restoring() -> Restoring:
    """Make the operator's service for a table that was restored to an earlier time."""
    from chalicelib.services.restoring import Restoring

    return Restoring(
        channels=CHANNELS,
        messages=messages(),
        progress=progress(),
        ids=ids(),
        policy=settings.current().policy(),
    )


@cache
def moderating() -> Moderating:
    """Make the service for achievements and approvals."""
    return Moderating(
        certifications=certifications(),
        messages=messages(),
        profiles=profiles(),
        publishing=publishing(),
        checking=checking(),
        unit=store(),
        clock=clock(),
        ids=ids(),
    )


@cache
def delivering() -> Delivering:
    """Make the worker."""
    from chalicelib.services.delivering import Delivering

    return Delivering(
        channels=CHANNELS,
        messages=messages(),
        subscriptions=subscriptions(),
        book=book(),
        preparing=preparing(),
        conversing=conversing(),
        reconciling=reconciling(),
        expanding=expanding(),
        pacing=pacing(),
        unpublishing=unpublishing(),
        progress=progress(),
        unit=store(),
        signer=signer(),
        clock=clock(),
        ids=ids(),
        random=SystemRandom(),
        policy=settings.current().policy(),
        telemetry=telemetry(),
        pool=delivery_pool,
        public_url=settings.current().public_url,
    )


@cache
def unpublishing() -> Unpublishing:
    """Make the worker's part of taking posts back."""
    from chalicelib.services.unpublishing import Unpublishing

    return Unpublishing(
        channels=CHANNELS,
        messages=messages(),
        book=book(),
        conversing=conversing(),
        reconciling=reconciling(),
        progress=progress(),
        unit=store(),
        clock=clock(),
        random=SystemRandom(),
        policy=settings.current().policy(),
    )


@cache
def releasing() -> Releasing:
    """Make the scheduler."""
    from chalicelib.services.releasing import Releasing

    return Releasing(
        messages=messages(),
        book=book(),
        hinting=hinting(),
        progress=progress(),
        clock=clock(),
        ids=ids(),
        policy=settings.current().policy(),
        claims_per_second=settings.current().claims_per_second,
        telemetry=telemetry(),
        pool=release_pool,
    )


@cache
def expanding() -> Expanding:
    """Make what gives a direct channel's parent its recipients."""
    from chalicelib.services.expanding import Expanding

    return Expanding(
        messages=messages(),
        subscriptions=subscriptions(),
        hinting=hinting(),
        progress=progress(),
        unit=store(),
        clock=clock(),
        ids=ids(),
        policy=settings.current().policy(),
    )


@cache
def hinting() -> Hinting:
    """Make what tells the worker."""
    return Hinting(stream(), progress(), clock(), telemetry())


@cache
def progress() -> Progress:
    """Make the writer of deliveries' steps."""
    policy = settings.current().policy()
    return Progress(messages(), store(), clock(), policy, telemetry(), observers())


@cache
def reconciling() -> Reconciling:
    """Make the service that settles doubt."""
    from chalicelib.services.reconciling import Reconciling

    seconds = settings.current().settle_seconds
    settle = None if seconds is None else timedelta(seconds=seconds)
    return Reconciling(conversing(), settings.current().policy(), settle)


@cache
def intake() -> Intake:
    """Make the service for uploads."""
    return Intake(
        uploads=uploads(),
        store=media(),
        studio=studio(),
        unit=store(),
        clock=clock(),
        ids=ids(),
        telemetry=telemetry(),
    )


@cache
def connecting() -> Connecting:
    """Make the service that connects accounts."""
    return Connecting(
        channels=CHANNELS,
        accounts=accounts(),
        secrets=secrets(),
        conversing=conversing(),
        starter=starter(),
        unit=store(),
        clock=clock(),
        telemetry=telemetry(),
    )


@cache
def subscribing() -> Subscribing:
    """Make the service for recipients."""
    return Subscribing(
        channels=CHANNELS,
        subscriptions=subscriptions(),
        signer=signer(),
        clock=clock(),
        telemetry=telemetry(),
    )


@cache
def listening() -> Listening:
    """Make the service that takes in what platforms tell."""
    from chalicelib.services.listening import Listening

    return Listening(accounts(), secrets(), subscribing(), witnessing(), telemetry())


@cache
def witnessing() -> Witnessing:
    """Make the service that takes platforms' reports as evidence."""
    from chalicelib.services.witnessing import Witnessing

    return Witnessing(
        messages=messages(),
        subscriptions=subscriptions(),
        progress=progress(),
        unit=store(),
        signer=signer(),
        clock=clock(),
        ids=ids(),
        telemetry=telemetry(),
    )


@cache
def watching() -> Watching:
    """Make the service for live connections."""
    return Watching(
        watchers=watchers(),
        push=push,
        clock=clock(),
        new_secret=partial(chance.token_urlsafe, TICKET_BYTES),
        telemetry=telemetry(),
    )


@cache
def relaying() -> Relaying:
    """Make what tells whoever watches."""
    return Relaying(
        watchers=watchers(),
        messages=messages(),
        push=push,
        clock=clock(),
        telemetry=telemetry(),
        pool=push_pool,
    )


@cache
def profiling() -> Profiling:
    """Make the service for members' own settings."""
    return Profiling(profiles())


@cache
def repeating() -> Repeating:
    """Make the service that answers repeated requests."""
    return Repeating(idempotency(), clock())


@cache
def preparing() -> Preparing:
    """Make the service that makes posts."""
    return Preparing(Tones(), media(), studio(), uploads(), messages(), words())


@cache
def words() -> Words:
    """Make what knows the words that a model chose."""
    return Words(
        adaptations=adaptations(),
        messages=messages(),
        errand=errand(),
        voices=voices(),
        unit=store(),
        clock=clock(),
        telemetry=telemetry(),
        patience=timedelta(seconds=settings.current().words_seconds),
    )


@cache
def adapting() -> Adapting:
    """Make the service that asks a model."""
    from chalicelib.services.adapting import Adapting

    return Adapting(
        model=model(),
        words=words(),
        adaptations=adaptations(),
        messages=messages(),
        adapter=Tones(),
        channels=CHANNELS,
        voices=voices(),
        unit=store(),
        clock=clock(),
        telemetry=telemetry(),
    )


@cache
def conversing() -> Conversing:
    """Make the driver of conversations."""
    return Conversing(transport(), clock(), telemetry())


@cache
def pacing() -> Pacing:
    """Make what spaces an account's attempts."""
    from chalicelib.services.pacing import Pacing

    return Pacing(accounts(), settings.current().policy())


@cache
def book() -> AccountBook:
    """Make the book of accounts."""
    return AccountBook(accounts(), secrets(), store(), settings.current().circuit())


# --- repositories -----------------------------------------------------------------------------


@cache
def store() -> Store:
    """Make the single table with its unit of work."""
    table = DynamoTable(_client("dynamodb", retries=1), settings.current().table_name)
    return Store(table, ids(), SystemRandom(), clock().sleep)


@cache
def messages() -> Messages:
    """Make the repository of messages and deliveries."""
    return Messages(store(), tuple(CHANNELS))


@cache
def certifications() -> Certifications:
    """Make the repository of achievements."""
    return Certifications(store())


@cache
def accounts() -> Accounts:
    """Make the repository of account states."""
    return Accounts(store())


@cache
def subscriptions() -> Subscriptions:
    """Make the repository of recipients."""
    return Subscriptions(store())


@cache
def uploads() -> Uploads:
    """Make the repository of uploads."""
    return Uploads(store())


@cache
def idempotency() -> Idempotency:
    """Make the repository of kept answers."""
    return Idempotency(store(), clock())


@cache
def adaptations() -> Adaptations:
    """Make the repository of adaptations."""
    return Adaptations(store())


@cache
def profiles() -> Profiles:
    """Make the repository of profiles."""
    return Profiles(store())


@cache
def watchers() -> Watchers:
    """Make the repository of live connections."""
    return Watchers(store())


# --- gateways ---------------------------------------------------------------------------------


@cache
def transport() -> HttpTransport:
    """Make what performs platform calls: one attempt each."""
    from chalicelib.gateways.transport import SINGLE_ATTEMPT, HttpTransport

    chosen = settings.current()
    return HttpTransport(
        media_url=media().url,
        media_bytes=media().read,
        client=partial(_late, config=SINGLE_ATTEMPT),
        endpoints=chosen.platform_endpoints,
        connect_timeout_seconds=chosen.connect_timeout_seconds,
        read_timeout_seconds=chosen.read_timeout_seconds,
        clock=clock(),
    )


@cache
def stream() -> KinesisStream:
    """Make the accelerator; a put that goes unanswered is not repeated."""
    return KinesisStream(_client("kinesis", retries=1), settings.current().stream_name)


@cache
def media() -> S3Media:
    """Make the media store."""
    return S3Media(_client("s3", retries=3), settings.current().media_bucket)


@cache
def failures() -> S3FailureDestination:
    """Make the reader of the stream's failure destination."""
    from chalicelib.gateways.failures import S3FailureDestination

    return S3FailureDestination(_client("s3", retries=3), settings.current().failure_bucket)


@cache
def studio() -> ImagingStudio:
    """Make what draws and fits pictures."""
    return ImagingStudio(settings.current().community)


@cache
def secrets() -> SecretsManager:
    """Make the store of platform credentials."""
    client = _client("secretsmanager", retries=3)
    return SecretsManager(client, settings.current().secrets_prefix, time.monotonic)


@cache
def signer() -> HmacSigner:
    """Make what signs cursors and unsubscribe links."""
    return HmacSigner(secrets())


@cache
def signing_in() -> SigningIn:
    """Make the bridge to GitHub, which is closed unless its secret is configured."""
    from chalicelib.services.signing_in import SigningIn

    chosen = settings.current()
    return SigningIn(
        secret_name=chosen.github_secret,
        issuer=f"{chosen.public_url}/signin/github",
        redirect_uri=f"{chosen.sign_in_url}/oauth2/idpresponse",
        secrets=secrets(),
        signer=signer(),
        key=token_key,
        conversing=conversing(),
        clock=clock(),
    )


@cache
def token_key() -> KmsKey:
    """Make what signs the ID tokens of who signs in with GitHub."""
    from chalicelib.gateways.keys import KmsKey

    return KmsKey(_client("kms", retries=3), settings.current().token_key)


@cache
def starter() -> Starter:
    """Make what starts an extra release; under ``chalice local`` the sandbox replaces it."""
    function = settings.current().release_function
    return LambdaStarter(_client("lambda", retries=1), function) if function else NoStarter()


@cache
def push() -> WebSocketPush:
    """Make what sends frames; one that goes unanswered is not repeated."""
    chosen = settings.current()
    config = Config(
        connect_timeout=1,
        read_timeout=2,
        retries={"total_max_attempts": 1, "mode": "standard"},
        max_pool_connections=PUSH_THREADS,
    )
    endpoint = chosen.websocket_endpoint
    return WebSocketPush(_late("apigatewaymanagementapi", endpoint, config=config))


@cache
def observers() -> Observers:
    """Make what hears of changed messages; nothing else is made before one changes."""
    chosen = settings.current()
    if not chosen.websocket_endpoint:
        return NoObservers()
    return Courier(
        lambda message_ids: relaying().relay(message_ids),
        telemetry(),
        gathering_seconds=chosen.push_gathering_seconds,
    )


def finish_telling() -> None:
    """Let everyone be told before Lambda stops this process's threads; for a moment at most."""
    observers().finish(settings.current().push_wait_seconds)


@cache
def errand() -> Errand:
    """Make what has words found; under ``chalice local`` the sandbox replaces it."""
    function = settings.current().adapt_function
    return LambdaErrand(_client("lambda", retries=1), function) if function else NoErrand()


@cache
def model() -> BedrockModels:
    """Make the language models; a call that goes unanswered is not repeated."""
    from chalicelib.gateways._http import Wire
    from chalicelib.gateways.bedrock import BedrockModels
    from chalicelib.gateways.transport import SINGLE_ATTEMPT

    chosen = settings.current()
    wire = Wire(chosen.connect_timeout_seconds, chosen.model_seconds, clock())
    wanted = filter(None, (chosen.bedrock_model_id, chosen.bedrock_fallback_model_id))
    client = partial(_late, config=SINGLE_ATTEMPT)
    return BedrockModels(client, wire, tuple(wanted), chosen.aws_region)


@cache
def telemetry() -> JsonTelemetry:
    """Make the one voice of this process."""
    chosen = settings.current()
    return JsonTelemetry(tracer=Tracer() if chosen.tracing else None, stage=chosen.stage)


@cache
def clock() -> SystemClock:
    """Make the clock."""
    return SystemClock()


@cache
def ids() -> TimeOrderedIds:
    """Make the source of identifiers."""
    return TimeOrderedIds()


@cache
def delivery_pool() -> Executor:
    """Make the worker's threads; kept between invocations."""
    return ThreadPoolExecutor(settings.current().worker_threads, "deliver")


@cache
def push_pool() -> Executor:
    """Make the threads that send frames; kept between invocations."""
    return ThreadPoolExecutor(PUSH_THREADS, "push")


@cache
def release_pool() -> Executor:
    """Make the scheduler's threads; kept between invocations."""
    return ThreadPoolExecutor(RELEASE_THREADS, "release")


READY: Mapping[str, Callable[[], object]] = {
    "adapt": adapting,
    "deliver": delivering,
    "hear_mail": listening,
    "prepare_media": intake,
    "release_due": releasing,
    "replay": replaying,
}
"""What a function's every event needs, by the function's name in ``app.py``."""


def ready(handler: str) -> None:
    """Make what the function of a handler always needs; `handler` is as Lambda names it."""
    if make := READY.get(handler.removeprefix("app.")):
        make()


def _client(service: str, *, retries: int) -> Any:
    """Make a client of our own stores. Path style, so that it works against any endpoint."""
    config = Config(
        connect_timeout=3,
        read_timeout=10,
        retries={"total_max_attempts": retries, "mode": "standard"},
        max_pool_connections=STORE_CONNECTIONS,
        parameter_validation=False,
        signature_version="s3v4" if service == "s3" else None,
        s3={"addressing_style": "path"} if service == "s3" else None,
    )
    return _late(service, None, config=config)


def _late(service: str, endpoint: str | None, *, config: Config) -> Any:
    """Make what becomes a client when it is first used."""
    client = partial(
        boto3.client,
        service,
        region_name=settings.current().aws_region,
        endpoint_url=endpoint,
        config=config,
    )
    return LateClient(client)
