"""The only place with drivers and SQL."""
