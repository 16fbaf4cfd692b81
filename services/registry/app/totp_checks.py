"""Looks at codes: the secret is opened here, compared, and let go of. Nobody else ever sees it."""

from datetime import datetime
from uuid import UUID

from pushward.api.registry.v1 import registry_pb2
from pushward.eventlog.commands import Change, CommandRunner, Plan
from pushward.rpc.context import account_of
from pushward.security import totp
from pushward.security.sealing import Sealer
from services.registry.app import sealed_fields
from services.registry.app.origins import checking_origin
from services.registry.app.paths import factor_path, found_service
from services.registry.app.ports import RegistryStore
from services.registry.app.streams import Streams
from services.registry.domain import totp_rules
from services.registry.domain.commands import TryCode
from services.registry.domain.decider import totp as decider
from services.registry.domain.state import FactorRecord


class CodeReader:
    """Tells what a code stands for."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    async def read(self, factor: FactorRecord, code: str, attempt_id: UUID, now: datetime) -> TryCode:
        """The try that ``code`` is at ``now``, the database's clock. Raises KeyDestroyedError, UnavailableError."""
        assert factor.totp_secret is not None
        assert factor.totp_config is not None
        text = await self._sealer.unseal(factor.totp_secret, factor.stream_id, sealed_fields.totp_secret(factor.sid))
        return TryCode(attempt_id, totp.matching_steps(totp.secret_of(text), factor.totp_config, code, now))


class TotpChecks:
    """The command CheckTotp. The same attempt again gets the same answer, from the factor's row."""

    def __init__(self, runner: CommandRunner, streams: Streams, store: RegistryStore, reader: CodeReader) -> None:
        self._runner = runner
        self._streams = streams
        self._store = store
        self._reader = reader

    async def check(self, request: registry_pb2.CheckTotpRequest) -> registry_pb2.CheckTotpReply:
        """Whether the code counts. Whoever asks has recorded the attempt: here, a wrong code leaves no trace.

        Raises ForbiddenError 20403, 60318; NotFoundError 20404, 60392, 60390; BadRequestError 60306, 60369.
        """
        account_of(request.context)
        path, factor_sid = await factor_path(self._store, request.context, request)
        code, attempt_id = totp_rules.code(request.code), UUID(bytes=request.attempt_id)

        async def plan() -> Plan[registry_pb2.CheckTotpReply]:
            loaded = await self._store.entity(path.account_sid, path.service_sid, path.stream_id)
            found_service(loaded)
            tried = await self._reader.read(decider.totp_factor(loaded.state, factor_sid), code, attempt_id, loaded.now)
            events = decider.decide_check(loaded.state, factor_sid, tried)
            change = Change(self._streams.entities, path.stream_id, loaded.state, events, loaded.now)
            return Plan(
                [change],
                lambda after: registry_pb2.CheckTotpReply(
                    accepted=decider.was_taken(decider.totp_factor(after[0], factor_sid), tried)
                ),
            )

        return await self._runner.run(path.stream_id, checking_origin(request.context, attempt_id), plan)
