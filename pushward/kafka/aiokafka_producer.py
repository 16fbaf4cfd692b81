"""aiokafka's idempotent producer, for one partition, one batch at a time, and with an end that always comes.

aiokafka's own ``stop`` first waits for whatever is outstanding, and an idempotent batch is tried for ever: with the
broker away it would never return, and the batch might be sent minutes later. ``end`` takes the sender away before.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final, Self

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, ProducerClosed

from pushward.kafka.broker import BATCH_BYTES_MAX, Acknowledged, BrokerAwayError, Record, RecordTooLargeError
from pushward.kafka.to_its_end import to_its_end

START_SECONDS_MAX: Final = 5.0
END_SECONDS_MAX: Final = 1.0
"""How long the request on its way may take; then its connection is cut."""

_log = structlog.get_logger(__name__)


class AiokafkaProducer:
    """A producer with an id of its own."""

    def __init__(self, producer: AIOKafkaProducer, topic: str, partition: int) -> None:
        self._producer = producer
        self._topic = topic
        self._partition = partition
        self._ended = False

    @classmethod
    async def started(cls, options: Mapping[str, Any], topic: str, partition: int) -> Self:  # Any: aiokafka's options
        """Connects and gets the producer id. Raises BrokerAwayError."""
        producer = AIOKafkaProducer(
            **options,
            acks="all",
            enable_idempotence=True,
            compression_type=None,
            max_batch_size=BATCH_BYTES_MAX,
            max_request_size=BATCH_BYTES_MAX,
            linger_ms=0,
        )
        started = cls(producer, topic, partition)
        try:
            await _start(producer)
        except BaseException as error:
            await started.end()
            if isinstance(error, KafkaError | OSError | TimeoutError):
                raise BrokerAwayError(f"No producer could be started: {error!r}") from error
            raise
        return started

    async def send(self, records: Sequence[Record]) -> Acknowledged:
        """Sends as many records as one batch holds. Raises BrokerAwayError, RecordTooLargeError."""
        assert records, "a batch of nothing has no offset"
        if self._ended:
            raise BrokerAwayError("This producer was ended.")
        batch = self._producer.create_batch()
        taken = 0
        for record in records:
            if batch.append(timestamp=None, key=record.key, value=record.value, headers=list(record.headers)) is None:
                break
            taken += 1
        if batch.size() > BATCH_BYTES_MAX:  # the first is always taken
            raise RecordTooLargeError(f"A record of {batch.size()} bytes; at most {BATCH_BYTES_MAX} can be sent.")
        batch.close()
        try:
            delivery = await self._producer.send_batch(batch, self._topic, partition=self._partition)
            stored = await delivery
        except (KafkaError, OSError) as error:
            raise BrokerAwayError(f"The broker didn't take a batch: {error!r}") from error
        return Acknowledged(stored.offset, taken)

    async def end(self) -> None:
        """Ends it at once, whatever is outstanding; never fails. Nothing of it is left in this process."""
        if not self._ended:
            self._ended = True
            await self._end()

    @to_its_end
    async def _end(self) -> None:
        sender, accumulator = self._producer._sender.sender_task, self._producer._message_accumulator
        if sender is not None:
            for _ in range(2):  # the first asks it to end once its request has; the second cuts that, too
                sender.cancel()
                await asyncio.wait({sender}, timeout=END_SECONDS_MAX)
        try:
            _fail_all(accumulator)
            await self._producer.stop()
        except (KafkaError, OSError) as error:
            _log.warning("producer_end_failed", topic=self._topic, partition=self._partition, error=repr(error))


def _fail_all(accumulator: Any) -> None:  # Any: aiokafka has no types
    """Fails what is outstanding, and leaves asyncio nothing to complain of.

    aiokafka looks for a failed batch among those under way, from which it had taken one that it tries again; and it
    fails futures that nobody waits for any more, once whoever sent the batch was cancelled.
    """
    waiting = [batch for batches in accumulator._batches.values() for batch in batches]
    accumulator._pending_batches.update(batch for batch in waiting if batch.retry_count)
    accumulator.fail_all(ProducerClosed())
    for batch in {*waiting, *accumulator._pending_batches}:
        for future in (batch.future, batch._drain_waiter):
            if future.done() and not future.cancelled():
                future.exception()


@to_its_end
async def _start(producer: AIOKafkaProducer) -> None:
    async with asyncio.timeout(START_SECONDS_MAX):
        await producer.start()
