"""Rules and values of publishing. Imports nothing but the standard library, `regex` and zone data."""
