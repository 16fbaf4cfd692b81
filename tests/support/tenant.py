"""A tenant's backend: server calls with an account's credentials, and what each must answer."""

from types import TracebackType
from typing import Any, Final, Self

import httpx

from tests.support import plain_http
from tests.support.installation import Account

Json = dict[str, Any]
"""A JSON object. Any: members of every type."""

Form = dict[str, Any]
"""A form's or query's parameters; a list is a repeated one. Any: what httpx takes."""

ENVELOPE: Final = {"code", "message", "more_info", "status"}


class Tenant:
    """Use it as an async context manager. Paths are as in the contract, from `/v2` on."""

    def __init__(self, base_url: str, account: Account) -> None:
        self.base_url = base_url
        self.account = account
        self.client = plain_http.client(base_url, (account.sid, account.auth_token))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.client.aclose()

    async def get(self, path: str, **query: Any) -> Json:  # Any: what httpx takes
        """A resource or a page: 200. A link may be followed as it is."""
        return answered(await self.client.get(path, params=query or None), 200)

    async def create(self, path: str, form: Form) -> Json:
        """What was created: 201."""
        return answered(await self.client.post(path, data=form), 201)

    async def update(self, path: str, form: Form) -> Json:
        """What it has become: 200."""
        return answered(await self.client.post(path, data=form), 200)

    async def delete(self, path: str) -> None:
        """Deletes: 204 without a body."""
        answer = await self.client.delete(path)
        assert (answer.status_code, answer.content) == (204, b""), answer.text

    async def gone(self, path: str) -> bool:
        """Whether the answer is 404, with an envelope; fails on anything but that and 200."""
        answer = await self.client.get(path)
        return answer.status_code != 200 and refused(answer)[0] == 404

    async def new_service(self, friendly_name: str = "Stage", **settings: str) -> str:
        """The SID of a new service."""
        created = await self.create("/v2/Services", {"FriendlyName": friendly_name, **settings})
        return str(created["sid"])

    async def new_access_token(self, service_sid: str, identity: str) -> str:
        """A token with which one device may enrol."""
        form = {"Identity": identity, "FactorType": "push"}
        return str((await self.create(f"/v2/Services/{service_sid}/AccessTokens", form))["token"])

    async def challenge(self, entity: str, factor_sid: str, message: str = "Log in?", **more: Any) -> Json:
        """A new challenge; ``entity`` is the entity's path. Any: what httpx takes."""
        form = {"FactorSid": factor_sid, "Details.Message": message, **more}
        return await self.create(f"{entity}/Challenges", form)


def entity_path(service_sid: str, identity: str) -> str:
    """Where an entity is; its factors and challenges lie below."""
    return f"/v2/Services/{service_sid}/Entities/{identity}"


def answered(answer: httpx.Response, status: int) -> Json:
    """The JSON of an answer that must have this status."""
    assert answer.status_code == status, f"{answer.request.method} {answer.url}: {answer.status_code} {answer.text}"
    body: Json = answer.json()
    return body


def refused(answer: httpx.Response) -> tuple[int, int]:
    """Status and code of a refusal, which must carry the contract's envelope."""
    assert answer.status_code >= 400, f"{answer.request.method} {answer.url}: {answer.status_code} {answer.text}"
    assert answer.headers["content-type"] == "application/json"
    envelope: Json = answer.json()
    assert set(envelope) == ENVELOPE, envelope
    assert envelope["status"] == answer.status_code
    assert isinstance(envelope["message"], str)
    assert envelope["message"]
    assert envelope["more_info"].endswith(f"/{envelope['code']}")
    code = envelope["code"]
    assert type(code) is int
    return answer.status_code, code
