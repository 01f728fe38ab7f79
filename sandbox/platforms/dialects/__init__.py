"""Speak the protocols that several stand-ins share."""
