"""Tests that start real components."""
