"""Adapters to the outside: platforms, stream, media, secrets. They perform, never decide."""
