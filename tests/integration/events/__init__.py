"""Relay answering tenants: their events of the log."""
