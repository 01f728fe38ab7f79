"""What each route takes, answers and asks of the caller.

Enforced by `views`, published by `openapi`. Keyed by the name of the view function in ``app.py``: a
route that is not here can't be registered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from chalicelib.domain.identity import Role
from chalicelib.edge import bodies, queries
from chalicelib.edge.queries import Parameter


@dataclass(frozen=True, slots=True)
class Operation:
    """One route's contract. Of several models it takes, the first whose fields are given counts."""

    gives: str | None
    """Name of its type in `answers`, which only the published document has to know."""
    status: int = 200
    takes: tuple[type[bodies.Body], ...] = ()
    query: Sequence[Parameter] = ()
    role: Role = Role.MEMBER
    repeatable: bool = False
    """Whether it takes an Idempotency-Key."""
    if_match: Literal["required", "optional"] | None = None
    etag: bool = False
    location: bool = False
    conflicts: bool = False
    """Whether the present state may refuse it (409)."""
    webhook: bool = False
    """Whether a platform calls it: what it sends is kept as it came, the answer is plain text."""

    bridge: bool = False
    """Whether it is part of sign-in with GitHub: it speaks OAuth, and is described by Discovery."""

    @property
    def is_page(self) -> bool:
        """Return whether it answers with a page for people."""
        return self.gives is None and self.status == 200 and not (self.webhook or self.bridge)

    def model(self, given: Mapping[str, Any]) -> type[bodies.Body]:
        """Return the model that a body is to be judged by."""
        for candidate in self.takes[:-1]:
            if not candidate.model_fields.keys().isdisjoint(given):
                return candidate
        return self.takes[-1]


def _message_step(
    status: int,
    *takes: type[bodies.Body],
    role: Role = Role.MEMBER,
    if_match: Literal["optional"] | None = None,
) -> Operation:
    return Operation(
        "MessageView",
        status,
        takes or (bodies.Nothing,),
        role=role,
        repeatable=True,
        if_match=if_match,
        etag=True,
        conflicts=True,
        location=status == 202,
    )


def _decision(model: type[bodies.Body], if_match: Literal["optional"] | None = None) -> Operation:
    return Operation(
        "CertificationView",
        takes=(model,),
        role=Role.COMMUNITY_MANAGER,
        repeatable=True,
        if_match=if_match,
        etag=True,
        conflicts=True,
    )


OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {
        "health": Operation("HealthView"),
        "openapi": Operation("OpenApiDocument"),
        "show_unsubscribe": Operation(None),
        "unsubscribe": Operation(None),
        "confirm_whatsapp": Operation(None, query=queries.HUB, webhook=True),
        "hear_whatsapp": Operation(None, webhook=True, conflicts=True),
        "describe_github": Operation(None, bridge=True),
        "list_github_keys": Operation(None, bridge=True),
        "authorize_github": Operation(None, bridge=True),
        "return_from_github": Operation(None, bridge=True),
        "exchange_github": Operation(None, bridge=True),
        "describe_github_user": Operation(None, bridge=True),
        "read_me": Operation("MeView"),
        "change_me": Operation("MeView", takes=(bodies.ProfileEdit,)),
        "list_channels": Operation("ChannelList"),
        "connect_account": Operation(
            "AccountView", takes=(bodies.AccountBody,), role=Role.ADMIN, conflicts=True
        ),
        "list_recipients": Operation(
            "RecipientPage", query=queries.PAGE, role=Role.COMMUNITY_MANAGER
        ),
        "add_recipient": Operation(
            "RecipientView",
            201,
            (bodies.RecipientBody,),
            role=Role.COMMUNITY_MANAGER,
            repeatable=True,
            location=True,
            conflicts=True,
        ),
        "remove_recipient": Operation(None, 204, role=Role.COMMUNITY_MANAGER),
        "preview": Operation(
            "PreviewList",
            takes=(bodies.CertificationPreview, bodies.MessageBody),
            conflicts=True,
        ),
        "create_message": Operation(
            "MessageView",
            202,
            (bodies.MessageBody,),
            repeatable=True,
            etag=True,
            location=True,
            conflicts=True,
        ),
        "list_messages": Operation(
            "MessagePage",
            query=(
                queries.SCOPE,
                queries.MESSAGE_STATUS,
                queries.FROM,
                queries.TO,
                *queries.PAGE,
            ),
        ),
        "read_message": Operation("MessageView", etag=True),
        "edit_message": Operation(
            "MessageView",
            takes=(bodies.MessageEdit,),
            if_match="required",
            etag=True,
            conflicts=True,
        ),
        "publish_message": _message_step(202),
        "cancel_message": _message_step(200),
        "approve_message": _message_step(
            200, bodies.ApproveBody, role=Role.COMMUNITY_MANAGER, if_match="optional"
        ),
        "reject_message": _message_step(200, bodies.RejectBody, role=Role.COMMUNITY_MANAGER),
        "retry_delivery": _message_step(202),
        "unpublish_delivery": _message_step(202),
        "resolve_delivery": _message_step(200, bodies.ResolveBody),
        "list_message_recipients": Operation(
            "RecipientDeliveryPage", query=(queries.CHANNEL, *queries.PAGE)
        ),
        "preview_message": Operation("PreviewList"),
        "read_timeline": Operation("TimelineView"),
        "list_certification_types": Operation("CertificationTypeList"),
        "submit_certification": Operation(
            "CertificationView",
            202,
            (bodies.CertificationBody,),
            repeatable=True,
            etag=True,
            location=True,
            conflicts=True,
        ),
        "list_certifications": Operation(
            "CertificationPage",
            query=(queries.SCOPE, queries.CERTIFICATION_STATUS, *queries.PAGE),
        ),
        "read_certification": Operation("CertificationView", etag=True),
        "approve_certification": _decision(bodies.ApproveBody, if_match="optional"),
        "reject_certification": _decision(bodies.RejectBody),
        "request_upload": Operation("UploadTicketView", 201, (bodies.UploadBody,), location=True),
        "read_upload": Operation("UploadView"),
        "issue_live_ticket": Operation("LiveTicketView", 201, (bodies.Nothing,)),
    }
)
