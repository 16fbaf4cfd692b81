"""What the README promises to run does run."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.child import ROOT

DEMO_SECONDS_MAX = 100
BENCH_SECONDS_MAX = 200  # fifty on a machine that does nothing else


def test_the_demo_holds() -> None:
    """`make demo` exits with 0, having shown both answers and both proofs."""
    done = subprocess.run(
        [sys.executable, "-m", "samples.demo"], cwd=ROOT, capture_output=True, text=True, timeout=DEMO_SECONDS_MAX
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "All of it held." in done.stdout
    assert done.stdout.count("Verified offline") == 2


@pytest.mark.timeout(BENCH_SECONDS_MAX + 40)
def test_the_bench_counts_no_errors(tmp_path: Path) -> None:
    """`make bench` runs, with figures for every run, and nothing went wrong at this little load."""
    figures = tmp_path / "bench.json"
    bench = ["-m", "tests.load.bench", "--concurrency", "2", "--seconds", "1", "--backlog", "2000"]
    bench += ["--json", str(figures)]
    done = subprocess.run([sys.executable, *bench], cwd=ROOT, capture_output=True, text=True, timeout=BENCH_SECONDS_MAX)
    assert done.returncode == 0, done.stdout + done.stderr
    runs = json.loads(figures.read_text())["runs"]
    assert len(runs) == 2  # without Kafka, and with it
    assert all(run["cycles"] > 0 for run in runs)
    assert [(run["errors"], run["webhooks_missing"]) for run in runs] == [({}, 0)] * len(runs)
