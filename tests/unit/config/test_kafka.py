"""How Kafka is reached: never with a password or a name that travels, or is believed to travel, in the clear."""

import pytest
from pydantic import SecretStr, ValidationError

from pushward.config.settings import Environment, Settings
from pushward.kafka.cluster import KafkaCluster, cluster_of

PASSWORD = "Tr0ub4dor"


def test_who_names_only_a_cluster_speaks_in_the_clear() -> None:
    """And to nobody by name."""
    options = KafkaCluster("localhost:9092").options("test")
    assert options["security_protocol"] == "PLAINTEXT"
    assert "sasl_plain_username" not in options


@pytest.mark.parametrize(
    "said", [{"username": "me", "password": PASSWORD}, {"cert_file": "c.pem", "key_file": "k.pem"}]
)
def test_who_says_who_he_is_must_be_encrypted(said: dict[str, str]) -> None:
    """Or he would believe it, and the broker would never have been told."""
    with pytest.raises(ValueError, match="ca_file") as refused:
        KafkaCluster("kafka:9092", **said)
    assert PASSWORD not in str(refused.value)


def test_a_user_name_needs_a_password() -> None:
    """The broker would refuse it much later."""
    with pytest.raises(ValueError, match="password"):
        KafkaCluster("kafka:9092", ca_file="ca.pem", username="me")


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"kafka_username": "me", "kafka_password": PASSWORD}, "KAFKA_USERNAME needs PUSHWARD_KAFKA_CA_FILE"),
        ({"kafka_username": "me", "kafka_ca_file": "ca.pem"}, "KAFKA_USERNAME needs a password"),
        ({"kafka_cert_file": "c.pem", "kafka_key_file": "k.pem"}, "KAFKA_CERT_FILE needs PUSHWARD_KAFKA_CA_FILE"),
        ({"kafka_cert_file": "c.pem", "kafka_ca_file": "ca.pem"}, "Set both"),
    ],
)
def test_settings_are_held_to_the_same(settings: dict[str, str], named: str) -> None:
    """With the variable's name, also where the broker is this machine's."""
    with pytest.raises(ValidationError, match=named):
        Settings.model_validate({"env": Environment.DEVELOPMENT, "kafka": "127.0.0.1:9092", **settings})


def test_settings_that_are_whole_make_a_cluster() -> None:
    """With the password, which is never shown."""
    settings = Settings.model_validate(
        {
            "kafka": "kafka:9093",
            "kafka_ca_file": "ca.pem",
            "kafka_username": "me",
            "kafka_password": SecretStr(PASSWORD),
        }
    )
    cluster = cluster_of(settings)
    assert cluster == KafkaCluster("kafka:9093", ca_file="ca.pem", username="me", password=PASSWORD)
    assert PASSWORD not in repr(cluster)
