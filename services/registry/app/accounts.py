"""Accounts: made by an operator at the command line, not over the wire."""

import secrets
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from pushward import ids
from pushward.clock import milliseconds
from pushward.errors import BadRequestError, UnavailableError
from pushward.eventlog.commands import Change, CommandRunner, Plan
from pushward.ids import Sid
from pushward.security import account_credentials
from pushward.security.keys import DATA_KEY_BYTES, KeyRing
from pushward.security.sealing import Sealer
from pushward.security.secret import Secret
from services.registry.app import sealed_fields
from services.registry.app.origins import operators
from services.registry.app.ports import RegistryStore
from services.registry.app.streams import Streams
from services.registry.domain.decider import account as decider
from services.registry.domain.events import AccountCreated
from services.registry.domain.state import AccountState

FRIENDLY_NAME_CHARACTERS_MAX: Final = 64


@dataclass(frozen=True, slots=True)
class CreatedAccount:
    """A new account, and the only time that its auth token is told."""

    account_sid: Sid
    auth_token: Secret


async def create_account(
    runner: CommandRunner, streams: Streams, store: RegistryStore, keys: KeyRing, friendly_name: str
) -> CreatedAccount:
    """A new account with an auth token. Makes the installation's key where there is none yet.

    Raises BadRequestError for its name, UnavailableError while a database is away or the log has no shards.
    """
    if not 1 <= len(friendly_name) <= FRIENDLY_NAME_CHARACTERS_MAX:
        raise BadRequestError(f"An account's name must have 1 to {FRIENDLY_NAME_CHARACTERS_MAX} characters.")
    if not (shard_count := await store.shard_count()):
        raise UnavailableError("The log has no shards yet: run `pushward init`.")
    now = await store.now()
    random_bits = secrets.randbits(ids.RANDOM_BITS)
    sid = ids.new_sid(ids.ACCOUNT, ids.new_account_shard(random_bits, shard_count), milliseconds(now), random_bits)
    stream_id = ids.stream_of_sid(sid)
    auth_token = account_credentials.auth_token(secrets.token_bytes(account_credentials.AUTH_TOKEN_RANDOM_BYTES))
    installation_key = await account_credentials.ensure_installation_key(keys, secrets.token_bytes(DATA_KEY_BYTES))
    key = await keys.create(uuid4(), f"account {sid}", secrets.token_bytes(DATA_KEY_BYTES))
    created = AccountCreated(
        account_sid=sid,
        friendly_name=friendly_name,
        key_id=key.key_id,
        auth_token=await Sealer(keys).seal(key.key_id, stream_id, sealed_fields.auth_token(sid), auth_token.reveal()),
        auth_token_digest=account_credentials.digest(installation_key, sid, auth_token),
    )

    async def plan() -> Plan[CreatedAccount]:
        state = AccountState()
        change = Change(streams.accounts, stream_id, state, decider.decide_create(state, created), now)
        return Plan([change], lambda after: CreatedAccount(sid, auth_token))

    return await runner.run(stream_id, operators(sid, uuid4()), plan)
