"""The settings, value by value."""
