"""A consumer that keeps a table of its own in step with Pushward's events, and says what it does.

__main__.py   where events come from: Kafka with the log behind it (the platform team), or the edge (a tenant)
answers.py    what is done with them: how often each factor was asked, and what it answered

    python -m samples.consumer --from edge --dev var/dev.json --database postgresql://localhost/consumer
    python -m samples.consumer --from kafka --kafka 127.0.0.1:9092 --log postgresql://… --database postgresql://…

Kill it at any moment and start it again: the table counts every event once. docs/events/subscribing.md explains it.
"""
