"""What each resource takes and what it looks like: request and response models, and the rendering between rooms."""
