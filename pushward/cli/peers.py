"""The channels between services: in-process to those of this process, over the network to the rest."""

from collections.abc import Iterable

from grpc import aio

from pushward.config.settings import Settings
from pushward.rpc.address import TlsFiles
from pushward.rpc.channel import open_channel, open_inprocess
from pushward.rpc.inprocess import InProcessServer


class ProcessPeers:
    """One channel to each service, opened when it is first asked for."""

    def __init__(self, settings: Settings, local: Iterable[str]) -> None:
        self._settings = settings
        self._tls = tls_files(settings)
        self.servers = {target: InProcessServer() for target in local}
        self._channels: dict[str, aio.Channel] = {}

    def channel(self, service: str) -> aio.Channel:
        """The channel to ``service``."""
        channel = self._channels.get(service)
        if channel is None:
            server = self.servers.get(service)
            channel = (
                open_channel(self._settings.address_of(service), self._tls)
                if server is None
                else open_inprocess(server)
            )
            self._channels[service] = channel
        return channel

    async def close(self) -> None:
        """Closes every channel."""
        for channel in self._channels.values():
            await channel.close()


def tls_files(settings: Settings) -> TlsFiles | None:
    """The files of mutual TLS, if it is configured (all three or none, as the settings made sure)."""
    if settings.tls_cert_file is None or settings.tls_key_file is None or settings.tls_ca_file is None:
        return None
    return TlsFiles(settings.tls_cert_file, settings.tls_key_file, settings.tls_ca_file)
