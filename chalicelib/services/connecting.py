"""Connects channel accounts: asks the platform first, then keeps the secret."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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

    def connect(self, name: str, fields: Mapping[str, str], member: Member) -> AccountState:
        """Check an account with its platform, store it, and let blocked deliveries go on.

        Fields that are not given keep their stored value; those that the channel does not use are
        ignored. Raises `Forbidden`, `NotFound`, `InvalidMessage` (what the platform refuses, too),
        and `Conflict` where somebody else connects it at the same time.
        """
        if not member.may(Role.ADMIN):
            raise Forbidden("Only administrators can connect accounts.")
        channel = self._channels.get(ChannelName(name))
        if channel is None:
            raise NotFound("There is no such channel.")
        before = self._accounts.state(channel.name)
        stored = self._secrets.read(channel.name, fresh=True)
        settings = _settings(channel, before, fields)
        secrets = {**stored, **_chosen(fields, channel.account_secrets, channel.optional_secrets)}
        _require(channel, settings, secrets)
        check = self._asked(channel, assemble(replace(before, settings=settings), secrets))
        is_same = before.identity in ("", check.identity)
        after = AccountState(
            channel=channel.name,
            status=AccountStatus.CONNECTED,
            identity=check.identity,
            settings={**settings, **check.settings},
            scopes=check.scopes,
            expires_at=check.expires_at,
            checked_at=self._clock.now(),
            limited_until=before.limited_until if is_same else None,
            learnt=tuple(check.settings),
            version=before.version + 1,
        )
        if secrets != stored:
            self._secrets.write(channel.name, secrets)
        try:
            self._unit.commit(self._accounts.saving(before, after))
        except LostRace as lost:
            raise Conflict("Someone connected this account at the same time; look again.") from lost
        self._telemetry.event("account_connected", channel=channel.name, actor=member.id)
        self._starter.release(self._clock.now())
        return after

    def _asked(self, channel: Channel, account: Account) -> AccountCheck:
        place = "".join(f"/{name}" for name in channel.account_secrets[:1])
        try:
            check = self._conversing.hold(channel.check(account), account)
        except CredentialsRejected as error:
            raise InvalidMessage([Fault(place, error.code, error.detail)]) from error
        except Permanent as error:
            raise InvalidMessage([Fault("", error.code, error.detail)]) from error
        if check.missing_scopes:
            scopes = ", ".join(check.missing_scopes)
            detail = f"The token lacks: {scopes}. Grant them and connect again."
            raise InvalidMessage([Fault(place, "missing_scope", detail)])
        if check.faults:
            raise InvalidMessage(check.faults)
        return check


def _settings(channel: Channel, before: AccountState, fields: Mapping[str, str]) -> dict[str, str]:
    """Return what is to be connected: the stored settings, but for those learnt, and the given."""
    stored = {name: text for name, text in before.settings.items() if name not in before.learnt}
    return {**stored, **_chosen(fields, channel.account_settings, channel.optional_settings)}


def _chosen(fields: Mapping[str, str], *names: Sequence[str]) -> dict[str, str]:
    return {name: fields[name] for group in names for name in group if name in fields}


def _require(channel: Channel, settings: Mapping[str, str], secrets: Mapping[str, str]) -> None:
    """Raise `InvalidMessage` unless all that is needed is there, and secrets fit in a header."""
    faults = [
        Fault(f"/{field}", "required", f"{channel.title} needs {field}.")
        for field in (*channel.account_settings, *channel.account_secrets)
        if not {**settings, **secrets}.get(field)
    ]
    faults += [
        Fault(f"/{field}", "invalid_character", "A secret is made of plain ASCII characters.")
        for field, text in secrets.items()
        if not text.isascii()
    ]
    if faults:
        raise InvalidMessage(faults)
