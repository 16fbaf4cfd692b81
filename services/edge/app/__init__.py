"""From an HTTP request to one call of another service, and back to the contract's JSON."""
