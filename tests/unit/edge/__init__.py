"""The edge, value by value."""
