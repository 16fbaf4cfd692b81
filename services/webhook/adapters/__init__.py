"""Drivers and SQL."""
