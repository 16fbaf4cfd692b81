"""Whoever was forgotten is read by nobody, though they hold the database, Kafka, the key store and its key."""

import json
from collections.abc import Iterable

from deploy.embedded.kafka import EmbeddedKafka
from pushward.eventlog.event import StoredEvent
from pushward.security.kek import FileKeyEncryption
from tests.e2e.conftest import Enrol
from tests.e2e.privacy import tour as tours
from tests.e2e.privacy.conftest import relayed
from tests.support.installation import Installation, Stores, pushward
from tests.support.kafka import Record
from tests.support.privacy.attacker import Attacker, SealedValue, events_in, sealed_in
from tests.support.receiver import Receiver
from tests.support.system import System
from tests.support.tenant import Tenant


def published(records: dict[int, list[Record]]) -> list[StoredEvent]:
    """The events of a topic."""
    return [record.published.event for of_partition in records.values() for record in of_partition]


def told(attacker: Attacker, values: Iterable[SealedValue]) -> list[str | None]:
    """What somebody reads of sealed values."""
    return [attacker.reads(value) for value in values]


def about(identity: str, events: Iterable[StoredEvent]) -> list[SealedValue]:
    """What is sealed of an identity."""
    return [value for value in sealed_in(events) if value.identity == identity]


def not_about(identity: str, events: Iterable[StoredEvent]) -> list[SealedValue]:
    """What is sealed of all others, and of what belongs to nobody."""
    return [value for value in sealed_in(events) if value.identity != identity]


async def all_events(kafka: EmbeddedKafka, stores: Stores) -> list[list[StoredEvent]]:
    """What the database has, and what the topic has."""
    topic = published(await relayed(kafka, stores))
    return [await events_in(stores.database_url), topic]


async def test_nobody_reads_whoever_was_forgotten(
    system: System, installation: Installation, clean_kafka: EmbeddedKafka, receiver: Receiver, enrol: Enrol
) -> None:
    """Before, all that the tour has said of somebody can be opened; afterwards nothing; what others said, as ever."""
    stores, tour = system.stores, tours.Tour()
    kek = FileKeyEncryption.load(stores.kek_file)
    async with Tenant(system.base_url, installation.account) as tenant:
        phone = await tours.take(tour, tenant, receiver)
        service, identity = phone.factor.service_sid, phone.factor.identity
        other = await enrol(service)
        await other.decide((await tenant.challenge(other.entity, other.sid, "Pay?"))["sid"], "approved")

        before = await Attacker.with_all(stores.keys_url, kek)
        in_database, in_topic = await all_events(clean_kafka, stores)
        values_before = set(about(identity, in_database))
        assert values_before == set(about(identity, in_topic))
        read = " ".join(map(str, told(before, values_before)))
        for where in ("pending: message", "factor's name", "push token", "metadata", "name in an access token"):
            assert tour.sealed[where] in read
        for where in ("TOTP secret", "made TOTP secret", "code: message", "code: metadata"):
            assert tour.sealed[where] in read
        assert tour.sealed["approved: payload of the receipt"] in read
        assert None not in told(before, not_about(identity, in_database))

        pushward(stores.environment(), "forget", "--service", service, "--entity", identity, "--yes")
        after = await Attacker.with_all(stores.keys_url, kek)
        for events in await all_events(clean_kafka, stores):
            assert set(about(identity, events)) == values_before
            assert set(told(after, about(identity, events))) == {None}
            assert None not in told(after, not_about(identity, events))
        challenge = await tenant.challenge(other.entity, other.sid, "Pay?")
        assert (await other.decide(challenge["sid"], "approved")).status == "approved"
    for name in ("registry", "challenge", "webhook"):
        report = json.loads(pushward(stores.environment(), "replay", name, "--check", "--json").stdout)
        assert report["differences"] == []
    pushward(stores.environment(), "replay", "registry", "--expect-equal")
