"""An account and a service to begin with, in development, and one screen that says what to do with them.

They are made on the first start and found again by ``<var>/dev.json``. If the data no longer knows them (it was thrown
away, the service was deleted), they are made anew.
"""

import shlex
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Final

from rich.panel import Panel
from rich.text import Text

from pushward.api.common.v1 import common_pb2
from pushward.api.registry.v1 import registry_pb2
from pushward.api.registry.v1.registry_pb2_grpc import RegistryStub
from pushward.cli.console import OUT
from pushward.cli.dev_file import DevelopmentAccess, read_dev_file, write_dev_file
from pushward.cli.keys import opened_keys
from pushward.cli.runtime import Host
from pushward.config.settings import Settings
from pushward.errors import NotFoundError, UnauthenticatedError
from pushward.rpc.context import request_context
from services.registry.wiring import create_account

NAME: Final = "Development"


async def prepare_development(settings: Settings, url: str) -> None:
    """Makes sure that there is an account and a service, writes them down, and shows the screen."""
    access = await _ensure(settings, url)
    OUT.print(_screen(access, write_dev_file(settings.var_dir, access)))


async def _ensure(settings: Settings, url: str) -> DevelopmentAccess:
    """The account and service of last time as far as they are there, else new ones."""
    known = read_dev_file(settings.var_dir)
    async with Host.running(settings, ["registry"]) as host:
        registry = RegistryStub(host.peers.channel("registry"))
        if known is not None and (principal := await _principal(registry, known)) is not None:
            if await _has_service(registry, principal, known.service_sid):
                return DevelopmentAccess(url, known.account_sid, known.auth_token, known.service_sid)
            service_sid = await _create_service(registry, principal)
            return DevelopmentAccess(url, known.account_sid, known.auth_token, service_sid)
        async with opened_keys(settings) as keys:
            account = await create_account(settings, keys, NAME)
        access = DevelopmentAccess(url, account.account_sid, account.auth_token.reveal(), service_sid="")
        principal = await _principal(registry, access)
        assert principal is not None, "an account that was just created is known"
        return replace(access, service_sid=await _create_service(registry, principal))


async def _principal(registry: RegistryStub, access: DevelopmentAccess) -> common_pb2.Principal | None:
    request = registry_pb2.AuthenticateRequest(username=access.account_sid, password=access.auth_token)
    try:
        return (await registry.Authenticate(request)).principal
    except UnauthenticatedError:
        return None


async def _has_service(registry: RegistryStub, principal: common_pb2.Principal, service_sid: str) -> bool:
    try:
        await registry.GetService(registry_pb2.GetServiceRequest(context=_context(principal), service_sid=service_sid))
    except NotFoundError:
        return False
    return True


async def _create_service(registry: RegistryStub, principal: common_pb2.Principal) -> str:
    patch = registry_pb2.ServicePatch(friendly_name=NAME)
    request = registry_pb2.CreateServiceRequest(context=_context(principal), patch=patch)
    return (await registry.CreateService(request)).sid


def _context(principal: common_pb2.Principal) -> common_pb2.RequestContext:
    return request_context(principal, uuid.uuid4(), uuid.uuid4())


def _screen(access: DevelopmentAccess, file: Path) -> Panel:
    """What to do next."""
    curl = (
        f"curl -u $(jq -r '.account_sid+\":\"+.auth_token' {shlex.quote(str(file))}) "
        f"{access.base_url}/v2/Services/{access.service_sid}"
    )
    lines = Text.assemble(
        ("Serving at ", ""),
        (access.base_url, "bold green"),
        ("  (development: 127.0.0.1 only)\n\n", "dim"),
        ("Account  ", "dim"),
        (access.account_sid, ""),
        ("\nService  ", "dim"),
        (access.service_sid, ""),
        (f"\nToken    in {file} (mode 0600)\n\n", "dim"),
        ("Ask the API\n", "bold"),
        (f"  {curl}\n\n", "cyan"),
        ("Be a device\n", "bold"),
        ("  pushward device enroll --dev\n  pushward device watch\n", "cyan"),
        ("  pushward device approve YC…", "cyan"),
        ("  (or deny)\n\n", "dim"),
        ("See what happens\n", "bold"),
        ("  pushward events tail --from-start\n\n", "cyan"),
        ("`pushward` is .venv/bin/pushward here. Ctrl-C stops everything; the data stays.", "dim"),
    )
    return Panel(lines, title="Pushward", title_align="left", expand=False, padding=(1, 2))
