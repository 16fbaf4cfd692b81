"""How soon others hear of it, on an idle machine: a challenge on the device's stream, an answer at the webhook."""

import asyncio
import json
import time
from typing import Final

from tests.load.party import Party
from tests.load.receiver import WebhookCounter

STREAM: Final = b"/pushward/v1/device/stream"
REST_SECONDS: Final = 0.05
ARRIVAL_SECONDS_MAX: Final = 10.0


async def create_to_stream(party: Party, rounds: int) -> list[float]:
    """Seconds from sending a challenge's creation to its event on the device's open stream."""
    stream = await party.device.stream(STREAM)
    arrivals: asyncio.Queue[tuple[str, float]] = asyncio.Queue()
    listening = asyncio.create_task(_listen(stream, arrivals))
    seconds = []
    try:
        for _ in range(rounds):
            await asyncio.sleep(REST_SECONDS)  # idle is the condition that is measured
            sent_at = time.perf_counter()
            sid = await party.ask()
            async with asyncio.timeout(ARRIVAL_SECONDS_MAX):
                while (arrival := await arrivals.get())[0] != sid:
                    pass
            seconds.append(arrival[1] - sent_at)
    finally:
        listening.cancel()
    return seconds


async def answer_to_webhook(party: Party, receiver: WebhookCounter, rounds: int) -> list[float]:
    """Seconds from sending a device's answer to its webhook's arrival."""
    seconds = []
    for _ in range(rounds):
        sid = await party.ask()
        await asyncio.sleep(REST_SECONDS)  # as above
        sent_at = time.perf_counter()
        await party.answer(sid)
        if not await receiver.until({sid}, ARRIVAL_SECONDS_MAX):
            seconds.append(receiver.arrived_at[sid] - sent_at)
    return seconds


async def _listen(stream: asyncio.StreamReader, arrivals: asyncio.Queue[tuple[str, float]]) -> None:
    while line := await stream.readline():
        arrived_at = time.perf_counter()
        if line.startswith(b"data:") and b"challenge_sid" in line:
            arrivals.put_nowait((json.loads(line[5:])["challenge_sid"], arrived_at))
