"""What can go wrong with the embedded Kafka.

EmbeddedKafkaError
├── JarsMissingError       nobody has run `make kafka`
├── JavaMissingError       neither the machine nor the environment has a Java that is new enough
├── KafkaDirInUseError     another process's broker works in this directory
├── PortTakenError         somebody else listens where this broker's clients expect it
└── KafkaStartError        the broker didn't come up; carries the end of its log
"""


class EmbeddedKafkaError(Exception):
    """The root; the message says what is wrong and what to do."""


class JarsMissingError(EmbeddedKafkaError):
    """Kafka's jars aren't there."""


class JavaMissingError(EmbeddedKafkaError):
    """No Java that is new enough."""


class KafkaDirInUseError(EmbeddedKafkaError):
    """Another process's broker works in this directory."""


class PortTakenError(EmbeddedKafkaError):
    """Somebody else listens on a port that is this broker's."""


class KafkaStartError(EmbeddedKafkaError):
    """The broker, or the formatting of its data, failed."""
