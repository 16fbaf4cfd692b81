"""Whether a broker answers: one Metadata request over a blocking socket, so that nobody needs an event loop for it.

https://kafka.apache.org/protocol: sizes and numbers are big-endian; a request is its size, the API's key and version, a
correlation id, the client's name, then the body: here a list of no topics. The answer begins with the brokers' list,
in which a broker stands from the moment on at which it serves.
"""

import socket
import struct
from typing import Final

METADATA_KEY: Final = 3
METADATA_VERSION: Final = 1
CORRELATION: Final = 7
CLIENT: Final = b"pushward-probe"
TIMEOUT_SECONDS: Final = 2.0
ANSWER_BYTES_MAX: Final = 1 << 20


def answers(host: str, port: int) -> bool:
    """Whether the broker there serves."""
    try:
        with socket.create_connection((host, port), TIMEOUT_SECONDS) as connection:
            connection.sendall(_request())
            return _brokers(connection) > 0
    except OSError:
        return False


def _request() -> bytes:
    body = struct.pack(f">hhih{len(CLIENT)}si", METADATA_KEY, METADATA_VERSION, CORRELATION, len(CLIENT), CLIENT, 0)
    return struct.pack(">i", len(body)) + body


def _brokers(connection: socket.socket) -> int:
    """How many brokers the answer lists. Raises ConnectionError if there is no right answer."""
    (size,) = struct.unpack(">i", _exactly(connection, 4))
    if not 8 <= size <= ANSWER_BYTES_MAX:
        raise ConnectionError(f"an answer of {size} bytes")
    correlation, brokers = struct.unpack_from(">ii", _exactly(connection, size))
    if correlation != CORRELATION:
        raise ConnectionError("somebody else's answer")
    count: int = brokers
    return count


def _exactly(connection: socket.socket, size: int) -> bytes:
    received = b""
    while len(received) < size:
        piece = connection.recv(size - len(received))
        if not piece:
            raise ConnectionError("the connection ended")
        received += piece
    return received
