"""Requests to commands, states to replies."""
