"""A tenant's side, transparent: every call is shown."""
