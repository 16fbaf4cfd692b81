"""What the processes tell about themselves: logs now, metrics and traces to come."""
