"""Every door of Omnichannel Publisher: its routes, its stream consumer, its clock.

A body parses, calls one service and renders. Who may come in and what a body looks like stands in
`chalicelib.edge.operations`, under the function's name.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Mapping
from functools import cache, partial
from typing import Any

from chalice.app import (
    Chalice,
    CloudWatchEvent,
    CognitoUserPoolAuthorizer,
    KinesisEvent,
    Rate,
    SNSEvent,
    WebsocketEvent,
)

from chalicelib import precompiled


def sandboxed() -> bool:
    """Return whether this is ``chalice local``: nothing else may let the sandbox in."""
    is_cli = "AWS_CHALICE_CLI_MODE" in os.environ and "local" in sys.argv[1:]
    return is_cli and "AWS_LAMBDA_FUNCTION_NAME" not in os.environ


EXAMPLE = ":123456789012:"
"""The account of AWS's own examples; the configuration names it where only an account can tell."""


def unsupplied() -> bool:
    """Return whether this is ``chalice deploy`` with the examples of a checkout's configuration."""
    is_cli = "AWS_CHALICE_CLI_MODE" in os.environ and "deploy" in sys.argv[1:]
    return is_cli and EXAMPLE in os.environ.get("USER_POOL_ARN", EXAMPLE)


precompiled.use()
gc.disable()  # nothing that imports make is garbage, and looking for it is 8 % of a cold start

if sandboxed():
    from sandbox import environment

    environment.fill()

if unsupplied():
    from infrastructure.native import handover

    handover.hand_over()

from chalicelib import __version__, edge, settings, wiring  # noqa: E402 - after the environment
from chalicelib.edge import Answer, Request, rendering, responses  # noqa: E402
from chalicelib.gateways.media import UPLOADS, upload_id_of  # noqa: E402
from chalicelib.gateways.stream import decode  # noqa: E402

config = settings.current()
app = Chalice(app_name="omnichannel-publisher")
app.experimental_feature_flags.add("WEBSOCKETS")
app.api.cors = edge.cors(config.allowed_origins)
members = CognitoUserPoolAuthorizer("members", provider_arns=[config.user_pool_arn])
api = edge.Edge(
    edge.Ports(
        channels=tuple(wiring.registry()),
        clock=wiring.clock,
        signer=wiring.signer,
        telemetry=wiring.telemetry,
    ),
    edge.Tokens(config.token_issuer, config.client_id),
    config.allowed_origins,
)
ANY = ["*/*"]
"""Content types of a route whose body may be absent: what clients then declare means nothing."""
app.register_middleware(api.middleware, "http")
app.register_middleware(edge.live.afterwards(wiring.finish_telling), "all")
live = edge.live.door(wiring.telemetry)


# --- public -------------------------------------------------------------------------------------


@app.route("/health")
@api.public
def health(request: Request) -> Answer:
    """Say that the API is there, and in which version."""
    return responses.ok({"status": "ok", "version": __version__})


@app.route("/openapi.json")
@api.public
def openapi(request: Request) -> Answer:
    """Describe this API."""
    return description()


@cache
def description() -> Answer:
    """Return the OpenAPI document, made once per process."""
    document = edge.openapi.document(
        app, tuple(wiring.registry()), version=__version__, server_url=config.public_url
    )
    return responses.ok(document)


@app.route("/unsubscribe/{token}")
@api.page
def show_unsubscribe(request: Request, token: str) -> Answer:
    """Show the page that asks whether to stop; looking at it changes nothing."""
    return edge.pages.ask(wiring.subscribing().describe(token), request.language)


@app.route("/unsubscribe/{token}", methods=["POST"], content_types=ANY)
@api.page
def unsubscribe(request: Request, token: str) -> Answer:
    """Stop writing to whoever holds the link; a mail client's one click (RFC 8058) comes here."""
    return edge.pages.done(wiring.subscribing().unsubscribe(token), request.language)


@app.route("/webhooks/whatsapp")
@api.public
def confirm_whatsapp(request: Request) -> Answer:
    """Answer Meta's question whether this is the address that takes WhatsApp's calls."""
    secrets = wiring.listening().secrets(edge.webhooks.WHATSAPP)
    return edge.webhooks.confirm(request, secrets)


@app.route("/webhooks/whatsapp", methods=["POST"], content_types=ANY)
@api.public
def hear_whatsapp(request: Request) -> Answer:
    """Take in what people write to the WhatsApp number, and what became of what we sent.

    409 or 503: this has to come again, because something of it is being sent this moment or could
    not be stored.
    """
    listening = wiring.listening()
    news = edge.webhooks.opened(request, listening.secrets(edge.webhooks.WHATSAPP))
    listening.take(edge.webhooks.WHATSAPP, news)
    return responses.plain()


# --- sign-in with GitHub: an OpenID provider of our own before its OAuth ------------------------


@app.route("/signin/github/.well-known/openid-configuration")
@api.bridge
def describe_github(request: Request) -> Answer:
    """Tell where the provider's other doors are."""
    return responses.ok(wiring.signing_in().configuration())


@app.route("/signin/github/jwks")
@api.bridge
def list_github_keys(request: Request) -> Answer:
    """Tell what its ID tokens are verified with."""
    return responses.ok(wiring.signing_in().keys())


@app.route("/signin/github/authorize")
@api.bridge
def authorize_github(request: Request) -> Answer:
    """Send a person on to GitHub."""
    return edge.bridge.sent_on(wiring.signing_in().authorize(request.query))


@app.route("/signin/github/callback")
@api.bridge
def return_from_github(request: Request) -> Answer:
    """Send a person that GitHub sent back on to the user pool."""
    return edge.bridge.sent_on(wiring.signing_in().callback(request.query))


@app.route("/signin/github/token", methods=["POST"], content_types=ANY)
@api.bridge
def exchange_github(request: Request) -> Answer:
    """Give the user pool an ID token for a code."""
    provider = wiring.signing_in()
    provider.require_open()
    given = edge.bridge.form(request)
    client_id, secret = edge.bridge.credentials(request, given)
    return responses.ok(provider.token(given, client_id, secret))


@app.route("/signin/github/userinfo")
@api.bridge
def describe_github_user(request: Request) -> Answer:
    """Tell whom an access token is about."""
    return responses.ok(wiring.signing_in().user(edge.bridge.bearer(request)))


# --- oneself ------------------------------------------------------------------------------------


@app.route("/api/v1/me", authorizer=members)
@api.view
def read_me(request: Request) -> Answer:
    """Return who is calling."""
    profile = wiring.profiling().read(request.member)
    return responses.ok(
        rendering.me(request.member, profile, wiring.publishing().requires_approval)
    )


@app.route("/api/v1/me", methods=["PATCH"], authorizer=members)
@api.view
def change_me(request: Request) -> Answer:
    """Change one's own name, language or time zone."""
    changes = request.body(edge.ProfileEdit).changes()
    profile = wiring.profiling().change(request.member, **changes)
    return responses.ok(
        rendering.me(request.member, profile, wiring.publishing().requires_approval)
    )


# --- channels, accounts, recipients -------------------------------------------------------------


@app.route("/api/v1/channels", authorizer=members)
@api.view
def list_channels(request: Request) -> Answer:
    """List every channel with its limits and the state of its account."""
    return responses.channels(wiring.connecting().overview())


@app.route("/api/v1/channels/{channel}/account", methods=["PUT"], authorizer=members)
@api.view
def connect_account(request: Request, channel: str) -> Answer:
    """Connect the account that a channel publishes as; the platform is asked before it is kept.

    Deliveries that waited for it go on. The secrets are never shown again.
    """
    fields = edge.account(request.body(edge.AccountBody))
    state = wiring.connecting().connect(channel, fields, request.member)
    return responses.ok(rendering.account(state))


@app.route("/api/v1/channels/{channel}/recipients", authorizer=members)
@api.view
def list_recipients(request: Request, channel: str) -> Answer:
    """List who agreed to be written to on a direct channel."""
    page = wiring.subscribing().listing(
        channel, request.member, limit=request.limit, cursor=request.position
    )
    return responses.page(request, page, rendering.recipient)


@app.route("/api/v1/channels/{channel}/recipients", methods=["POST"], authorizer=members)
@api.view
def add_recipient(request: Request, channel: str) -> Answer:
    """Record that someone agreed to be written to."""
    subscribing = wiring.subscribing()
    check = partial(subscribing.check, channel)
    address, name, consent = request.judged(edge.RecipientBody, edge.consented, check)
    act = partial(subscribing.add, channel, address, name, consent, request.member)
    return request.doing(wiring.repeating(), act, responses.added_recipient)


@app.route(
    "/api/v1/channels/{channel}/recipients/{recipient_id}", methods=["DELETE"], authorizer=members
)
@api.view
def remove_recipient(request: Request, channel: str, recipient_id: str) -> Answer:
    """Forget a recipient altogether."""
    wiring.subscribing().remove(channel, recipient_id, request.member)
    return responses.no_content()


# --- messages -----------------------------------------------------------------------------------


@app.route("/api/v1/previews", methods=["POST"], authorizer=members)
@api.view
def preview(request: Request) -> Answer:
    """Show exactly what each channel would be offered, with every fault; store nothing."""
    match request.payload:
        case edge.CertificationPreview():
            moderating = wiring.moderating()
            check = edge.within(edge.SKETCH)(moderating.check)
            sketch = request.judged(edge.CertificationPreview, edge.sketched, check)
            found = edge.within(edge.SKETCH)(moderating.preview)(sketch, request.member)
        case _:
            draft = request.judged(edge.MessageBody, edge.draft, wiring.publishing().check)
            found = wiring.checking().preview(draft, request.member)
    return responses.previews(found)


@app.route("/api/v1/messages", methods=["POST"], authorizer=members)
@api.view
def create_message(request: Request) -> Answer:
    """Accept a message for publishing now or at ``scheduled_at``."""
    publishing = wiring.publishing()
    draft = request.judged(edge.MessageBody, edge.draft, publishing.check)
    act = partial(publishing.submit, draft, request.member)
    return request.accepting(wiring.repeating(), act, responses.accepted_message)


@app.route("/api/v1/messages", authorizer=members)
@api.view
def list_messages(request: Request) -> Answer:
    """List the caller's own messages, newest first; managers may ask for everyone's."""
    page = wiring.publishing().listing(
        request.member,
        request.wanted_messages,
        everyone=request.everyone,
        limit=request.limit,
        cursor=request.position,
    )
    return responses.page(request, page, rendering.message_item)


@app.route("/api/v1/messages/{message_id}", authorizer=members)
@api.view
def read_message(request: Request, message_id: str) -> Answer:
    """Return a message with its deliveries."""
    return responses.message(wiring.publishing().read(message_id, request.member))


@app.route("/api/v1/messages/{message_id}", methods=["PATCH"], authorizer=members)
@api.view
def edit_message(request: Request, message_id: str) -> Answer:
    """Change a message while nothing of it is in flight.

    A channel that failed is published again, if the edit changes what it says or when. What a
    settled channel says can't be changed: give the others a text of their own in `variants`. On
    direct channels nothing can be changed once recipients were served. An announcement's text names
    its person exactly as submitted.
    """
    editing = wiring.editing()
    check = partial(editing.check, message_id)
    changes = request.judged(edge.MessageEdit, edge.changes, check)
    snapshot = editing.edit(message_id, changes, request.if_match, request.member)
    return responses.message(snapshot)


@app.route("/api/v1/messages/{message_id}/posts", authorizer=members)
@api.view
def preview_message(request: Request, message_id: str) -> Answer:
    """Show exactly what each channel of a message is offered, or was, and who chose the words."""
    snapshot = wiring.publishing().read(message_id, request.member)
    return responses.previews(wiring.checking().preview_message(snapshot))


@app.route(
    "/api/v1/messages/{message_id}/publish", methods=["POST"], authorizer=members, content_types=ANY
)
@api.view
def publish_message(request: Request, message_id: str) -> Answer:
    """Publish a draft, now or at its time.

    Again while it is under way: as it is. What is settled is refused.
    """
    act = partial(wiring.publishing().publish, message_id, request.member)
    return request.doing(wiring.repeating(), act, responses.accepted_message)


@app.route(
    "/api/v1/messages/{message_id}/cancel", methods=["POST"], authorizer=members, content_types=ANY
)
@api.view
def cancel_message(request: Request, message_id: str) -> Answer:
    """Stop what can be stopped; 409 `in_flight` names the channels where it is too late.

    Those are being published right now, perhaps published (nobody knows yet) or published already;
    `detail` says which. The others were stopped nevertheless. Once nothing is in flight any more,
    another cancel of a message that was partly stopped answers 200 with the message as it is, and
    so does one of a message that failed or was cancelled. A message of which every channel was
    published can't be cancelled: 409 each time.
    """
    act = partial(wiring.deciding().cancel, message_id, request.member)
    return request.doing(wiring.repeating(), act, responses.message)


@app.route(
    "/api/v1/messages/{message_id}/approve", methods=["POST"], authorizer=members, content_types=ANY
)
@api.view
def approve_message(request: Request, message_id: str) -> Answer:
    """Let a message that awaits review be published, with an edited text if there is one.

    With `If-Match` only the revision that was looked at. The very same approval again changes
    nothing; what is decided otherwise, or would drop a text, is refused. An announcement's text
    names its person exactly as submitted.
    """
    check = partial(wiring.publishing().check_rewriting, message_id)
    text = request.judged(edge.ApproveBody, edge.text, check)
    decide = wiring.moderating().approve_message
    act = partial(decide, message_id, text, request.member, request.if_match_given)
    return request.doing(wiring.repeating(), act, responses.message)


@app.route("/api/v1/messages/{message_id}/reject", methods=["POST"], authorizer=members)
@api.view
def reject_message(request: Request, message_id: str) -> Answer:
    """Send a message that awaits review back to its author, with a reason."""
    reason = request.body(edge.RejectBody).reason
    act = partial(wiring.moderating().reject_message, message_id, reason, request.member)
    return request.doing(wiring.repeating(), act, responses.message)


@app.route(
    "/api/v1/messages/{message_id}/deliveries/{channel}/retry",
    methods=["POST"],
    authorizer=members,
    content_types=ANY,
)
@api.view
def retry_delivery(request: Request, message_id: str, channel: str) -> Answer:
    """Try a channel again that failed, was left out, or waits for an answer."""
    act = partial(wiring.deciding().retry, message_id, channel, request.member)
    return request.doing(wiring.repeating(), act, responses.accepted_message)


@app.route(
    "/api/v1/messages/{message_id}/deliveries/{channel}/resolve",
    methods=["POST"],
    authorizer=members,
)
@api.view
def resolve_delivery(request: Request, message_id: str, channel: str) -> Answer:
    """Answer whether a platform has the post, where only a person can tell."""
    body = request.body(edge.ResolveBody)
    act = partial(
        wiring.deciding().resolve, message_id, channel, body.answer, body.recipient, request.member
    )
    return request.doing(wiring.repeating(), act, responses.message)


@app.route("/api/v1/messages/{message_id}/recipients", authorizer=members)
@api.view
def list_message_recipients(request: Request, message_id: str) -> Answer:
    """List a message's recipients on its direct channels with their deliveries."""
    publishing = wiring.publishing()
    snapshot = publishing.read(message_id, request.member)
    fetch = partial(publishing.recipients, message_id, member=request.member, limit=request.limit)
    return responses.message_recipients(request, snapshot, fetch)


@app.route("/api/v1/messages/{message_id}/timeline", authorizer=members)
@api.view
def read_timeline(request: Request, message_id: str) -> Answer:
    """Return everything that happened to a message, oldest first."""
    timeline = wiring.publishing().timeline(message_id, request.member)
    return responses.ok(rendering.timeline(timeline))


@app.route(
    "/api/v1/messages/{message_id}/deliveries/{channel}/unpublish",
    methods=["POST"],
    authorizer=members,
    content_types=ANY,
)
@api.view
def unpublish_delivery(request: Request, message_id: str, channel: str) -> Answer:
    """Have a published post deleted on its platform, where the platform can do that."""
    act = partial(wiring.deciding().unpublish, message_id, channel, request.member)
    return request.doing(wiring.repeating(), act, responses.accepted_message)


# --- certifications -----------------------------------------------------------------------------


@app.route("/api/v1/certifications/types", authorizer=members)
@api.view
def list_certification_types(request: Request) -> Answer:
    """List the certifications one can announce, active ones first."""
    return responses.certification_types()


@app.route("/api/v1/certifications", methods=["POST"], authorizer=members)
@api.view
def submit_certification(request: Request) -> Answer:
    """Submit a certification to be announced, now or at ``scheduled_at``."""
    moderating = wiring.moderating()
    submission = request.judged(edge.CertificationBody, edge.submission, moderating.check)
    act = partial(moderating.submit, submission, request.member)
    return request.accepting(wiring.repeating(), act, responses.accepted_certification)


@app.route("/api/v1/certifications", authorizer=members)
@api.view
def list_certifications(request: Request) -> Answer:
    """List the caller's own certifications, newest first; managers may ask for everyone's."""
    page = wiring.moderating().listing(
        request.member,
        everyone=request.everyone,
        status=request.wanted_certifications,
        limit=request.limit,
        cursor=request.position,
    )
    return responses.page(request, page, rendering.certification_item)


@app.route("/api/v1/certifications/{certification_id}", authorizer=members)
@api.view
def read_certification(request: Request, certification_id: str) -> Answer:
    """Return a certification with its announcement's deliveries."""
    found = wiring.moderating().read(certification_id, request.member)
    return responses.certification(found)


@app.route(
    "/api/v1/certifications/{certification_id}/approve",
    methods=["POST"],
    authorizer=members,
    content_types=ANY,
)
@api.view
def approve_certification(request: Request, certification_id: str) -> Answer:
    """Let a certification be announced, with an edited text if there is one.

    The text names the person exactly as submitted. With `If-Match` only the announcement's revision
    that was looked at. The very same approval again changes nothing; what is decided otherwise, or
    would drop a text, is refused.
    """
    moderating = wiring.moderating()
    check = partial(moderating.check_rewriting, certification_id)
    text = request.judged(edge.ApproveBody, edge.text, check)
    decide = moderating.approve
    act = partial(decide, certification_id, text, request.member, request.if_match_given)
    return request.doing(wiring.repeating(), act, responses.certification)


@app.route("/api/v1/certifications/{certification_id}/reject", methods=["POST"], authorizer=members)
@api.view
def reject_certification(request: Request, certification_id: str) -> Answer:
    """Send a certification back to its member, with a reason; it may be submitted again."""
    reason = request.body(edge.RejectBody).reason
    act = partial(wiring.moderating().reject, certification_id, reason, request.member)
    return request.doing(wiring.repeating(), act, responses.certification)


# --- uploads ------------------------------------------------------------------------------------


@app.route("/api/v1/uploads", methods=["POST"], authorizer=members)
@api.view
def request_upload(request: Request) -> Answer:
    """Return a form that takes one picture of this type and size within five minutes."""
    intake = wiring.intake()
    wanted = request.judged(edge.UploadBody, edge.upload, intake.check)
    made = intake.request_upload(request.member, *wanted)
    return responses.upload_ticket(made)


@app.route("/api/v1/uploads/{upload_id}", authorizer=members)
@api.view
def read_upload(request: Request, upload_id: str) -> Answer:
    """Say whether an upload can be used."""
    upload = wiring.intake().read(upload_id, request.member)
    return responses.ok(rendering.upload(upload))


# --- live updates -------------------------------------------------------------------------------


@app.route("/api/v1/live-tickets", methods=["POST"], authorizer=members, content_types=ANY)
@api.view
def issue_live_ticket(request: Request) -> Answer:
    """Return the right to open one live connection within a minute.

    Append it to the address of the WebSocket as `?ticket=…` and say `{"type":"hello"}`: after the
    answer `{"type":"ready"}` a frame `{"type":"message","id":"…"}` comes whenever a message changes
    that the caller may read.
    """
    return responses.live_ticket(wiring.watching().issue(request.member))


@app.on_ws_connect()
@live
def join(event: WebsocketEvent) -> None:
    """Let in who holds a ticket; the connection is refused with 401 or 403 otherwise."""
    ticket = edge.live.ticket(event, config.allowed_origins)
    wiring.watching().join(ticket, event.connection_id)


@app.on_ws_message()
@live
def hear(event: WebsocketEvent) -> None:
    """Answer what a client says: ready to its hello, pong to its ping."""
    wiring.watching().answer(event.connection_id, edge.live.answer_to(event))


@app.on_ws_disconnect()
@live
def leave(event: WebsocketEvent) -> None:
    """Forget a connection that was closed."""
    wiring.watching().leave(event.connection_id)


# --- not HTTP -----------------------------------------------------------------------------------


@app.on_kinesis_record(
    stream=config.stream_name,
    batch_size=10,
    maximum_batching_window_in_seconds=5,
    starting_position="TRIM_HORIZON",
)
def deliver(event: KinesisEvent) -> edge.BatchResponse:
    """Serve the deliveries that a batch of the stream points at."""
    return edge.each(
        event,
        wiring.delivering().deliver_all,
        decode=decode,
        deadline=edge.deadline(event.context, wiring.clock().now()),
        telemetry=wiring.telemetry(),
    )


@app.schedule(Rate(1, unit=Rate.MINUTES))
def release_due(event: CloudWatchEvent) -> None:
    """Put on the stream what is due, or becomes due before the next tick."""
    wiring.releasing().release(edge.deadline(event.context, wiring.clock().now()))


@app.lambda_function(name="replay")
def replay(event: dict[str, Any], context: Any) -> Mapping[str, Any]:
    """List, explain or drive again what came to a halt; see `edge.replays`."""
    now = wiring.clock().now()
    around = edge.Surroundings(tuple(wiring.registry()), now)
    return edge.replays.replay(event, wiring.replaying(), around, edge.deadline(context, now))


@app.lambda_function(name="adapt")
def adapt(event: dict[str, Any], context: Any) -> None:
    """Have a model find the words of a revision, where one has a say."""
    wiring.adapting().adapt(event["message_id"], event["revision"])


@app.on_cw_event(
    {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {
            "bucket": {"name": [config.media_bucket]},
            "object": {"key": [{"prefix": UPLOADS}]},
        },
    }
)
def prepare_media(event: CloudWatchEvent) -> None:
    """Judge an uploaded file and keep a safe copy of it."""
    wiring.intake().prepare(upload_id_of(edge.object_key(event)) or "")


@app.on_sns_message(topic=config.mail_events_topic)
def hear_mail(event: SNSEvent) -> None:
    """Take in what SES reports of our mails: taken over, bounced, complained of.

    What it raises makes Lambda deliver the report again.
    """
    wiring.listening().take(edge.mail_events.EMAIL, edge.mail_events.news(event.message))


wiring.ready(os.environ.get("_HANDLER", ""))
gc.freeze()  # what is here by now stays as long as the process: no collection looks at it again
gc.enable()

if sandboxed():
    from sandbox import attach

    attach.attach(app)
