"""PostgreSQL as a child of this process, for development and tests; never for production.

postgres.py     EmbeddedPostgres: start, use, stop
server_user.py  as which system user it runs, and what that user can reach
places.py       where data, sockets and programs lie
cluster.py      making the cluster, and its settings
orphans.py      what an earlier, killed run left behind
launch.py       the small program between us and `postgres`
waiting.py      waiting for a condition, with a bound
errors.py       what can go wrong
"""
