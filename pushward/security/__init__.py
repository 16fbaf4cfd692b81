"""Keys, sealed values, tokens, secrets: one concern a module."""
