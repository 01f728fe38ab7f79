"""Takes in what platforms tell us by themselves."""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib.domain.channels import ChannelName
from chalicelib.domain.inbound import Inbound, News
from chalicelib.domain.ports import Accounts, Secrets, Telemetry
from chalicelib.services.subscribing import Subscribing
from chalicelib.services.witnessing import Witnessing


class Listening:
    """What people write to our accounts, what became of our posts, and whose word it is."""

    def __init__(
        self,
        accounts: Accounts,
        secrets: Secrets,
        subscribing: Subscribing,
        witnessing: Witnessing,
        telemetry: Telemetry,
    ) -> None:
        self._accounts = accounts
        self._secrets = secrets
        self._subscribing = subscribing
        self._witnessing = witnessing
        self._telemetry = telemetry

    def secrets(self, name: str) -> Mapping[str, str]:
        """Return what a platform's calls are recognised by; empty where nothing is connected."""
        return self._secrets.read(ChannelName(name))

    def take(self, name: str, news: News) -> None:
        """Respect what people wish and settle doubt. Again, or in another order: the same.

        Raises `InFlight` or `StoreUnavailable` if the platform has to tell it again.
        """
        channel = ChannelName(name)
        ours = [message for message in news.messages if self._is_ours(channel, message)]
        for message in ours:
            self._subscribing.heard(channel, message.address, message.text, message.written_at)
        self._telemetry.event(
            "heard",
            channel=channel,
            messages=len(ours),
            foreign=len(news.messages) - len(ours),
            reports=len(news.reports),
        )
        self._witnessing.take(channel, news.reports)

    def _is_ours(self, channel: ChannelName, message: Inbound) -> bool:
        """Return whether the connected account was written to, and not another of the same app."""
        if not message.account:
            return True
        return message.account in self._accounts.state(channel).settings.values()
