"""What every key store must do."""
