"""A bench's report: each figure says what was done to get it, and nothing that went wrong is passed over."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from tests.load.report import Figure, Latency, Report, Run

RUN = Run(
    concurrency=8,
    with_kafka=False,
    cycles=100,
    seconds=1.0,
    cycles_a_second=100.0,
    p50_ms=1.0,
    p99_ms=2.0,
    server_ms_a_cycle=1.0,
    postgres_ms_a_cycle=1.0,
    generator_ms_a_cycle=1.0,
    webhooks_missing=0,
    errors={},
)
REPORT = Report(
    workers=1,
    cores=2,
    idle_server_ms_a_second=1.0,
    idle_postgres_ms_a_second=1.0,
    runs=[RUN, replace(RUN, with_kafka=True)],
    latencies=[Latency("approve → webhook", 50, 3.0, 4.0)],
    pipeline=[Figure("relay", 12345.6, "/s", "a backlog")],
)


def test_one_table_shows_every_figure_with_its_workload() -> None:
    """Logins without and with Kafka, latencies, what idling costs, and the way of events."""
    out = io.StringIO()
    REPORT.show(Console(file=out, width=120))
    table = out.getvalue().partition("All figures")[2]
    for figure in REPORT.figures():
        assert figure.workload
        assert any(figure.name in line and figure.workload in line for line in table.splitlines())
    assert "12,346" in table
    assert "8 users, with Kafka" in table


@pytest.mark.parametrize("wrong", [{"errors": {"create 500": 1}}, {"webhooks_missing": 1}])
def test_what_went_wrong_makes_it_unclean(wrong: dict[str, object]) -> None:
    """Also in the run with Kafka."""
    assert REPORT.is_clean
    assert not replace(REPORT, runs=[RUN, replace(RUN, **wrong)]).is_clean  # type: ignore[arg-type]  # of two fields
