"""Tells challenge which pushes ended unsent, so that it stands in the log and webhooks learn it.

Stored with the push's end, told once a second, recorded afterwards: told again, challenge records it once. Who dies in
between has its work taken over when the lease lapses.
"""

import asyncio
from typing import Final

import structlog

from pushward.api.challenge.v1 import challenge_pb2
from pushward.api.challenge.v1.challenge_pb2_grpc import ChallengesStub
from pushward.errors import NotFoundError, PushwardError
from pushward.periodic import Periodic
from services.notifier.app.ports import Pushes
from services.notifier.domain.push import Unsent

TELL_SECONDS: Final = 1.0
TOLD_AT_ONCE_MAX: Final = 64
PEER_SECONDS: Final = 5.0

_log = structlog.get_logger(__name__)


def teller(pushes: Pushes, challenges: ChallengesStub, *, pause_seconds: float = TELL_SECONDS) -> Periodic:
    """Tells now and then; more at once where much has gathered."""

    async def tell(one: Unsent) -> bool:
        request = challenge_pb2.RecordFailedPushRequest(
            challenge_sid=one.challenge_sid,
            push_id=one.id.bytes,
            notification_sid=one.notification_sid,
            reason=one.reason,
        )
        try:
            await challenges.RecordFailedPush(request, timeout=PEER_SECONDS)
        except NotFoundError:
            return True  # nobody may see the challenge any more: there is nobody to tell
        except PushwardError as error:
            _log.warning("failed_push_not_told", push=str(one.id), reason=error.message)
            return False
        return True

    async def tell_some() -> bool:
        untold = await pushes.take_untold(TOLD_AT_ONCE_MAX)
        if not untold:
            return False
        outcomes = await asyncio.gather(*map(tell, untold))
        await pushes.record_told([one for one, is_told in zip(untold, outcomes, strict=True) if is_told])
        return len(untold) == TOLD_AT_ONCE_MAX and any(outcomes)

    return Periodic("notifier-teller", tell_some, pause_seconds=pause_seconds)
