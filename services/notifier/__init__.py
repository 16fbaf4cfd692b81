"""Pushes, and the tail that device streams follow. The screen to start from is README.md."""
