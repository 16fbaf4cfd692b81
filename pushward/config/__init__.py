"""Settings: one typed model, from environment variables ``PUSHWARD_…``."""
