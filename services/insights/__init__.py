"""Windowed figures of services and factors, which the log can always recount."""
