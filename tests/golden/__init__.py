"""What was released, kept for ever: the bytes of each event, and the rows that streams of them become.

    events/      one file for each (type, schema): bytes, and the same in words
    histories/   streams of events, and after each event the state rows that `evolve` must make of it

A new event, or a new schema of one: an example in `examples.py`, a stream in `streams.py` in which it happens, then
`python -m tests.golden.write`, which writes files that are new and never changes one. Tests fail for a (type, schema)
that has no file, or occurs in no history.
"""
