"""Each resource's operations: one call of the service that owns it, and the rendering of its answer."""
