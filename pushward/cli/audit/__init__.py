"""`pushward audit replay`: what was true of one entity at a moment, and why; from the log alone (docs/audit.md).

moment.py     what --at means            evidence.py   what the log has, and whether it is intact
folding.py    events to states           receipts.py   what devices signed
auditing.py   puts it together           report.py     what was found, as JSON        text.py   for people

The state tables aren't read: the role that reads the log here may not even see them.
"""

import asyncio
from typing import Annotated, Final

import typer

from pushward.cli.audit.auditing import Auditor
from pushward.cli.audit.evidence import AuditedLog
from pushward.cli.audit.moment import Moment, moment_of
from pushward.cli.audit.report import Report
from pushward.cli.audit.text import show
from pushward.cli.console import JsonOption, print_json
from pushward.cli.errors import FAILED
from pushward.cli.keys import opened_keys
from pushward.cli.stores_file import operator_settings
from pushward.config.settings import Settings
from pushward.security.sealing import Sealer
from services.notifier.adapters.log import ROLE

LOG_ONLY_ROLE: Final = ROLE
"""Reads the log, and of the services' state only notifier's own, which is no entity's."""

app = typer.Typer(no_args_is_help=True, help="Audits: what was true, and why.")


@app.callback()
def _about() -> None:
    """Keeps `replay` a word of its own."""


@app.command()
def replay(
    service: Annotated[str, typer.Option(help="The service's SID (VA…).")],
    entity: Annotated[str, typer.Option(help="The entity's identity; never read as a SID.")],
    at: Annotated[
        str | None,
        typer.Option(help="A time with its zone (RFC 3339), or a position of the entity's shard. Default: now."),
    ] = None,
    unseal: Annotated[bool, typer.Option("--unseal", help="Show what sealed fields say: personal data.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Fold an entity's events up to a moment; check them and its receipts. Exits with 1 if anything isn't right."""
    report = asyncio.run(_report(operator_settings(), service, entity, moment_of(at), unseals=unseal))
    if as_json:
        print_json(report.members())
    else:
        show(report)
    if not report.is_right:
        raise typer.Exit(FAILED)


async def _report(settings: Settings, service: str, identity: str, moment: Moment, *, unseals: bool) -> Report:
    async with opened_keys(settings) as keys, AuditedLog.opened(settings.main_url(), LOG_ONLY_ROLE) as log:
        return await Auditor(log, Sealer(keys), unseals=unseals).report(service, identity, moment)
