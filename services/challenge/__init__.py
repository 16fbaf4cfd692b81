"""Challenges: one attempt each to verify an entity with one factor."""
