"""The command line with everything behind it: real processes, their own PostgreSQL."""
