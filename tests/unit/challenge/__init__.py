"""Tests of challenge without a database."""
