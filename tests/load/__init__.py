"""Load: how many logins a second, how long each takes, and what it costs.

bench.py     `make bench`: the runs and their order
http1.py     the cheapest client that speaks enough HTTP/1.1
party.py     one user: a backend and an enrolled device, and their login cycle
receiver.py  counts webhooks
cpu.py       what processes have used, from /proc
latency.py   create → push (device stream), approve → webhook, on an idle machine
pipeline.py  appends, relay, subscriptions, replay: events a second
appending.py, following.py   the work of pipeline.py      million.py, histories.py   replay, on made-up logins
report.py    figures, for people and for programs
"""
