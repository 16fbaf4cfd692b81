"""What only a network has: addresses, sockets, mutual TLS, health, reflection, and peers that restart."""

import asyncio
import datetime
import stat
from collections.abc import Callable
from functools import partial
from ipaddress import IPv4Address
from pathlib import Path

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from pushward.api.notifier.v1 import notifier_pb2_grpc
from pushward.errors import UnavailableError
from pushward.rpc.address import TlsFiles, UnsafeAddressError
from pushward.rpc.channel import open_channel
from pushward.rpc.server import serve
from tests.contract.rpc.peers import Notifier, Request

NOTIFIER = "pushward.api.notifier.v1.Notifier"
ADD = partial(notifier_pb2_grpc.add_NotifierServicer_to_server, Notifier())
LOCAL = ["unix:/tmp/x.sock", "unix:///tmp/x.sock", "127.0.0.1:0", "127.9.9.9:1", "[::1]:0", "localhost:0"]
NOT_LOCAL = ["0.0.0.0:0", "[::]:0", ":0", "10.0.0.1:0", "registry:0", "unix-abstract:x", "127.0.0.1", "", "dns:///x:1"]


@pytest.mark.parametrize("address", NOT_LOCAL)
async def test_plain_text_beyond_this_machine_is_refused(address: str) -> None:
    """Neither a server nor a channel; the error says what to do."""
    with pytest.raises(UnsafeAddressError, match="mutual TLS"):
        await serve([ADD], address)
    with pytest.raises(UnsafeAddressError, match="mutual TLS"):
        open_channel(address)


@pytest.mark.parametrize("address", LOCAL)
async def test_a_channel_to_this_machine_may_be_plain(address: str) -> None:
    """Unix sockets and loopback."""
    await open_channel(address).close()


async def test_a_server_says_which_port_it_got() -> None:
    """Port 0 is any."""
    server = await serve([ADD], "127.0.0.1:0")
    async with open_channel(server.address) as channel:
        reply = await notifier_pb2_grpc.NotifierStub(channel).OpenDeviceStream(Request(factor_sid="YF1"))
    assert reply.stream_id == b"YF1"
    await server.stop(0)


async def test_a_port_that_is_taken_is_refused() -> None:
    """A second server doesn't quietly take half of the calls."""
    server = await serve([ADD], "127.0.0.1:0")
    with pytest.raises(RuntimeError):
        await serve([ADD], server.address)
    await server.stop(0)


async def test_a_unix_socket_is_its_owners_alone(tmp_path: Path) -> None:
    """Mode 0600."""
    path = tmp_path / "notifier.sock"
    server = await serve([ADD], f"unix:{path}")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    await server.stop(0)


async def test_health_follows_what_the_server_is_told(tmp_path: Path) -> None:
    """NOT_SERVING, SERVING once ready, NOT_SERVING again; for each service and for all; an unknown one is NOT_FOUND."""
    server = await serve([ADD], f"unix:{tmp_path / 'notifier.sock'}")
    async with grpc.aio.insecure_channel(server.address) as channel:
        stub = health_pb2_grpc.HealthStub(channel)

        async def status(service: str) -> object:
            return (await stub.Check(health_pb2.HealthCheckRequest(service=service))).status

        serving, not_serving = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING
        assert [await status(""), await status(NOTIFIER)] == [not_serving, not_serving]
        await server.set_ready(True)
        assert [await status(""), await status(NOTIFIER)] == [serving, serving]
        watch = stub.Watch(health_pb2.HealthCheckRequest(service=NOTIFIER))
        assert (await watch.read()).status == serving
        stopping = asyncio.create_task(server.stop(5))
        assert (await watch.read()).status == not_serving
        watch.cancel()
        await stopping


async def test_reflection_names_our_services(tmp_path: Path) -> None:
    """For grpcurl and its like."""
    server = await serve([ADD], f"unix:{tmp_path / 'notifier.sock'}")
    async with grpc.aio.insecure_channel(server.address) as channel:
        call = reflection_pb2_grpc.ServerReflectionStub(channel).ServerReflectionInfo()
        await call.write(reflection_pb2.ServerReflectionRequest(list_services=""))
        reply = await call.read()
        await call.done_writing()
        call.cancel()
    assert NOTIFIER in [service.name for service in reply.list_services_response.service]
    await server.stop(0)


async def test_a_restarted_peer_is_found_again(tmp_path: Path) -> None:
    """The same channel goes on, within about a second; meanwhile calls fail at once."""
    address = f"unix:{tmp_path / 'notifier.sock'}"
    server = await serve([ADD], address)
    async with open_channel(address) as channel:
        stub = notifier_pb2_grpc.NotifierStub(channel)
        await stub.OpenDeviceStream(Request())
        await server.stop(0)
        with pytest.raises(UnavailableError):
            await stub.OpenDeviceStream(Request())
        server = await serve([ADD], address)
        async with asyncio.timeout(3):
            await stub.OpenDeviceStream(Request(), wait_for_ready=True)
    await server.stop(0)


async def test_mutual_tls_admits_only_who_the_authority_signed(tmp_path: Path) -> None:
    """A signed client is answered; one without a certificate, and one of another authority, are not."""
    ours = Authority(tmp_path / "ours")
    others = Authority(tmp_path / "others")
    server = await serve([ADD], "127.0.0.1:0", ours.files("server"))

    async with open_channel(server.address, ours.files("client")) as channel:
        reply = await notifier_pb2_grpc.NotifierStub(channel).OpenDeviceStream(Request(factor_sid="YF1"))
        assert reply.stream_id == b"YF1"

    stranger = others.files("client")
    stranger = TlsFiles(stranger.certificate, stranger.key, ours.files("client").authority)
    async with open_channel(server.address, stranger) as channel:
        with pytest.raises(UnavailableError):
            await notifier_pb2_grpc.NotifierStub(channel).OpenDeviceStream(Request())
    async with open_channel(server.address) as channel:
        with pytest.raises(UnavailableError):
            await notifier_pb2_grpc.NotifierStub(channel).OpenDeviceStream(Request())
    await server.stop(0)


class Authority:
    """A certificate authority of a test, for 127.0.0.1."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, folder.name)])
        self._root = self._sign(self._name, self._key, lambda builder: builder)
        self._write("authority.pem", self._root.public_bytes(serialization.Encoding.PEM))

    def files(self, name: str) -> TlsFiles:
        """The files of a party that the authority signed."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        address = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])
        certificate = self._sign(subject, key, lambda builder: builder.add_extension(address, critical=False))
        secret = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return TlsFiles(
            certificate=self._write(f"{name}.pem", certificate.public_bytes(serialization.Encoding.PEM)),
            key=self._write(f"{name}.key", secret),
            authority=self._folder / "authority.pem",
        )

    def _sign(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        extend: Callable[[x509.CertificateBuilder], x509.CertificateBuilder],
    ) -> x509.Certificate:
        now = datetime.datetime.now(datetime.UTC)
        is_root = subject == self._name
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(minutes=5))
            .not_valid_after(now + datetime.timedelta(hours=1))
            .add_extension(x509.BasicConstraints(ca=is_root, path_length=None), critical=True)
        )
        return extend(builder).sign(self._key, hashes.SHA256())

    def _write(self, name: str, content: bytes) -> Path:
        path = self._folder / name
        path.write_bytes(content)
        return path
