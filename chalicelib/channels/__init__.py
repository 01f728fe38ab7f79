"""The channels we publish on, by name. A new one is a new module here: no other file changes.

Every module whose name does not begin with an underscore ends with ``CHANNEL: Channel = …``.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType

from chalicelib.domain.channels import Channel, ChannelName


def _discover() -> Mapping[ChannelName, Channel]:
    modules = (
        import_module(f"{__name__}.{module.name}")
        for module in pkgutil.iter_modules(__path__)
        if not module.name.startswith("_")
    )
    channels: list[Channel] = [module.CHANNEL for module in modules]
    return MappingProxyType({channel.name: channel for channel in channels})


CHANNELS: Mapping[ChannelName, Channel] = _discover()
