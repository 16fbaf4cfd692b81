"""The embedded PostgreSQL, through starts, stops and kills."""
