"""What the README promises to run does run."""

import json
import subprocess
import sys
from pathlib import Path

from tests.support.child import ROOT

DEMO_SECONDS_MAX = 100
BENCH_SECONDS_MAX = 100


def test_the_demo_holds() -> None:
    """`make demo` exits with 0, having shown both answers and both proofs."""
    done = subprocess.run(
        [sys.executable, "-m", "samples.demo"], cwd=ROOT, capture_output=True, text=True, timeout=DEMO_SECONDS_MAX
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "All of it held." in done.stdout
    assert done.stdout.count("Verified offline") == 2


def test_the_bench_counts_no_errors(tmp_path: Path) -> None:
    """`make bench` runs, with figures for every run, and nothing went wrong at this little load."""
    figures = tmp_path / "bench.json"
    bench = ["-m", "tests.load.bench", "--concurrency", "2", "--seconds", "1", "--json", str(figures)]
    done = subprocess.run([sys.executable, *bench], cwd=ROOT, capture_output=True, text=True, timeout=BENCH_SECONDS_MAX)
    assert done.returncode == 0, done.stdout + done.stderr
    (run,) = json.loads(figures.read_text())["runs"]
    assert run["cycles"] > 0
    assert (run["errors"], run["webhooks_missing"]) == ({}, 0)
