"""Rules and values of publishing. Imports only the standard library, `regex` and zone data."""
