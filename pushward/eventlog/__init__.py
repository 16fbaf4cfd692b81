"""The log: events, codec, append (group commit), read, subscriptions, replay. DESIGN section 4 is its specification."""
