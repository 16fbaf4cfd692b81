"""What is asked of faust: how the cluster is reached, and that nobody else pays for it."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pushward.kafka.cluster import KafkaCluster
from services.insights.adapters.faust_app import app_of
from services.insights.adapters.values import count_of, value_of
from services.insights.domain.counting import NEW, count_for_factor
from tests.integration.outbound.tls import Tls
from tests.support.child import ROOT
from tests.unit.insights.given import NEXT, START, approved, created


def settings_of(cluster: KafkaCluster, epoch: int = 1) -> Any:  # Any: faust's settings
    """What faust is told."""
    return app_of(cluster, epoch, shards=4).conf


def test_the_command_line_doesnt_import_faust() -> None:
    """Half a second of each command, otherwise."""
    look = "import sys, pushward.cli, services.insights.wiring; sys.exit('faust' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", look], cwd=ROOT, check=False).returncode == 0


def test_each_broker_of_the_cluster_is_named() -> None:
    """As the settings name them."""
    asked = settings_of(KafkaCluster("one:9092, two:9093"))
    assert [str(url) for url in asked.broker] == ["kafka://one:9092", "kafka://two:9093"]
    assert asked.broker_credentials is None


def test_an_epoch_has_names_of_its_own() -> None:
    """Group and changelogs of another mean nothing in it."""
    names = [settings_of(KafkaCluster("one:9092"), epoch).id for epoch in (1, 2)]
    assert names == ["pushward-insights", "pushward-insights-2"]


@pytest.mark.parametrize(("username", "protocol"), [(None, "SSL"), ("insights", "SASL_SSL")])
def test_a_cluster_with_tls_is_reached_by_tls(tmp_path: Path, username: str | None, protocol: str) -> None:
    """Never in the clear, and with SCRAM where there is a name."""
    Tls(tmp_path)
    ca_file = str(tmp_path / "certificate.pem")
    cluster = KafkaCluster("one:9093", ca_file=ca_file, username=username, password="secret")
    credentials = settings_of(cluster).broker_credentials
    assert credentials.protocol.value == protocol
    if username is not None:
        assert (credentials.username, credentials.mechanism.value) == (username, "SCRAM-SHA-512")
        assert credentials.ssl_context.check_hostname


def test_a_value_is_the_same_after_its_changelog() -> None:
    """Lists of numbers, as JSON has them."""
    count = NEW
    for event in (created(1), created(2, 1), approved(3, 2), *(created(4 + n, n + NEXT - START) for n in range(6))):
        count = count_for_factor(count, event)
    assert count_of(value_of(count)) == count
