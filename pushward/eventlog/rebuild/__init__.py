"""A replay with no downtime: state tables built beside the live ones from the log, then put in their place.

projection.py    what is replayed, and where it is built
definition.py    a table as its migrations made it; another one like it
build.py         `<schema>_next`: begun, gone on with, or begun anew
fold.py          a stream's events to its rows
copying.py       a shard's streams, folded and copied; stopped and gone on with anywhere
rounds.py        what came meanwhile, and what it changed
compare.py       every row on which the live tables and the log disagree
swap.py          the last round, under all shard locks, and the exchange
rebuild.py       all of it, in order
"""
