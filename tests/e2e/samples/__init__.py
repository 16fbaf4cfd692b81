"""The samples as a tenant would run them, against a running system."""
