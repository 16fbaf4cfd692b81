"""One attempt: ask the event's owner what it says, sign it, send it.

Takes at most: two questions of PEER_SECONDS each and one call of ANSWER_SECONDS (pushward/outbound/client.py); the
lease of a delivery is longer than that.
"""

import time
from collections.abc import Callable, Mapping
from typing import Final, Protocol
from urllib.parse import urlencode

import structlog

from pushward.api.challenge.v1 import challenge_pb2
from pushward.api.challenge.v1.challenge_pb2_grpc import ChallengesStub
from pushward.api.events.v1 import envelope_pb2
from pushward.api.registry.v1 import registry_pb2
from pushward.api.registry.v1.registry_pb2_grpc import RegistryStub
from pushward.errors import ForbiddenError, NotFoundError, TooManyRequestsError, UnavailableError
from pushward.eventlog.port import LogReader
from pushward.kafka.record import traceparent_of
from pushward.outbound.client import Answer, TargetRefusedError, TimedOutError, UnreachableError
from pushward.security.sealing import Sealer
from services.webhook.app.sealed_fields import SECRET, URL, field
from services.webhook.domain.body import body_fields, standard_headers
from services.webhook.domain.delivery import Delivery
from services.webhook.domain.retry import Result, result_of_answer

PEER_SECONDS: Final = 5.0
_FORM: Final = "application/x-www-form-urlencoded"

_log = structlog.get_logger(__name__)


class Outbound(Protocol):
    """Calls out: `pushward.outbound.client.OutboundClient`."""

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Raises OutboundError."""
        ...


class Sender:
    """Makes attempts."""

    def __init__(
        self,
        registry: RegistryStub,
        challenges: ChallengesStub,
        sealer: Sealer,
        outbound: Outbound,
        events: LogReader,
        *,
        wall_seconds: Callable[[], float] = time.time,
    ) -> None:
        self._registry = registry
        self._challenges = challenges
        self._sealer = sealer
        self._outbound = outbound
        self._events = events
        self._wall_seconds = wall_seconds

    async def attempt(self, delivery: Delivery) -> Result:
        """What came of it. Never raises: a defect of ours is a result too, and logged."""
        try:
            return await self._attempt(delivery)
        except NotFoundError:  # erased is not found, too
            return Result.SUBJECT_GONE
        except ForbiddenError:
            return Result.ACCOUNT_DISABLED
        except (UnavailableError, TooManyRequestsError) as error:
            _log.warning("webhook_owner_away", webhook=delivery.webhook_sid, reason=error.message)
            return Result.OWNER_AWAY
        except TimedOutError:
            return Result.TIMED_OUT
        except UnreachableError:
            return Result.UNREACHABLE
        except TargetRefusedError:
            return Result.TARGET_REFUSED
        except Exception:
            _log.exception("webhook_attempt_failed", webhook=delivery.webhook_sid, delivery=str(delivery.uuid))
            return Result.DEFECT

    async def _attempt(self, delivery: Delivery) -> Result:
        if delivery.webhook_url is None or delivery.secret is None:
            return Result.SUBJECT_GONE
        sid, stream = delivery.webhook_sid, delivery.webhook_stream
        url = await self._sealer.unseal(delivery.webhook_url, stream, field(sid, URL))
        secret = await self._sealer.unseal(delivery.secret, stream, field(sid, SECRET))
        uuid = str(delivery.uuid)
        fields = body_fields(uuid, await self._render(delivery), delivery.body_version)
        signed = await self._registry.SignWebhook(
            registry_pb2.SignWebhookRequest(
                account_sid=delivery.account_sid, service_sid=delivery.service_sid, url=url, fields=fields
            ),
            timeout=PEER_SECONDS,
        )
        body = urlencode(fields).encode()
        headers = {
            "Content-Type": _FORM,
            "X-Twilio-Signature": signed.signature,
            "traceparent": await self._traceparent(delivery),
            **standard_headers(secret, uuid, int(self._wall_seconds()), body),
        }
        return result_of_answer((await self._outbound.post(url, headers, body)).status)

    async def _traceparent(self, delivery: Delivery) -> str:
        """W3C trace context: the trace of the request that the event came of. The event is mostly in memory still."""
        event = await self._events.event_at(delivery.shard, delivery.position)
        if event is None:
            raise NotFoundError("The event is not in the log any more.")
        envelope = envelope_pb2.Envelope.FromString(event.envelope)
        return traceparent_of(envelope.correlation_id, event.event_id)

    async def _render(self, delivery: Delivery) -> dict[str, str]:
        """The event's fields, of whoever owns it, under the name that webhooks know it by."""
        reply: registry_pb2.RenderWebhookEventReply | challenge_pb2.RenderChallengeEventReply
        if delivery.event_type.startswith("factor."):
            reply = await self._registry.RenderWebhookEvent(
                registry_pb2.RenderWebhookEventRequest(shard=delivery.shard, position=delivery.position),
                timeout=PEER_SECONDS,
            )
        else:
            reply = await self._challenges.RenderWebhookEvent(
                challenge_pb2.RenderChallengeEventRequest(shard=delivery.shard, position=delivery.position),
                timeout=PEER_SECONDS,
            )
        return {**reply.fields, "type": delivery.event_type}
