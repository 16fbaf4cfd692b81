"""Nothing personal and no secret is in the clear: not in the log, a state table, a queue, Kafka, or a log file."""

import json
from collections.abc import Iterator

import pytest
from msgspec.inspect import StrType, StructType, Type, UnionType, VarTupleType, type_info

from deploy.embedded.kafka import EmbeddedKafka
from deploy.embedded.postgres import EmbeddedPostgres
from services.edge import wiring as _every_operation  # noqa: F401 - so that all models are there
from services.edge.app.params import Params
from tests.e2e.privacy import tour as tours
from tests.e2e.privacy.conftest import relayed
from tests.support.installation import Installation, pushward
from tests.support.privacy import places
from tests.support.privacy.scanner import Scanner
from tests.support.receiver import Receiver
from tests.support.system import System
from tests.support.tenant import Tenant

CHECKED = {
    "Binding.Alg",
    "Binding.PublicKey",
    "Config.Alg",
    "DefaultTemplateSid",
    "EventTypes",
    "ExpirationDate",
    "FactorSid",
    "FactorType",
    "Page",
    "PageToken",
    "Passkeys.AuthenticatorAttachment",
    "Passkeys.DiscoverableCredentials",
    "Passkeys.UserVerification",
    "Push.ApnCredentialSid",
    "Push.FcmCredentialSid",
    "Status",
    "Version",
    "Whatsapp.MsgServiceSid",
    "factor",
}
"""Text parameters that take a word of a list, a SID, a date or a key, and refuse all else."""


async def test_nothing_that_was_said_is_in_the_clear(
    system: System,
    installation: Installation,
    postgres: EmbeddedPostgres,
    clean_kafka: EmbeddedKafka,
    receiver: Receiver,
) -> None:
    """After a tour that says something of its own wherever text is taken, failed deliveries and refusals included."""
    tour = tours.Tour()
    rotated = pushward(system.stores.environment(), "account", "rotate-token", installation.account.sid, "--json")
    tour.knows("secondary auth token", json.loads(rotated.stdout)["secondary_auth_token"])
    async with Tenant(system.base_url, installation.account) as tenant:
        await tours.take(tour, tenant, receiver)
    topic = list(places.topic(await relayed(clean_kafka, system.stores)))
    system.end()
    urls = (system.stores.database_url, system.stores.keys_url)
    databases = [place for url in urls for place in await places.dump(url)]
    logs = list(places.files([*(child.log for child in system.children.values()), postgres.log_file]))
    everywhere = [*databases, *topic, *logs]
    assert Scanner(tour.sealed).scan(everywhere) == set()

    # The same look finds what is stored as it is: in the database, and in Kafka.
    for place in (databases, topic):
        assert {finding.label for finding in Scanner(tour.labels).scan(place)} == set(tour.labels)
    assert any(b"http_serving" in text for _, text in logs)
    # And the tour has said what it takes for said: each text reached the receiver, or somebody who asked.
    assert len(tour.sealed) > 70


def kinds_of(kind: type[Params]) -> Iterator[type[Params]]:
    """The models of parameters of all operations."""
    for each in kind.__subclasses__():
        yield each
        yield from kinds_of(each)


def takes_text(kind: Type) -> bool:
    """Whether a parameter of this type takes text."""
    match kind:
        case UnionType():
            return any(map(takes_text, kind.types))
        case VarTupleType():
            return takes_text(kind.item_type)
        case _:
            return isinstance(kind, StrType)


@pytest.mark.parametrize("kind", sorted(set(kinds_of(Params)), key=str))
def test_each_text_that_the_edge_takes_was_decided_on(kind: type[Params]) -> None:
    """Whoever adds a parameter decides whether it is sealed, and says so in the tour."""
    structure = type_info(kind)
    assert isinstance(structure, StructType)
    taken = {field.encode_name for field in structure.fields if takes_text(field.type)}
    assert taken <= tours.SEALED | tours.LABELS | CHECKED
