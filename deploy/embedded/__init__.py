"""PostgreSQL as a child of this process, for development and tests; never for production."""
