"""The served OpenAPI document, turned against the system that serves it: no 5xx, no hang, nothing undocumented.

Schemathesis makes the requests: from the document alone, with the parameters of resources that exist, and in sequences
in which one answer gives the next request its parameters. Asked by an account, by a device, and by a stranger.

    PUSHWARD_FUZZ_SEED=n       replays a run, which each run shows
    PUSHWARD_FUZZ_REQUESTS=n   requests of each kind for each operation; sequences follow
"""
