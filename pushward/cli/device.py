"""`pushward device …`: a device in software, built on the device library as an app would be.

A real one: its key is its own, what it signs is what it showed. For demonstrations, CI, and trying things out.
"""

import asyncio
import secrets
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from pushward_device import (
    Challenge,
    ChallengeStatus,
    Device,
    Factor,
    FileKeyStore,
    NotFoundError,
    PushwardDeviceError,
    RegistrationPayload,
)
from pushward_device.answer import Decision

from pushward.cli.console import JsonOption, print_json, print_pairs, print_table, say
from pushward.cli.dev_file import DevelopmentAccess, read_dev_file
from pushward.cli.device_text import challenge_members, challenge_pairs, factor_members, factor_pairs, signed_text
from pushward.cli.errors import MISUSED, CommandError
from pushward.cli.tenant import issue_access_token
from pushward.config.settings import Settings

APP_ID: Final = "pushward.simulator"
STORE: Final = Path("~/.local/share/pushward/device.json")
BASE_URL: Final = "http://127.0.0.1:8080"
IDENTITY_RANDOM_BYTES: Final = 6

StoreOption = Annotated[Path, typer.Option("--store", help="The key store's file.")]
UrlOption = Annotated[str | None, typer.Option("--base-url", help="The edge; var/dev.json's, or port 8080 here.")]
FactorOption = Annotated[str | None, typer.Option("--factor", help="The factor's SID; the newest, if left out.")]
ChallengeArgument = Annotated[str, typer.Argument(help="The challenge's SID.")]

app = typer.Typer(no_args_is_help=True, help="A simulated device: enrol, see what is asked, sign the answer.")


@dataclass(frozen=True, slots=True)
class _Simulator:
    device: Device
    base_url: str

    def factor(self, sid: str | None) -> Factor:
        """The factor that is named, else the newest."""
        factors = [factor for factor in self.device.factors.all() if sid is None or factor.sid == sid]
        if not factors:
            raise CommandError("This store has no such factor. Run: pushward device enroll --dev")
        return factors[-1]


@app.command()
def enroll(
    access_token: Annotated[str | None, typer.Option(help="From the backend; or --dev.")] = None,
    service: Annotated[str | None, typer.Option(help="The service's SID; or --dev.")] = None,
    identity: Annotated[str | None, typer.Option(help="Whose device this is; with --dev made up if left out.")] = None,
    dev: Annotated[
        bool, typer.Option("--dev", help="Ask for the token with var/dev.json, as a backend would.")
    ] = False,
    name: Annotated[str, typer.Option(help="What the user calls this device.")] = "Simulator",
    store: StoreOption = STORE,
    base_url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Enrol this device: a new key, registered with an access token, its possession proved."""
    payload = _payload(access_token, service, identity, dev=dev)

    async def work(simulator: _Simulator) -> None:
        factor = await simulator.device.register_factor(payload, name, app_id=APP_ID)
        key = simulator.device.factors.public_key_spki_b64(factor.sid)
        if as_json:
            print_json(factor_members(factor, key))
        else:
            print_pairs(factor_pairs(factor, key))

    _run(work, store, base_url)


@app.command("list")
def list_challenges(
    factor: FactorOption = None,
    all_statuses: Annotated[bool, typer.Option("--all", help="Answered and expired ones, too.")] = False,
    store: StoreOption = STORE,
    base_url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the challenges that wait for an answer."""

    async def work(simulator: _Simulator) -> None:
        wanted = None if all_statuses else ChallengeStatus.PENDING
        factor_sid = simulator.factor(factor).sid
        found = [challenge async for challenge in simulator.device.challenges.iterate(factor_sid, wanted)]
        if as_json:
            print_json([challenge_members(challenge) for challenge in found])
        elif found:
            rows = [(one.sid, one.status.value, one.message, f"{one.expiration_date:%H:%M:%S}") for one in found]
            print_table(("challenge", "status", "message", "until (UTC)"), rows)
        else:
            say("Nothing waits for an answer.")

    _run(work, store, base_url)


@app.command()
def approve(
    challenge: ChallengeArgument, store: StoreOption = STORE, base_url: UrlOption = None, as_json: JsonOption = False
) -> None:
    """Show a challenge, sign a yes to exactly that, send it."""
    _answer(challenge, Decision.APPROVED, store, base_url, as_json=as_json)


@app.command()
def deny(
    challenge: ChallengeArgument, store: StoreOption = STORE, base_url: UrlOption = None, as_json: JsonOption = False
) -> None:
    """Show a challenge, sign a no to exactly that, send it."""
    _answer(challenge, Decision.DENIED, store, base_url, as_json=as_json)


@app.command()
def watch(
    factor: FactorOption = None,
    answer: Annotated[Decision | None, typer.Option(help="Answer each at once, unseen.")] = None,
    store: StoreOption = STORE,
    base_url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show challenges as they come, until interrupted."""

    async def work(simulator: _Simulator) -> None:
        watched = simulator.factor(factor)
        say(f"Watching {watched.sid} ({watched.identity}) at {simulator.base_url}. Ctrl-C ends it.")
        async for challenge in simulator.device.watch(watched.sid):
            shown = challenge if answer is None else await simulator.device.challenges.answer(challenge, answer)
            _print_challenge(shown, as_json=as_json)

    try:
        _run(work, store, base_url)
    except KeyboardInterrupt:
        raise typer.Exit(0) from None


def _answer(challenge_sid: str, decision: Decision, store: Path, base_url: str | None, *, as_json: bool) -> None:
    async def work(simulator: _Simulator) -> None:
        challenge = await _find(simulator, challenge_sid)
        if not as_json:
            _print_challenge(challenge, as_json=False)
            say(f"Signing, with {decision.value}:\n{signed_text(challenge, decision)}")
        _print_challenge(await simulator.device.challenges.answer(challenge, decision), as_json=as_json)

    _run(work, store, base_url)


async def _find(simulator: _Simulator, challenge_sid: str) -> Challenge:
    """The challenge, whichever of this device's factors it is for."""
    for factor in reversed(simulator.device.factors.all()):
        try:
            return await simulator.device.challenges.get(factor.sid, challenge_sid)
        except NotFoundError:
            continue
    raise CommandError("No factor of this store has such a challenge.")


def _print_challenge(challenge: Challenge, *, as_json: bool) -> None:
    if as_json:
        print_json(challenge_members(challenge))
    else:
        print_pairs(challenge_pairs(challenge))


def _payload(access_token: str | None, service: str | None, identity: str | None, *, dev: bool) -> RegistrationPayload:
    """What an app gets from its backend."""
    if dev:
        access = _development()
        identity = identity or f"simulated-{secrets.token_hex(IDENTITY_RANDOM_BYTES)}"
        token = asyncio.run(issue_access_token(access, identity))
        return RegistrationPayload(token, access.service_sid, identity)
    if access_token is None or service is None or identity is None:
        raise CommandError("Give --access-token, --service and --identity, or --dev.", MISUSED)
    return RegistrationPayload(access_token, service, identity)


def _development() -> DevelopmentAccess:
    var = Settings().var_dir
    access = read_dev_file(var)
    if access is None:
        raise CommandError(f"There is no {var}/dev.json: start `make run` first.")
    return access


def _base_url(option: str | None) -> str:
    if option is not None:
        return option
    access = read_dev_file(Settings().var_dir)
    return BASE_URL if access is None else access.base_url


def _run(work: Callable[[_Simulator], Coroutine[Any, Any, None]], store: Path, base_url: str | None) -> None:
    """Runs ``work`` with the device of a key store. Any: what a coroutine is declared with."""

    url = _base_url(base_url)
    keys = FileKeyStore(store.expanduser())

    async def run() -> None:
        async with Device(url, keys) as device:
            await work(_Simulator(device, url))

    try:
        asyncio.run(run())
    except PushwardDeviceError as error:
        raise CommandError(str(error)) from error
