"""docs/events says what the code does."""
