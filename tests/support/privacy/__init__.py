"""Looks for what must be nowhere in the clear, as whoever holds the database, Kafka and the logs would."""
