"""The edge between scripted services: the real wiring, the real channels."""

import time
from typing import Final

import httpx
from grpc import aio

from pushward.api.challenge.v1 import challenge_pb2
from pushward.api.common.v1.common_pb2 import AccountPrincipal, DevicePrincipal, Principal
from pushward.api.insights.v1 import insights_pb2
from pushward.api.registry.v1 import registry_pb2
from pushward.api.relay.v1 import relay_pb2
from pushward.api.webhook.v1 import webhook_pb2
from pushward.config.settings import Environment, Settings
from pushward.eventlog.heads import HeadWatch
from pushward.eventlog.memory import MemoryLog
from pushward.rpc.channel import open_inprocess
from pushward.security.kek import KEK_BYTES, FileKeyEncryption
from pushward.security.key_store_memory import MemoryKeyStore
from pushward.security.keys import KeyRing
from pushward.service import Registrar, Runtime
from services.edge.adapters.http_server import listen
from services.edge.wiring import Edge, build
from tests.integration.edge.notifications import ScriptedNotifier
from tests.integration.edge.scripted import ScriptedService

PUBLIC_URL: Final = "https://verify.example.com"
ORIGIN: Final = "https://app.example.com"
DIGITS: Final = "0001018e" + "8" * 24
AC, SK, VA, YE, YF, YC, YK, YW = (kind + DIGITS for kind in ("AC", "SK", "VA", "YE", "YF", "YC", "YK", "YW"))
IDENTITY: Final = "alice-0001"
ACCOUNT_AUTH: Final = (AC, "auth-token")
DEVICE_AUTH: Final = ("token", "header.payload.signature")
TOKEN_SECONDS: Final = 600


def account() -> Principal:
    """A tenant's backend."""
    return Principal(account=AccountPrincipal(account_sid=AC, credential_sid=AC))


def device(*, expires_in_seconds: float = TOKEN_SECONDS) -> Principal:
    """One live factor."""
    return Principal(
        device=DevicePrincipal(
            account_sid=AC,
            service_sid=VA,
            entity_sid=YE,
            identity=IDENTITY,
            factor_sid=YF,
            expires_at_seconds=int(time.time() + expires_in_seconds),
        )
    )


class World:
    """The services around an edge, which are the peers of it and of the edges beside it."""

    def __init__(self) -> None:
        self.registry = ScriptedService(registry_pb2.DESCRIPTOR.services_by_name["Registry"])
        self.challenge = ScriptedService(challenge_pb2.DESCRIPTOR.services_by_name["Challenges"])
        self.webhook = ScriptedService(webhook_pb2.DESCRIPTOR.services_by_name["Webhooks"])
        self.relay = ScriptedService(relay_pb2.DESCRIPTOR.services_by_name["Relay"])
        self.insights = ScriptedService(insights_pb2.DESCRIPTOR.services_by_name["Insights"])
        self.notifier = ScriptedNotifier()
        self.authenticated_as(account())
        self._channels: dict[str, aio.Channel] = {}

    def channel(self, service: str) -> aio.Channel:
        """As `pushward.service.Peers`."""
        servers = {
            "registry": self.registry.server,
            "challenge": self.challenge.server,
            "webhook": self.webhook.server,
            "relay": self.relay.server,
            "insights": self.insights.server,
            "notifier": self.notifier.server,
        }
        return self._channels.setdefault(service, open_inprocess(servers[service]))

    def authenticated_as(self, principal: Principal) -> None:
        """Whoever asks from now on is this one."""
        self.registry.replies["Authenticate"] = registry_pb2.AuthenticateReply(principal=principal)

    def asked(self) -> list[str]:
        """The methods of all services that were called."""
        services = (self.registry, self.challenge, self.webhook, self.relay, self.insights)
        return [name for service in services for name in service.names()]

    def edge(self, *, public_url: str | None = PUBLIC_URL, serving: bool = False) -> Edge:
        """An edge of these services; `serving` gives it a socket on loopback."""
        settings = Settings(
            env=Environment.DEVELOPMENT, public_url=public_url, cors_origins=(ORIGIN,), http_port=0, drain_seconds=5
        )
        listener = listen(settings.http_host, settings.http_port) if serving else None
        return build(settings, self.runtime(), listener=listener)

    def runtime(self) -> Runtime:
        """What a process gives its services; the edge uses the peers alone."""
        keys = KeyRing(MemoryKeyStore(), FileKeyEncryption(bytes(KEK_BYTES)))
        return Runtime(self, HeadWatch(MemoryLog(shard_count=1)), keys)

    async def close(self) -> None:
        """Ends every channel and service."""
        for channel in self._channels.values():
            await channel.close()
        for service in (self.registry, self.challenge, self.webhook, self.relay, self.insights, self.notifier):
            await service.server.stop(0)


class UnreadyService:
    """A service in the edge's process that can't serve, and counts how often it is asked."""

    def __init__(self, name: str, reason: str) -> None:
        self.name = name
        self.asked = 0
        self._reason = reason

    def register(self, server: Registrar) -> None:
        """It has no RPCs."""

    async def start(self) -> None:
        """Nothing to open."""

    async def stop(self) -> None:
        """Nothing to close."""

    async def ready(self) -> str:
        """Why not."""
        self.asked += 1
        return self._reason


def client_of(edge: Edge, auth: tuple[str, str] | None = ACCOUNT_AUTH) -> httpx.AsyncClient:
    """A client of the application, without a network between."""
    transport = httpx.ASGITransport(edge.app)
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080", auth=auth)


def network_client_of(edge: Edge, auth: tuple[str, str] | None = ACCOUNT_AUTH) -> httpx.AsyncClient:
    """A client of the server."""
    return httpx.AsyncClient(base_url=f"http://127.0.0.1:{edge.http_port}", auth=auth, timeout=10, trust_env=False)
