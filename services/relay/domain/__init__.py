"""What is decided, without any I/O."""
