"""PostgreSQL and Kafka as children of this process, for development and tests; never for production.

postgres.py     EmbeddedPostgres: start, use, stop
server_user.py  as which system user it runs, and what that user can reach
places.py       where data, sockets and programs lie
cluster.py      making the cluster, and its settings
orphans.py      what an earlier, killed run left behind
launch.py       the small program between us and a server
waiting.py      waiting for a condition, with a bound
errors.py       what can go wrong

kafka.py         EmbeddedKafka: start, kill, stop, wipe
kafka_config.py  its jars, ports, settings and command lines
kafka_java.py    which Java runs it
kafka_archive.py its classes, archived for a faster start
kafka_probe.py   whether it answers
kafka_errors.py  what can go wrong
"""
