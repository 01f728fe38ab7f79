"""Omnichannel Publisher: announce a community's achievements everywhere, exactly once."""

__version__ = "0.1.0"
