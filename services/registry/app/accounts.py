"""Accounts: made, changed and listed by an operator at the command line, not over the wire."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from pushward import ids
from pushward.clock import milliseconds
from pushward.database.paging import FIRST, PAGE_SIZE_MAX
from pushward.errors import BadRequestError, UnavailableError
from pushward.eventlog.commands import Change, CommandRunner, Plan
from pushward.ids import Sid
from pushward.security import account_credentials
from pushward.security.keys import DATA_KEY_BYTES, KeyRing
from pushward.security.sealing import Sealer
from pushward.security.secret import Secret
from services.registry.app import sealed_fields
from services.registry.app.origins import operators
from services.registry.app.paths import account_sid_named
from services.registry.app.ports import RegistryStore, account_key
from services.registry.app.streams import Streams
from services.registry.domain.decider import account as decider
from services.registry.domain.events import AccountCreated, AccountEvent, SecondaryTokenCreated
from services.registry.domain.state import AccountRecord, AccountState

FRIENDLY_NAME_CHARACTERS_MAX: Final = 64


@dataclass(frozen=True, slots=True)
class CreatedAccount:
    """A new account, and the only time that its auth token is told."""

    account_sid: Sid
    auth_token: Secret


@dataclass(frozen=True, slots=True)
class BegunRotation:
    """An account whose token rotates, and the only time that its secondary auth token is told."""

    account_sid: Sid
    secondary_auth_token: Secret


class Accounts:
    """What operators do with accounts. All of it raises UnavailableError while a database is away."""

    def __init__(self, runner: CommandRunner, streams: Streams, store: RegistryStore, keys: KeyRing) -> None:
        self._runner = runner
        self._streams = streams
        self._store = store
        self._keys = keys
        self._sealer = Sealer(keys)

    async def create(self, friendly_name: str) -> CreatedAccount:
        """A new account with an auth token. Makes the installation's key where there is none yet.

        Raises BadRequestError for its name, UnavailableError if the log has no shards.
        """
        if not 1 <= len(friendly_name) <= FRIENDLY_NAME_CHARACTERS_MAX:
            raise BadRequestError(f"An account's name must have 1 to {FRIENDLY_NAME_CHARACTERS_MAX} characters.")
        if not (shard_count := await self._store.shard_count()):
            raise UnavailableError("The log has no shards yet: run `pushward init`.")
        now = await self._store.now()
        random_bits = secrets.randbits(ids.RANDOM_BITS)
        sid = ids.new_sid(ids.ACCOUNT, ids.new_account_shard(random_bits, shard_count), milliseconds(now), random_bits)
        stream_id = ids.stream_of_sid(sid)
        auth_token = _new_token()
        installation_key = await account_credentials.ensure_installation_key(
            self._keys, secrets.token_bytes(DATA_KEY_BYTES)
        )
        key = await self._keys.create(uuid4(), f"account {sid}", secrets.token_bytes(DATA_KEY_BYTES))
        created = AccountCreated(
            account_sid=sid,
            friendly_name=friendly_name,
            key_id=key.key_id,
            auth_token=await self._sealer.seal(
                key.key_id, stream_id, sealed_fields.auth_token(sid), auth_token.reveal()
            ),
            auth_token_digest=account_credentials.digest(installation_key, sid, auth_token),
        )

        async def plan() -> Plan[CreatedAccount]:
            state = AccountState()
            change = Change(self._streams.accounts, stream_id, state, decider.decide_create(state, created), now)
            return Plan([change], lambda after: CreatedAccount(sid, auth_token))

        return await self._runner.run(stream_id, operators(sid, uuid4()), plan)

    async def begin_rotation(self, account_sid: str) -> BegunRotation:
        """A secondary auth token, accepted beside the other one. Raises NotFoundError, ConflictError."""
        sid = await account_sid_named(self._store, account_sid)
        stream_id = ids.stream_of_sid(sid)
        token = _new_token()
        installation_key = await account_credentials.ensure_installation_key(
            self._keys, secrets.token_bytes(DATA_KEY_BYTES)
        )
        digest = account_credentials.digest(installation_key, sid, token)

        async def plan() -> Plan[BegunRotation]:
            loaded = await self._store.account(sid)
            key_id = decider.known(loaded.state).key_id
            sealed = await self._sealer.seal(key_id, stream_id, sealed_fields.auth_token(sid), token.reveal())
            events = decider.decide_begin_rotation(loaded.state, SecondaryTokenCreated(sid, sealed, digest))
            change = Change(self._streams.accounts, stream_id, loaded.state, events, loaded.now)
            return Plan([change], lambda after: BegunRotation(sid, token))

        return await self._runner.run(stream_id, operators(sid, uuid4()), plan)

    async def promote(self, account_sid: str) -> AccountRecord:
        """The secondary auth token is the only one. Raises NotFoundError, ConflictError."""
        return await self._change(account_sid, decider.decide_promote)

    async def cancel_rotation(self, account_sid: str) -> AccountRecord:
        """The secondary auth token is refused. Raises NotFoundError, ConflictError."""
        return await self._change(account_sid, decider.decide_cancel_rotation)

    async def disable(self, account_sid: str) -> AccountRecord:
        """The account is disabled, whether it was already or not. Raises NotFoundError."""
        return await self._change(account_sid, decider.decide_disable)

    async def enable(self, account_sid: str) -> AccountRecord:
        """The account is enabled, whether it was already or not. Raises NotFoundError."""
        return await self._change(account_sid, decider.decide_enable)

    async def all(self) -> Sequence[AccountRecord]:
        """Every account, by its creation; PAGE_SIZE_MAX a query."""
        found: list[AccountRecord] = []
        key = FIRST
        while page := await self._store.accounts(key, PAGE_SIZE_MAX):
            found += page
            key = account_key(page[-1])
        return found

    async def _change(
        self, account_sid: str, decide: Callable[[AccountState], Sequence[AccountEvent]]
    ) -> AccountRecord:
        sid = await account_sid_named(self._store, account_sid)
        stream_id = ids.stream_of_sid(sid)

        async def plan() -> Plan[AccountRecord]:
            loaded = await self._store.account(sid)
            change = Change(self._streams.accounts, stream_id, loaded.state, decide(loaded.state), loaded.now)
            return Plan([change], lambda after: decider.known(after[0]))

        return await self._runner.run(stream_id, operators(sid, uuid4()), plan)


def _new_token() -> Secret:
    return account_credentials.new_secret(secrets.token_bytes(account_credentials.RANDOM_BYTES))
