"""Bytes of released events, kept for ever."""
