"""What every source of events must do."""
