"""Connects channel accounts: asks the platform first, then keeps the secret."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from chalicelib.domain.channels import Account, AccountCheck, Channel, ChannelName
from chalicelib.domain.errors import (
    Conflict,
    CredentialsRejected,
    Fault,
    Forbidden,
    InvalidMessage,
    LostRace,
    NotFound,
    Permanent,
)
from chalicelib.domain.identity import Member, Role
from chalicelib.domain.ports import (
    Accounts,
    AccountState,
    AccountStatus,
    Clock,
    Secrets,
    Starter,
    Telemetry,
    Unit,
)
from chalicelib.services.accounts import assemble
from chalicelib.services.conversing import Conversing


class Connecting:
    """What administrators do with accounts."""

    def __init__(
        self,
        *,
        channels: Mapping[ChannelName, Channel],
        accounts: Accounts,
        secrets: Secrets,
        conversing: Conversing,
        starter: Starter,
        unit: Unit,
        clock: Clock,
        telemetry: Telemetry,
    ) -> None:
        self._channels = channels
        self._accounts = accounts
        self._secrets = secrets
        self._conversing = conversing
        self._starter = starter
        self._unit = unit
        self._clock = clock
        self._telemetry = telemetry

    def overview(self) -> list[tuple[Channel, AccountState]]:
        """Return every channel with what is known of its account."""
        states = self._accounts.states(self._channels)
        return [(channel, states[name]) for name, channel in self._channels.items()]

    def connect(
        self, name: str, settings: Mapping[str, str], secrets: Mapping[str, str], member: Member
    ) -> AccountState:
        """Check an account with its platform, store it, and let blocked deliveries go on.

        Raises `Forbidden`, `NotFound`, `InvalidMessage` (what the platform refuses, too), and
        `Conflict` where somebody else connects it at the same time.
        """
        if not member.may(Role.ADMIN):
            raise Forbidden("Only administrators can connect accounts.")
        channel = self._channels.get(ChannelName(name))
        if channel is None:
            raise NotFound("There is no such channel.")
        missing = [
            Fault(f"/{field}", "required", f"{channel.title} needs {field}.")
            for field in (*channel.account_settings, *channel.account_secrets)
            if not (settings.get(field) or secrets.get(field))
        ]
        if missing:
            raise InvalidMessage(missing)
        before = self._accounts.state(channel.name)
        candidate = replace(before, settings=dict(settings))
        check = self._asked(channel, assemble(candidate, secrets))
        after = AccountState(
            channel=channel.name,
            status=AccountStatus.CONNECTED,
            identity=check.identity,
            settings={**settings, **check.settings},
            scopes=check.scopes,
            expires_at=check.expires_at,
            checked_at=self._clock.now(),
            version=before.version + 1,
        )
        if secrets:
            self._secrets.write(channel.name, secrets)
        try:
            self._unit.commit(self._accounts.saving(before, after))
        except LostRace as lost:
            raise Conflict("Someone connected this account at the same time; look again.") from lost
        self._telemetry.event("account_connected", channel=channel.name, actor=member.id)
        self._starter.release(self._clock.now())
        return after

    def _asked(self, channel: Channel, account: Account) -> AccountCheck:
        try:
            check = self._conversing.hold(channel.check(account), account)
        except (CredentialsRejected, Permanent) as error:
            raise InvalidMessage([Fault("", error.code, error.detail)]) from error
        if check.missing_scopes:
            scopes = ", ".join(check.missing_scopes)
            detail = f"The token lacks: {scopes}. Grant them and connect again."
            raise InvalidMessage([Fault("", "missing_scope", detail)])
        return check
