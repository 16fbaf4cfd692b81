"""A consumer that keeps a table of its own in step with Pushward's events, and says what it does.

__main__.py   where events come from: Kafka with the log behind it (the platform team), or the edge (a tenant)
answers.py    what is done with them: how often each factor was asked, and what it answered

    export CONSUMER_DATABASE_URL=postgresql://localhost/consumer
    python -m samples.consumer --from edge --dev var/dev.json

    export CONSUMER_LOG_URL=postgresql://… CONSUMER_KAFKA_PASSWORD=…
    python -m samples.consumer --from kafka --kafka kafka:9093 --kafka-ca-file ca.pem --kafka-username consumer

Kill it at any moment and start it again: the table counts every event once. docs/events/subscribing.md explains it.
"""
