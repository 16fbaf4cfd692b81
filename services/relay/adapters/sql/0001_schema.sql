COMMENT ON SCHEMA relay IS 'What copying the log to Kafka needs to remember. The events are in the log.';
