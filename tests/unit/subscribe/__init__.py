"""The subscriber for our users."""
