"""Builds the edge from the settings: routes over stubs, the hub of device streams, the HTTP server."""

import socket
from collections.abc import Sequence
from typing import Any, Final

from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from pushward.api.challenge.v1.challenge_pb2_grpc import ChallengesStub
from pushward.api.insights.v1.insights_pb2_grpc import InsightsStub
from pushward.api.notifier.v1.notifier_pb2_grpc import NotifierStub
from pushward.api.registry.v1.registry_pb2_grpc import RegistryStub
from pushward.api.relay.v1.relay_pb2_grpc import RelayStub
from pushward.api.webhook.v1.webhook_pb2_grpc import WebhooksStub
from pushward.clock import WallClock
from pushward.config.settings import Settings, SettingsError
from pushward.service import Registrar, Runtime, Service
from services.edge.adapters.http_server import HttpServer
from services.edge.adapters.peers import PeerHealth
from services.edge.app.application import EdgeApplication, resources
from services.edge.app.authentication import Authentication
from services.edge.app.cors import Cors
from services.edge.app.endpoints.access_tokens import AccessTokenEndpoints
from services.edge.app.endpoints.api_keys import ApiKeyEndpoints
from services.edge.app.endpoints.challenges import ChallengeEndpoints
from services.edge.app.endpoints.entities import EntityEndpoints
from services.edge.app.endpoints.events import EventEndpoints
from services.edge.app.endpoints.factors import FactorEndpoints
from services.edge.app.endpoints.insights import InsightsEndpoints
from services.edge.app.endpoints.notifications import NotificationEndpoints
from services.edge.app.endpoints.services import ServiceEndpoints
from services.edge.app.endpoints.webhooks import WebhookEndpoints
from services.edge.app.health import LIVE_PATH, READY_PATH, HealthEndpoint, always
from services.edge.app.openapi.endpoints import told_routes
from services.edge.app.operation import Operation
from services.edge.app.readiness import NotReady, Readiness
from services.edge.app.streams.endpoint import PATH as STREAM_PATH
from services.edge.app.streams.endpoint import StreamEndpoint
from services.edge.app.streams.hub import StreamHub
from services.edge.app.urls import UrlSource

NEEDED_PEERS: Final = ("registry", "challenge")
"""Without notifier devices poll, without webhook nobody changes webhooks, without relay nobody reads events: none is a
reason to refuse a login."""


class Edge:
    """The edge as a service of a process."""

    name = "edge"

    def __init__(
        self, settings: Settings, runtime: Runtime, listener: socket.socket | None, siblings: Sequence[Service]
    ) -> None:
        self._settings = settings
        self._listener = listener
        self._siblings = siblings
        self._draining = False
        self._http: HttpServer | None = None
        peers = runtime.peers
        self._peers = PeerHealth({name: peers.channel(name) for name in NEEDED_PEERS})
        self._readiness = Readiness(self._found_lacking)
        registry = RegistryStub(peers.channel("registry"))
        challenges = ChallengesStub(peers.channel("challenge"))
        self._hub = StreamHub(NotifierStub(peers.channel("notifier")), challenges)
        webhooks = WebhooksStub(peers.channel("webhook"))
        self._events = EventEndpoints(RelayStub(peers.channel("relay")))
        figures = InsightsEndpoints(InsightsStub(peers.channel("insights")))
        self.operations = operations(registry, challenges, webhooks, self._events, figures)
        self.app = self._application(Authentication(registry))

    def _application(self, authentication: Authentication) -> ASGIApp:
        urls = UrlSource(self._settings.public_url)
        development = self._settings.development
        routes = [
            *resources(self.operations, authentication, urls),
            Route(STREAM_PATH, StreamEndpoint(authentication, self._hub, urls, WallClock())),
            Route(LIVE_PATH, HealthEndpoint(always, urls, tells_reason=development)),
            Route(READY_PATH, HealthEndpoint(self._lacking, urls, tells_reason=development)),
            *told_routes(self.operations, self._settings.public_url, urls),
        ]
        cors = Cors(self._settings.cors_origins, development)
        return EdgeApplication(routes, cors, urls)

    @property
    def http_port(self) -> int:
        """Where it listens, once started."""
        assert self._http is not None
        return self._http.port

    def register(self, server: Registrar) -> None:
        """The edge has no RPCs."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        await self.app(scope, receive, send)

    async def start(self) -> None:
        """Serves on the listener, if there is one; requests fail with 503 while peers are away."""
        if self._listener is not None:
            self._http = HttpServer(self.app, self._listener, self._settings.drain_seconds)
            await self._http.start()

    async def stop(self) -> None:
        """Drains: ends streams and long polls, answers what is in flight, for `drain_seconds` at most, and closes.

        Cancelled, it gives up what is in flight: callers get 503.
        """
        self._draining = True
        self._hub.drain()
        self._events.drain()
        try:
            if self._http is not None:
                await self._http.stop()
        finally:
            await self._readiness.stop()
            await self._hub.stop()

    async def ready(self) -> str | None:
        """None when the peers that a login needs, and the services in the same process, are ready."""
        lacking = await self._lacking()
        return None if lacking is None else str(lacking)

    async def _lacking(self) -> NotReady | None:
        if self._draining:
            return NotReady(self.name, "draining")  # told at once
        return await self._readiness()

    async def _found_lacking(self) -> NotReady | None:
        for sibling in self._siblings:
            reason = await sibling.ready()
            if reason is not None:
                return NotReady(sibling.name, reason)
        away = await self._peers.away()
        return NotReady(", ".join(away), "no answer") if away else None


def operations(
    registry: RegistryStub,
    challenges: ChallengesStub,
    webhooks: WebhooksStub,
    events: EventEndpoints,
    figures: InsightsEndpoints,
) -> Sequence[Operation]:
    """All operations, those of a login first: routes are tried one after the other."""
    return (
        *ChallengeEndpoints(challenges).operations(),
        *NotificationEndpoints(challenges).operations(),
        *FactorEndpoints(registry).operations(),
        *EntityEndpoints(registry).operations(),
        *AccessTokenEndpoints(registry).operations(),
        *ServiceEndpoints(registry).operations(),
        *WebhookEndpoints(webhooks).operations(),
        *ApiKeyEndpoints(registry).operations(),
        *events.operations(),
        *figures.operations(),
    )


def described_operations() -> Sequence[Operation]:
    """All operations, to be read and not run: there is nobody behind them."""
    nobody: Any = None  # Any: in the place of each stub
    return operations(nobody, nobody, nobody, EventEndpoints(nobody), InsightsEndpoints(nobody))


def build(
    settings: Settings, runtime: Runtime, *, listener: socket.socket | None = None, siblings: Sequence[Service] = ()
) -> Edge:
    """The edge, without any I/O. Raises SettingsError.

    `listener` is a bound socket, which workers may share: `start` serves on it. Without one the edge serves nothing by
    itself and is an ASGI application for whoever does. `siblings` are the services in the same process, whose readiness
    is part of the edge's.
    """
    if settings.public_url is None and not settings.development:
        raise SettingsError(
            "Set PUSHWARD_PUBLIC_URL to the base URL that callers use, e.g. https://verify.example.com: "
            "links in answers are absolute, and a caller's Host header can't be trusted with them."
        )
    return Edge(settings, runtime, listener, siblings)
