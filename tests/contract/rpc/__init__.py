"""What holds for a call between services, on whichever channel: over a Unix socket, and inside one process."""
