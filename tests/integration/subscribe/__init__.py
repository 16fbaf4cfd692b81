"""The subscriber on real brokers and databases, and what may happen to those."""
