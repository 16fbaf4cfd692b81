"""Between the wire, the log, Kafka and the domain."""
