"""What is struck when, as values of a seed: the same seed and number of kills, the same schedule.

Cheap children are killed often, stores now and then; each target at least once. Besides there are blows that harm the
topic itself: it is deleted under the running relays, or the broker comes back with empty disks.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

PAUSE_MS: Final = (100, 900)
"""Between a blow and the next."""

KILLS_PER_HARM: Final = 40
"""Of each blow that harms the topic there is one for so many kills, at least one."""

CALM_SHARE: Final = 0.15
"""Of the blows at the begin and at the end, among which the topic isn't harmed: it shall be rebuilt in the storm."""


class Target(StrEnum):
    """What can be killed; children are named so."""

    RELAY = "relay"
    OTHER_RELAY = "other-relay"
    SUBSCRIBER = "subscriber"
    OTHER_SUBSCRIBER = "other-subscriber"
    CONSUMER = "consumer"
    WRITER = "writer"
    REGISTRY = "registry"
    CHALLENGE = "challenge"
    NOTIFIER = "notifier"
    WEBHOOK = "webhook"
    EDGE = "edge"
    INSIGHTS = "insights"
    KAFKA = "kafka"
    POSTGRES = "postgres"


class Blow(StrEnum):
    """What is done to a target."""

    KILL = "kill"
    WIPE = "wipe"  # killed, and it comes back without its data
    DELETE_TOPIC = "delete-topic"  # nobody is killed


WEIGHTS: Final = {
    Target.RELAY: 10,
    Target.OTHER_RELAY: 10,
    Target.SUBSCRIBER: 7,
    Target.OTHER_SUBSCRIBER: 7,
    Target.CONSUMER: 9,
    Target.WRITER: 4,
    Target.REGISTRY: 2,
    Target.CHALLENGE: 2,
    Target.NOTIFIER: 1,
    Target.WEBHOOK: 6,
    Target.EDGE: 2,
    Target.INSIGHTS: 1,
    Target.KAFKA: 3,
    Target.POSTGRES: 4,
}

DOWN_MS: Final = {Target.KAFKA: (0, 2500), Target.POSTGRES: (0, 600)}
"""How long a target stays away; others:"""

DOWN_MS_ELSE: Final = (0, 250)


@dataclass(frozen=True, slots=True)
class Step:
    """After a pause, a blow; its target is started again after ``down_ms``."""

    pause_ms: int
    blow: Blow
    target: Target
    down_ms: int

    @property
    def kills(self) -> bool:
        """Whether a process dies of it."""
        return self.blow is not Blow.DELETE_TOPIC


def schedule(seed: int, kills: int) -> list[Step]:
    """Steps with exactly ``kills`` kills, at least one of each target. Raises ValueError for fewer kills than that."""
    dice = random.Random(seed)
    harms = max(1, kills // KILLS_PER_HARM)
    drawn = kills - harms - len(Target)
    if drawn < 0:
        raise ValueError(f"{kills} kills are fewer than the {len(Target) + harms} that reach everything once")
    targets = [*Target, *dice.choices([*WEIGHTS], [*WEIGHTS.values()], k=drawn)]
    dice.shuffle(targets)
    blows = [(Blow.KILL, target) for target in targets]
    for harm in _harms(harms):
        calm = int(len(blows) * CALM_SHARE)
        blows.insert(dice.randint(calm, len(blows) - calm), harm)
    return [_step(dice, blow, target) for blow, target in blows]


def reports(steps: Sequence[Step]) -> str:
    """How often each blow falls, for people."""
    counts = {(step.blow, step.target): 0 for step in steps}
    for step in steps:
        counts[step.blow, step.target] += 1
    return ", ".join(f"{blow} {target} {count}" for (blow, target), count in sorted(counts.items()))


def _harms(count: int) -> Iterator[tuple[Blow, Target]]:
    for _ in range(count):
        yield Blow.WIPE, Target.KAFKA
        yield Blow.DELETE_TOPIC, Target.KAFKA


def _step(dice: random.Random, blow: Blow, target: Target) -> Step:
    return Step(dice.randint(*PAUSE_MS), blow, target, dice.randint(*DOWN_MS.get(target, DOWN_MS_ELSE)))
