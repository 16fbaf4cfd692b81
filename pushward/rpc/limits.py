"""The named bounds of a call between services, the same on both channels."""

from typing import Final

MAX_MESSAGE_BYTES: Final = 4 * 1024 * 1024
"""The longest message, either way; longer is RESOURCE_EXHAUSTED."""

MAX_CONCURRENT_RPCS: Final = 4096
"""Calls and streams that a server has open at once; one more is RESOURCE_EXHAUSTED."""

MAX_ERROR_MESSAGE_BYTES: Final = 1024
"""An error's public text is cut to this: it travels in headers, twice, and some peers refuse 8 KiB of them."""

STREAM_BUFFER_MESSAGES: Final = 16
"""Messages of an in-process stream that wait for their reader; then the writer waits."""

DEFAULT_DEADLINE_SECONDS: Final = 5.0
"""What a unary call gets that names no deadline. Streams have none: they last until one side ends them."""

STOP_GRACE_SECONDS: Final = 10.0
"""How long a stopping server lets running calls finish before it cancels them."""

CANCELLED_HANDLERS_SECONDS: Final = 5.0
"""How long a stopping in-process server then waits for the cancelled ones to clean up."""

KEEPALIVE_INTERVAL_MS: Final = 20_000
KEEPALIVE_TIMEOUT_MS: Final = 5_000
KEEPALIVE_INTERVAL_MS_MIN: Final = 10_000
"""A peer that pings more often than this is sent away."""

RECONNECT_DELAY_MS_INITIAL: Final = 50
RECONNECT_DELAY_MS_MAX: Final = 1_000
"""A restarted peer is found within about this."""

CONNECT_TIMEOUT_MS: Final = 2_000
