"""The log for those outside: copied to Kafka, and read by tenants. The screen to start from is README.md."""
