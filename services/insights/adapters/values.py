"""A table's value as JSON, as faust keeps it in its changelog: short lists, since each event writes it whole.

[service, last position, [times of recent challenges], [[window, position, suspected at, figures…], …]]
"""

from collections.abc import Sequence
from typing import Any, cast

from services.insights.domain.counting import Count, WindowCount
from services.insights.domain.figures import Figures

Value = Sequence[Any]
"""Any: JSON."""


def value_of(count: Count) -> Value:
    """The JSON of a value."""
    windows = [[start, *_window(window)] for start, window in count.windows.items()]
    return [count.service_sid, count.position, list(count.recent), windows]


def count_of(value: Value) -> Count:
    """The value of a JSON."""
    service_sid, position, recent, windows = value
    return Count(
        service_sid=service_sid,
        position=position,
        recent=tuple(recent),
        windows={
            start: WindowCount(Figures(*figures), at, suspected_at) for start, at, suspected_at, *figures in windows
        },
    )


def _window(window: WindowCount) -> list[int]:
    figures = cast(list[int], [getattr(window.figures, name) for name in Figures.__dataclass_fields__])
    return [window.position, window.suspected_at, *figures]
