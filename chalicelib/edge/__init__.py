"""Bytes ⇄ domain values: everything between API Gateway, Lambda events and the services."""

from chalicelib.edge import (
    bridge,
    live,
    mail_events,
    openapi,
    pages,
    rendering,
    replays,
    responses,
    webhooks,
)
from chalicelib.edge.batches import BatchResponse, deadline, each, object_key
from chalicelib.edge.bodies import (
    AccountBody,
    ApproveBody,
    CertificationBody,
    CertificationPreview,
    MessageBody,
    MessageEdit,
    ProfileEdit,
    RecipientBody,
    RejectBody,
    ResolveBody,
    UploadBody,
)
from chalicelib.edge.drafts import (
    account,
    changes,
    consented,
    draft,
    sketched,
    submission,
    text,
    upload,
)
from chalicelib.edge.fields import Surroundings
from chalicelib.edge.reading import SKETCH, within
from chalicelib.edge.requests import Answer, Request
from chalicelib.edge.tokens import Tokens
from chalicelib.edge.views import Edge, Ports, cors

__all__ = [
    "SKETCH",
    "AccountBody",
    "Answer",
    "ApproveBody",
    "BatchResponse",
    "CertificationBody",
    "CertificationPreview",
    "Edge",
    "MessageBody",
    "MessageEdit",
    "Ports",
    "ProfileEdit",
    "RecipientBody",
    "RejectBody",
    "Request",
    "ResolveBody",
    "Surroundings",
    "Tokens",
    "UploadBody",
    "account",
    "bridge",
    "changes",
    "consented",
    "cors",
    "deadline",
    "draft",
    "each",
    "live",
    "mail_events",
    "object_key",
    "openapi",
    "pages",
    "rendering",
    "replays",
    "responses",
    "sketched",
    "submission",
    "text",
    "upload",
    "webhooks",
    "within",
]
