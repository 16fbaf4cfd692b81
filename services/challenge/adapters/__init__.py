"""PostgreSQL and the event codec."""
