"""A log of challenges: appended by the probe's function, at whatever time a test wants."""

import random
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

from google.protobuf.message import Message

from pushward import ids
from pushward.api.common.v1 import common_pb2
from pushward.api.events.v1 import challenge_pb2, envelope_pb2, types_pb2
from pushward.clock import milliseconds
from pushward.eventlog.event import NewEvent
from pushward.eventlog.groupcommit import GroupCommitLog
from pushward.eventlog.port import Append, Appended, StreamWrite
from pushward.ids import Sid
from services.insights.domain.happening import Kind
from tests.support.databases import SHARDS

ACCOUNT: Final = ids.new_sid(ids.ACCOUNT, 1, 1, 1)
SERVICE: Final = ids.new_sid(ids.SERVICE, 1, 1, 2)
FACTORS_A_SHARD: Final = 8

_MESSAGES: Final[Mapping[Kind, tuple[int, type[Message]]]] = {
    Kind.CREATED: (types_pb2.EVENT_TYPE_CHALLENGE_CREATED, challenge_pb2.ChallengeCreated),
    Kind.APPROVED: (types_pb2.EVENT_TYPE_CHALLENGE_APPROVED, challenge_pb2.ChallengeApproved),
    Kind.DENIED: (types_pb2.EVENT_TYPE_CHALLENGE_DENIED, challenge_pb2.ChallengeDenied),
    Kind.EXPIRED: (types_pb2.EVENT_TYPE_CHALLENGE_EXPIRED, challenge_pb2.ChallengeExpired),
}
_ENDINGS: Final = (Kind.APPROVED, Kind.APPROVED, Kind.DENIED, Kind.EXPIRED)


def factor(shard: int, number: int) -> Sid:
    """A factor on a shard."""
    return ids.new_sid(ids.FACTOR, shard, 1, number)


class Challenge:
    """One challenge, event by event."""

    def __init__(self, log: GroupCommitLog, of_factor: Sid, at: datetime, service: str = SERVICE) -> None:
        shard = ids.shard_of_sid(of_factor)
        self.sid = ids.new_sid(ids.CHALLENGE, shard, milliseconds(at), secrets.randbits(ids.RANDOM_BITS))
        self.at = at
        self.of_factor = of_factor
        self._log = log
        self._service = service
        self._version = 0

    async def happen(self, kind: Kind, after: timedelta = timedelta()) -> Appended:
        """Something happens to it, so long after its creation."""
        number, message = _MESSAGES[kind]
        event = message(
            challenge_sid=self.sid,
            account_sid=ACCOUNT,
            service_sid=self._service,
            factor_sid=self.of_factor,
            factor_type=common_pb2.FACTOR_TYPE_PUSH,
        )
        shard, stream = ids.shard_of_sid(self.sid), ids.stream_of_sid(self.sid)
        new = _event(stream, self._version + 1, number, self.at + after, event.SerializeToString())
        appended = await self._log.append(Append(shard, (StreamWrite(stream, self._version, (new,)),)))
        self._version += 1
        return appended


class Load:
    """Challenges of some factors on every shard, at random. The same seed, the same story.

    ``expected`` is what it must be counted as, by factor: an answer that owes nothing to the code that counts.
    """

    def __init__(self, log: GroupCommitLog, seed: int, begin: datetime, step: timedelta) -> None:
        self._log = log
        self._random = random.Random(seed)
        self.at = begin
        self._step = step
        self._open: list[Challenge] = []
        self.events = 0
        self.expected: dict[Sid, dict[str, int]] = {}

    async def go_on(self, events: int) -> None:
        """So many events more."""
        for _ in range(events):
            self.at += self._step * self._random.random() * 2
            if self._open and self._random.random() < 0.5:
                challenge = self._open.pop(self._random.randrange(len(self._open)))
                kind = self._random.choice(_ENDINGS)
                await challenge.happen(kind, self.at - challenge.at)
                self._expect(challenge, kind)
            else:
                number = self._random.randrange(FACTORS_A_SHARD)
                challenge = Challenge(self._log, factor(self._random.randrange(SHARDS), number), self.at)
                await challenge.happen(Kind.CREATED)
                self._expect(challenge, Kind.CREATED)
                self._open.append(challenge)
            self.events += 1

    def _expect(self, challenge: "Challenge", kind: Kind) -> None:
        names = [kind.value, *(["answered"] if kind in (Kind.APPROVED, Kind.DENIED) else [])]
        figures = self.expected.setdefault(challenge.of_factor, {})
        for name in names:
            figures[name] = figures.get(name, 0) + 1
        if "answered" in names:
            took_ms = milliseconds(self.at) - milliseconds(challenge.at)
            figures["time_to_answer_ms_sum"] = figures.get("time_to_answer_ms_sum", 0) + took_ms
            figures["time_to_answer_ms_max"] = max(figures.get("time_to_answer_ms_max", 0), took_ms)


async def ask_and_answer(
    log: GroupCommitLog, of_factor: Sid, at: datetime, kinds: Sequence[Kind], service: str = SERVICE
) -> None:
    """Challenges of a factor, one for each ending, a second each; each takes two seconds to its end."""
    for number, kind in enumerate(kinds):
        challenge = Challenge(log, of_factor, at + timedelta(seconds=number), service)
        await challenge.happen(Kind.CREATED)
        await challenge.happen(kind, timedelta(seconds=2))


def _event(stream: UUID, version: int, number: int, at: datetime, payload: bytes) -> NewEvent:
    event_id = uuid4()
    envelope = envelope_pb2.Envelope(
        stream_id=stream.bytes,
        version=version,
        event_id=event_id.bytes,
        account_sid=ACCOUNT,
        correlation_id=uuid4().bytes,
    )
    return NewEvent(stream, version, event_id, number, 1, at.astimezone(UTC), envelope.SerializeToString(), payload)
