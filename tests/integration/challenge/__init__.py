"""Challenge on a real PostgreSQL."""
