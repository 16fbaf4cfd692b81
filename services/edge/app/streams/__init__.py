"""Open device streams (Server-Sent Events): who listens, what happened, and whose stream ends.

    device ──GET /pushward/v1/device/stream──► endpoint ──► hub ◄── follower ◄──Follow()── notifier
                                                  │          └── GetPrompt ──► challenge
                                                  └── place (one of three per factor, leased from notifier)

A stream only says that there is something to look at; what a device misses, it polls. So whenever anything here
fails, the streams concerned end, and nothing is remembered.
"""
