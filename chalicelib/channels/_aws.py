"""What the errors of AWS messaging services mean, by their code.

Codes from the service models of SES v2 and SNS and the errors common to all services (botocore),
checked 2026-11-21. There are no rate headers; SES says "daily" in the message of an exhausted daily
quota and uses the same code for a rate that is too high.
"""

from __future__ import annotations

from datetime import timedelta

from chalicelib.channels import _responses as responses
from chalicelib.domain.channels import Response
from chalicelib.domain.errors import (
    ChannelError,
    ContentRejected,
    CredentialsRejected,
    OptedOut,
    RateLimited,
)

QUOTA_WAIT = timedelta(hours=1)
"""The daily quota is a moving window: some of it comes back all the time."""

_CREDENTIALS = frozenset(
    {
        "AccessDenied",
        "AccountSuspended",
        "Authorization",
        "AuthorizationError",
        "ExpiredToken",
        "IncompleteSignature",
        "InvalidClientTokenId",
        "InvalidSignature",
        "MailFromDomainNotVerified",
        "MissingAuthenticationToken",
        "NotAuthorized",
        "NotFound",
        "OptInRequired",
        "RequestExpired",
        "SendingPaused",
        "SignatureDoesNotMatch",
        "UnrecognizedClient",
    }
)
_LIMITED = frozenset(
    {
        "LimitExceeded",
        "RequestLimitExceeded",
        "RequestThrottled",
        "Throttled",
        "Throttling",
        "TooManyRequests",
    }
)
_CONTENT = frozenset(
    {
        "BadRequest",
        "InvalidParameter",
        "InvalidParameterValue",
        "MessageRejected",
        "ParameterValueInvalid",
        "Validation",
    }
)
_REMEDY = (
    "Check the AWS account: its permissions, its verified identities and whether sending is "
    "enabled. Deliveries wait and go on by themselves."
)


def refusal(response: Response, *, publishing: bool) -> ChannelError:
    """Return what an AWS error means."""
    told = f"{responses.quoted(response.message) or 'AWS refuses this.'} ({response.error})"
    # SNS says Throttling where SES says TooManyRequestsException.
    names = {response.error.removesuffix("Exception"), response.error.removesuffix("Error")}
    if names & _CREDENTIALS:
        return CredentialsRejected(told, remedy=_REMEDY)
    if names & _LIMITED:
        is_daily = "daily" in response.message.lower()
        return RateLimited(told, QUOTA_WAIT if is_daily else responses.retry_after(response))
    if "OptedOut" in names:
        return OptedOut(told)
    if names & _CONTENT:
        return ContentRejected(told)
    return responses.by_status(response, told, publishing=publishing)
