"""Webhooks and their deliveries. The screen to start from is README.md."""
