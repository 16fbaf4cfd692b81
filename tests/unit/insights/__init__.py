"""Figures, windows, bursts, and the fold that counts once."""
