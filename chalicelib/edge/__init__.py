"""Bytes ⇄ domain values: everything between API Gateway, Lambda events and the services."""

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

from chalicelib.edge import bridge, live, pages, rendering, responses
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

if TYPE_CHECKING:
    from chalicelib.edge import mail_events, openapi, replays, webhooks

LATE = frozenset({"mail_events", "openapi", "replays", "webhooks"})
"""Parts that hardly any invocation needs: a cold start goes without them."""

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


def __getattr__(name: str) -> ModuleType:
    """Import one of the `LATE` parts when it is first used."""
    if name in LATE:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
