"""Translates: a request in, load, decide, append, the reply out. Knows no driver and no SQL."""
