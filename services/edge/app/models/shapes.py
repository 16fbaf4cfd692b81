"""What single values look like, as types that say it in JSON Schema: the OpenAPI document is made from them.

They constrain nothing here. Of what comes, its owner decides (behind gRPC, with its own code and message); of what goes
out, the end-to-end suite checks every answer against the document.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta
from msgspec import inspect as models

from pushward import ids

Json = dict[str, Any]
"""A JSON object. Any: members of every type."""

REFERENCES: Final = "#/components/schemas/{name}"
TOLD: Final = "x-told"


def told(**keywords: Any) -> Meta:  # Any: JSON
    """JSON Schema keywords for readers, checked by nobody at run time. They win over those that msgspec derives."""
    return Meta(extra_json_schema={TOLD: keywords})


def one_of(*answers: type[msgspec.Struct]) -> Meta:
    """One of these, for a member declared as `object`: msgspec has no unions of Structs without a tag in them.

    The Struct with that member names them in a class variable `alternatives`, for the document to have them all.
    """
    return told(oneOf=[reference(answer) for answer in answers])


def reference(answer: type[msgspec.Struct]) -> Json:
    """Where the document has a model's schema."""
    return {"$ref": REFERENCES.format(name=answer.__name__)}


def for_type(factor_type: str, **members: Json) -> Json:
    """What members look like where `factor_type` is this; for a Struct's class variable `rules`."""
    return {"if": {"properties": {"factor_type": {"const": factor_type}}}, "then": {"properties": members}}


def enumeration(kind: models.Type) -> Sequence[str] | None:
    """The values that a type is told to have, if they are told one by one."""
    schema = (kind.extra_json_schema or {}) if isinstance(kind, models.Metadata) else {}
    choices: Sequence[str] | None = (schema | schema.get(TOLD, {})).get("enum")
    return choices


def sid_pattern(kind: str) -> str:
    """What a caller may send for a SID of this kind."""
    return f"^{kind}[0-9a-fA-F]{{32}}$"


def sid_or_none_pattern(kind: str) -> str:
    """The same, or an empty text."""
    return f"^({kind}[0-9a-fA-F]{{32}})?$"


IDENTITY_PATTERN: Final = "^[A-Za-z0-9-]{8,64}$"
IDENTITY_EXAMPLE: Final = "ff483d1f-f591-4898-9942-837d2b1431d9"


def sid_example(kind: str) -> str:
    """A SID as it may look."""
    return f"{kind}0003019a7d2be48f8c1f8a5b2d6e3f40"


def _sid(kind: str) -> Meta:
    return told(pattern=f"^{kind}[0-9a-f]{{32}}$", examples=[sid_example(kind)])


AccountSid = Annotated[str, _sid(ids.ACCOUNT)]
ServiceSid = Annotated[str, _sid(ids.SERVICE)]
EntitySid = Annotated[str, _sid(ids.ENTITY)]
FactorSid = Annotated[str, _sid(ids.FACTOR)]
ChallengeSid = Annotated[str, _sid(ids.CHALLENGE)]
AccessTokenSid = Annotated[str, _sid(ids.ACCESS_TOKEN)]
WebhookSid = Annotated[str, _sid(ids.WEBHOOK)]
NotificationSid = Annotated[str, _sid(ids.NOTIFICATION)]
ApiKeySid = Annotated[str, _sid(ids.API_KEY)]
CredentialSid = Annotated[str, _sid(ids.CREDENTIAL)]
PushCredentialSid = Annotated[str, told(pattern=sid_pattern(ids.CREDENTIAL))]
"""Of the tenant's, kept as it was given; so are the next two."""
TemplateSid = Annotated[str, told(pattern=sid_pattern("HJ"))]
MessagingServiceSid = Annotated[str, told(pattern=sid_pattern("MG"))]

Identity = Annotated[str, told(pattern=IDENTITY_PATTERN, examples=[IDENTITY_EXAMPLE])]
Date = Annotated[
    str,
    told(
        format="date-time",
        pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$",
        examples=["2030-01-31T12:00:00Z"],
    ),
]
"""UTC, no fraction, always `Z` (contract section 0, Dates)."""
Url = Annotated[str, told(format="uri", pattern="^https?://[^/ ]+(/[^ ]*)?/(v2|pushward/v1)/[^ ]+$")]
"""Absolute, below our base."""
Base64 = Annotated[str, told(contentEncoding="base64", pattern="^[A-Za-z0-9+/]*={0,2}$")]
FactorType = Annotated[str, told(enum=["push", "totp"])]

StringMap = Annotated[msgspec.Raw, told(type="object", additionalProperties={"type": "string"})]
"""A JSON object of strings, embedded as it came."""

JsonOfStrings = Annotated[
    str,
    told(
        contentMediaType="application/json",
        contentSchema={"type": "object", "additionalProperties": {"type": "string"}},
    ),
]
"""A parameter that is a JSON object of strings."""
