"""`make demo`: one approval and one denial through every room, each call shown.

server.py    a Pushward of its own: `pushward serve all` as a child, on a free port, with temporary data
wire.py      shows each HTTP call and its answer: who to whom, what, which status, the fields that matter
receiver.py  the backend's webhook receiver: checks both signatures of every delivery
story.py     the two sequences of the product: register a device, verify a user
"""
