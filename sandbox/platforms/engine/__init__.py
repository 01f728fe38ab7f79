"""Serve stand-ins over HTTP, keep what they hold, and break them on request."""
