"""`pushward forget`: erases what was sealed of an identity, for good (docs/runbooks/erasure.md)."""

import asyncio
import sys
from typing import Annotated

import typer

from pushward.cli.console import JsonOption, print_json, print_pairs, say
from pushward.cli.errors import MISUSED, CommandError
from pushward.cli.keys import opened_keys
from pushward.cli.stores_file import operator_settings
from pushward.config.settings import Settings
from services.registry.app.forgetting import Forgotten
from services.registry.wiring import forget_entity


def forget(
    service: Annotated[str, typer.Option(help="The service's SID (VA…); it may be deleted already.")],
    entity: Annotated[str, typer.Option(help="The entity's identity, as the tenant gave it; never read as a SID.")],
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Delete an entity and destroy its data keys: nobody can read its sealed fields any more. Can be run again."""
    if not yes:
        _confirm(service, entity)
    done = asyncio.run(_forget(operator_settings(), service, entity))
    if as_json:
        print_json(
            {
                "service_sid": service,
                "identity": entity,
                "entity_sids": done.entity_sids,
                "keys_destroyed": [str(key_id) for key_id in done.key_ids],
            }
        )
    else:
        _print(done)


def _confirm(service: str, entity: str) -> None:
    if not sys.stdin.isatty():
        raise CommandError("Nobody is here to be asked: add --yes.", MISUSED)
    say(f"This deletes {entity} of {service} and destroys the keys of all that was sealed of it. Nothing undoes it.")
    if typer.prompt("Type the identity to go on", err=True) != entity:
        raise CommandError("Nothing was forgotten.")


async def _forget(settings: Settings, service: str, entity: str) -> Forgotten:
    async with opened_keys(settings) as keys:
        return await forget_entity(settings, keys, service, entity)


def _print(done: Forgotten) -> None:
    print_pairs(
        {
            "entities forgotten": ", ".join(done.entity_sids) or "none that had not been forgotten before",
            "keys destroyed": ", ".join(map(str, done.key_ids)),
        }
    )
    say("Processes that have read it keep a key in memory for 60 s at most. Backups of the key store: for days.")
