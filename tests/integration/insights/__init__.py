"""Tests of insights: figures in PostgreSQL, the live counter on Kafka."""
