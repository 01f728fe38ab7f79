"""Puts an account together from its state and its secrets, and learns from refusals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from chalicelib.domain.channels import Account, ChannelName
from chalicelib.domain.circuits import Circuit, is_paused, is_troubled, rested
from chalicelib.domain.errors import (
    Ambiguous,
    ChannelError,
    CredentialsRejected,
    LostRace,
    OutOfTime,
    RateLimited,
    StoreUnavailable,
    Transient,
)
from chalicelib.domain.ports import Accounts, AccountState, AccountStatus, Secrets, Unit


def assemble(state: AccountState, secrets: Mapping[str, str]) -> Account:
    """Return the account that a channel publishes as."""
    return Account(
        channel=state.channel,
        settings=state.settings,
        secrets=secrets,
        api_version=state.settings.get("api_version", ""),
    )


class AccountBook:
    """The accounts we publish as, and whether they can be used right now."""

    def __init__(self, accounts: Accounts, secrets: Secrets, unit: Unit, circuit: Circuit) -> None:
        self._accounts = accounts
        self._secrets = secrets
        self._unit = unit
        self._circuit = circuit

    def state(self, channel: ChannelName) -> AccountState:
        """Return what is known of a channel's account."""
        return self._accounts.state(channel)

    def states(self, channels: Iterable[ChannelName]) -> Mapping[ChannelName, AccountState]:
        """Return what is known of several channels' accounts, in one call."""
        return self._accounts.states(channels)

    def open(self, state: AccountState) -> Account:
        """Return the account with its secrets."""
        return assemble(state, self._secrets.read(state.channel, version=state.version))

    def without_secrets(self, channels: Iterable[ChannelName]) -> Mapping[ChannelName, Account]:
        """Return accounts as far as wording posts needs them, in one call."""
        states = self._accounts.states(channels)
        return {name: assemble(state, {}) for name, state in states.items()}

    def refusal(self, state: AccountState) -> CredentialsRejected | None:
        """Return why nothing can be published as this account, if so."""
        if state.status is AccountStatus.CONNECTED:
            return None
        if state.status is AccountStatus.MISSING:
            return CredentialsRejected("No account is connected for this channel.")
        return CredentialsRejected(state.problem or "The platform refuses our credentials.")

    def admit(self, state: AccountState, now: datetime) -> AccountState:
        """Return the account as it meets one more attempt, paused if that has to wait.

        Of several that meet a half-open circuit, one may begin: the probe.
        """
        if is_paused(state, now) or not state.openings:
            return state
        probing = self._circuit.probing(state, now)
        return state if self._saved(state, probing) else probing

    def learn(
        self, met: AccountState, account: Account, error: ChannelError, now: datetime
    ) -> bool:
        """Hold back everything for this account where the error concerns all of it.

        Return whether this very error opened its circuit.

        `met` is its state as the attempt began: one that began before the account was given a rest
        says nothing about whether the rest was long enough.
        Best effort: a lost race means that somebody knows better already. Rejected credentials that
        were replaced in the meantime do not block.
        """
        try:
            before = self._accounts.state(account.channel)
            after = self._concluded(met, before, account, error, now)
        except StoreUnavailable:
            return False
        is_saved = after != before and self._saved(before, after)
        return is_saved and after.openings > before.openings

    def learn_success(self, met: AccountState) -> None:
        """Close the account's circuit, best effort, if `met` was in trouble as the attempt began.

        A circuit that opened after that stays open: the attempt says nothing about it.
        """
        if not is_troubled(met):
            return
        try:
            fresh = self._accounts.state(met.channel)
        except StoreUnavailable:
            return
        if is_troubled(fresh) and met.openings >= fresh.openings:
            self._saved(fresh, rested(fresh))

    def _saved(self, before: AccountState, after: AccountState) -> bool:
        after = replace(after, version=before.version + 1)
        try:
            self._unit.commit(self._accounts.saving(before, after))
        except (LostRace, StoreUnavailable):
            return False
        return True

    def _concluded(
        self,
        met: AccountState,
        before: AccountState,
        account: Account,
        error: ChannelError,
        now: datetime,
    ) -> AccountState:
        if isinstance(error, CredentialsRejected):
            fresh = self._secrets.read(account.channel, fresh=True)
            if dict(fresh) == dict(account.secrets):
                return replace(before, status=AccountStatus.BLOCKED, problem=error.detail)
            return before
        if isinstance(error, RateLimited) and error.retry_after is not None:
            until = now + error.retry_after
            return replace(before, limited_until=max(until, before.limited_until or until))
        is_unserved = isinstance(error, (Transient, Ambiguous)) and not isinstance(error, OutOfTime)
        if is_unserved and met.openings >= before.openings:
            return self._circuit.failed(before, now)
        return before
