"""Rows: what is stored and read, one for each window of a key."""

from dataclasses import dataclass

from services.insights.domain.figures import Figures


@dataclass(frozen=True, slots=True, order=True)
class RowKey:
    """``sid`` is a factor's, or a service's, which then has a row on each shard."""

    window: int
    sid: str
    shard: int


@dataclass(frozen=True, slots=True)
class Row:
    """Figures of a window, up to the shard's ``position``; that one is counted in them."""

    key: RowKey
    service_sid: str
    position: int
    figures: Figures
