"""Bytes ⇄ domain values: everything between API Gateway, Lambda events and the services."""

from chalicelib.edge import openapi, pages, rendering, responses
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
from chalicelib.edge.drafts import changes, consented, draft, submission
from chalicelib.edge.requests import Answer, Request
from chalicelib.edge.tokens import Tokens
from chalicelib.edge.views import Edge, Ports, cors

__all__ = [
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
    "Tokens",
    "UploadBody",
    "changes",
    "consented",
    "cors",
    "deadline",
    "draft",
    "each",
    "object_key",
    "openapi",
    "pages",
    "rendering",
    "responses",
    "submission",
]
