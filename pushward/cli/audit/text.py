"""An audit's report for people: within COLUMNS wherever no single value is longer. JSON has all of it."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from rich.text import Text

from pushward.cli.audit.receipts import ReceiptCheck
from pushward.cli.audit.report import (
    AccessTokenFacts,
    AuditedEvent,
    ChallengeFacts,
    FactorFacts,
    Life,
    Report,
    SealedText,
    date_text,
)
from pushward.cli.console import OUT, plain
from pushward.strictjson import compact
from pushward.values import TotpConfig

COLUMNS: Final = 100
TOLD_ONCE: Final = frozenset({"account_sid", "service_sid", "entity_sid", "identity"})
"""Fields that every event of the entity repeats; the report's head says them."""

Line = tuple[int, str, str, str]
"""Indentation, a name, a value, and the value's style."""


def show(report: Report) -> None:
    """Prints all of it."""
    for indentation, name, value, style in _lines(report):
        text = Text.assemble(" " * indentation, (f"{name:<12} " if name else "", "dim"), plain(value, style))
        OUT.print(text, soft_wrap=True)


def _lines(report: Report) -> Iterator[Line]:
    yield from _head(report)
    for number, life in enumerate(report.lives, start=1):
        yield from _life(number, life, report)
    for token in report.access_tokens:
        yield from _access_token(token)
    yield 0, "", "", ""
    yield 0, "", f"Events that led to it: {len(report.events)}", "bold"
    for event in report.events:
        yield from _event(event)
    yield 0, "", "", ""
    yield from _checks(report)


def _head(report: Report) -> Iterator[Line]:
    place, service = report.place, report.service
    yield 0, "entity", f"{report.identity}: {_existence(report)}", "bold"
    yield 0, "service", f"{service.sid} ({service.friendly_name})", ""
    yield 0, "account", service.account_sid, ""
    if service.deleted_at is not None:
        yield 0, "", f"The service was deleted at {date_text(service.deleted_at)}.", "yellow"
    last = f", recorded {date_text(place.recorded_at)}" if place.recorded_at else ""
    yield 0, "as of", f"position {place.position} of {place.head} in shard {place.shard}, epoch {place.epoch}{last}", ""
    if not place.is_final:
        yield 0, "", "Later events may still change this answer: the shard ends here.", "dim"


def _existence(report: Report) -> str:
    if report.entity_sid is not None:
        return f"exists as {report.entity_sid}"
    return "deleted" if report.lives else "not there"


def _life(number: int, life: Life, report: Report) -> Iterator[Line]:
    yield 0, "", "", ""
    yield 0, "", f"Life {number}: {life.entity_sid}", "bold"
    yield 2, "created", f"{date_text(life.created_at)} by {life.created_by}", ""
    if life.deleted_at is not None:
        yield 2, "deleted", f"{date_text(life.deleted_at)} by {life.deleted_by}", ""
    for forgotten in report.forgotten:
        if life.entity_sid in forgotten.entity_sids:
            yield 2, "forgotten", f"{date_text(forgotten.at)} by {forgotten.by}", "yellow"
    for factor in report.factors:
        if factor.entity_sid == life.entity_sid:
            yield from _factor(factor)
    for challenge in report.challenges:
        if challenge.entity_sid == life.entity_sid:
            yield from _challenge(challenge)


def _factor(factor: FactorFacts) -> Iterator[Line]:
    status = f"{factor.status}, deleted" if factor.deleted else factor.status
    yield 2, "", f"Factor {factor.sid} ({factor.type}): {status}", "bold"
    yield 4, "enrolled", f"{date_text(factor.created_at)} by {factor.enrolled_by}", ""
    if factor.updated_at != factor.created_at:
        yield 4, "changed", date_text(factor.updated_at), ""
    if factor.totp is None:
        yield 4, "public key", f"SHA-256 {factor.public_key_sha256}", ""
        yield 4, "app", f"{factor.app_id}, SDK {factor.sdk_version}, pushes by {factor.notification_platform}", ""
    else:
        yield 4, "codes", _codes(factor.totp), ""
    yield from _sealed("name", factor.friendly_name)
    yield from _sealed("metadata", factor.metadata)


def _codes(config: TotpConfig) -> str:
    return f"{config.code_length} digits each {config.time_step} s by {config.alg}, {config.skew} steps of skew"


def _challenge(challenge: ChallengeFacts) -> Iterator[Line]:
    yield 2, "", f"Challenge {challenge.sid}: {challenge.status}", "bold"
    yield 4, "factor", challenge.factor_sid, ""
    yield 4, "asked", f"{date_text(challenge.created_at)} by {challenge.asked_by}", ""
    yield 4, "until", date_text(challenge.expires_at), ""
    if challenge.attempts:
        yield 4, "codes tried", str(challenge.attempts), ""
    if challenge.responded_at is not None:
        yield 4, "answered", f"{date_text(challenge.responded_at)} by {challenge.answered_by}", ""
    yield from _sealed("details", challenge.details)
    yield from _sealed("hidden", challenge.hidden_details)
    yield from _sealed("metadata", challenge.metadata)
    if challenge.receipt is not None:
        yield 4, "receipt", _verdict(challenge.receipt), "green" if challenge.receipt.is_right else "bold red"


def _verdict(receipt: ReceiptCheck) -> str:
    reason = f": {receipt.reason}" if receipt.reason else ""
    names = f" ({', '.join(receipt.different)})" if receipt.different else ""
    return f"{receipt.verdict}{reason}{names}"


def _sealed(name: str, sealed: SealedText | None) -> Iterator[Line]:
    if sealed is not None:
        yield 4, name, sealed.state if sealed.text is None else sealed.text, "dim" if sealed.text is None else ""


def _access_token(token: AccessTokenFacts) -> Iterator[Line]:
    yield 0, "", "", ""
    yield 0, "", f"Access token {token.sid}", "bold"
    yield 2, "issued", f"{date_text(token.issued_at)} by {token.issued_by}", ""
    yield 2, "enrolled", token.factor_sid or f"nothing yet; until {date_text(token.expires_at)}", ""


def _event(audited: AuditedEvent) -> Iterator[Line]:
    event = audited.event
    mark = "" if audited.intact else "  NOT INTACT"
    what = f"{event.type} v{event.version}{mark}"
    yield 0, "", f"{event.position:>8}  {date_text(audited.recorded_at)}  {what}", "" if audited.intact else "bold red"
    yield 10, "by", event.actor, ""
    yield 10, "correlation", event.correlation_id, "dim"
    yield from _fields(10, event.fields)


def _fields(indentation: int, fields: dict[str, Any]) -> Iterator[Line]:  # Any: what JSON can say
    told = [f"{name}={_value(value)}" for name, value in fields.items() if name not in TOLD_ONCE]
    for line in _filled(told, COLUMNS - indentation):
        yield indentation, "", line, "dim"


def _filled(words: Sequence[str], columns: int) -> Iterator[str]:
    """As many words a line as fit; one that is longer than a line is cut, and JSON has it whole."""
    line = ""
    for word in words:
        short = word if len(word) <= columns else f"{word[: columns - 1]}…"
        if line and len(line) + 1 + len(short) > columns:
            yield line
            line = short
        else:
            line = f"{line} {short}" if line else short
    if line:
        yield line


def _value(value: Any) -> str:  # Any: what JSON can say
    return value if isinstance(value, str) else compact(value)


def _checks(report: Report) -> Iterator[Line]:
    place = report.place
    yield 0, "", "Checks" if report.is_right else "Checks: NOT RIGHT", "bold" if report.is_right else "bold red"
    if not report.flaws:
        yield (
            2,
            "log",
            f"positions 1 to {place.position} of shard {place.shard} are there, each as its envelope says",
            "",
        )
        yield 2, "streams", "versions without a gap; each event could follow what came before", ""
    for flaw in report.flaws:
        yield 2, "log", f"shard {flaw.shard}, position {flaw.position}: {flaw.text}", "bold red"
    counts = ", ".join(f"{count} {verdict}" for verdict, count in sorted(report.receipts.items()))
    yield 2, "receipts", counts or "there are none", ""
