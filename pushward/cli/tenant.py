"""The little that a tenant's backend does, for development: ask for an access token."""

from typing import Final

import httpx

from pushward.cli.dev_file import DevelopmentAccess
from pushward.cli.errors import CommandError

TIMEOUT_SECONDS: Final = 10.0


async def issue_access_token(access: DevelopmentAccess, identity: str) -> str:
    """A token with which one device may enrol for ``identity``. Raises CommandError."""
    try:
        async with httpx.AsyncClient(
            base_url=access.base_url, auth=(access.account_sid, access.auth_token), timeout=TIMEOUT_SECONDS
        ) as client:
            answer = await client.post(
                f"/v2/Services/{access.service_sid}/AccessTokens", data={"Identity": identity, "FactorType": "push"}
            )
    except httpx.TransportError as error:
        raise CommandError(f"Nobody answers at {access.base_url}: is `make run` up?") from error
    if not answer.is_success:
        raise CommandError(f"The server answered {answer.status_code}: {answer.json().get('message', '')}")
    token: str = answer.json()["token"]
    return token
