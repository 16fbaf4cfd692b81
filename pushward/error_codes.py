"""Every code that Pushward answers with: the contract's (section 1c, section 10), and what each says to its reader.

The one table. Modules take their codes from the names here; docs/api/errors.md, the pages behind `more_info` and the
OpenAPI document are made from `DICTIONARY`. A code has one HTTP status, that of the class in `pushward.errors` that it
is raised with. Codes are for ever: none is given a new meaning, and none is taken back.
"""

from dataclasses import dataclass
from typing import Final

BAD_CREDENTIALS: Final = 20003
METHOD_NOT_ALLOWED: Final = 20004
UNKNOWN_ACCESS_TOKEN: Final = 20101
EXPIRED_TOKEN: Final = 20104
FORBIDDEN: Final = 20403
NOT_FOUND: Final = 20404
CONFLICT: Final = 20409
BODY_TOO_LARGE: Final = 20413
TOO_MANY_REQUESTS: Final = 20429
INTERNAL: Final = 20500
UNAVAILABLE: Final = 20503
CREDENTIAL_MISSING: Final = 52004
INVALID_SERVICE: Final = 60200
INVALID_PARAMETER: Final = 60300
ENTITY_EXISTS: Final = 60301
INVALID_ACCESS_TOKEN: Final = 60305
INVALID_REQUEST: Final = 60306
NO_NOTIFICATION_PLATFORM: Final = 60307
CHALLENGE_TRIES_EXHAUSTED: Final = 60308
NOTIFICATIONS_EXHAUSTED: Final = 60309
FACTOR_TRIES_EXHAUSTED: Final = 60310
FACTOR_VERIFICATION_FAILED: Final = 60311
CHALLENGE_CREATIONS_EXHAUSTED: Final = 60312
UNAUTHORIZED_FACTOR_CREATION: Final = 60313
INVALID_BINDING: Final = 60314
TOO_MANY_FACTORS: Final = 60315
SAME_BINDING: Final = 60317
FACTOR_NOT_VERIFIED: Final = 60318
CHALLENGE_ANSWERED: Final = 60322
CHALLENGE_EXPIRED: Final = 60323
CHALLENGE_VERIFICATION_FAILED: Final = 60324
FACTOR_CREATIONS_EXHAUSTED: Final = 60326
ENTITY_CREATIONS_EXHAUSTED: Final = 60328
INVALID_IDENTITY: Final = 60367
INVALID_DETAILS: Final = 60368
INVALID_FACTOR_TYPE: Final = 60369
INVALID_CONFIG: Final = 60370
INVALID_PAGE_SIZE: Final = 60373
INVALID_PAGE_TOKEN: Final = 60374
FACTOR_NOT_FOUND: Final = 60390
CHALLENGE_NOT_FOUND: Final = 60391
ENTITY_NOT_FOUND: Final = 60392


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """One entry of the dictionary: two sentences for whoever meets the code."""

    code: int
    status: int  # HTTP
    title: str
    when: str
    remedy: str


DICTIONARY: Final = (
    ErrorCode(
        BAD_CREDENTIALS,
        401,
        "Authentication failed",
        "The Authorization header is missing, isn't HTTP Basic, or holds credentials that nobody has: a wrong auth "
        "token or API key, or a device token whose claims or signature don't verify.",
        "Send an account's SID with its auth token, an API key with its secret, or `token` with a device's token. "
        "A device whose clock is off finds the right time in the `Date` header.",
    ),
    ErrorCode(
        METHOD_NOT_ALLOWED,
        405,
        "Method not allowed",
        "The path exists, but not with this method.",
        "Use one of the methods that the `Allow` header names.",
    ),
    ErrorCode(
        UNKNOWN_ACCESS_TOKEN,
        401,
        "Access token unknown",
        "The password is no access token that was issued here.",
        "Ask your backend for a new access token.",
    ),
    ErrorCode(
        EXPIRED_TOKEN,
        401,
        "Token expired",
        "The access token or the device's token was right, but its time is over.",
        "Ask your backend for a new access token; a device signs a new token, by the time of the `Date` header.",
    ),
    ErrorCode(
        FORBIDDEN,
        403,
        "Not allowed",
        "Whoever asks is known but may not do this: a device beyond its own factor, the bearer of an access token "
        "beyond its one enrolment.",
        "Do it with the account's credentials.",
    ),
    ErrorCode(
        NOT_FOUND,
        404,
        "Not found",
        "There is no such path, or no such resource of this account. What belongs to others looks the same.",
        "Check the SIDs in the path and which account's credentials were sent.",
    ),
    ErrorCode(
        CONFLICT,
        409,
        "Conflict",
        "What is asked contradicts how things are: the account has 50 API keys already, or `after` lies beyond the end "
        "of the shard, since the position was kept from another history, as after a restore.",
        "Revoke a key first; compare epoch and event id, and go back to where both agree (docs/events/subscribing.md).",
    ),
    ErrorCode(
        BODY_TOO_LARGE,
        413,
        "Body too long",
        "The request's body is longer than 64 KiB.",
        "Send less.",
    ),
    ErrorCode(
        TOO_MANY_REQUESTS,
        429,
        "Too many requests",
        "A limit was reached, or a command lost eight times in a row to others on the same entity.",
        "Try again later; after as many seconds as `Retry-After` says, if it is there.",
    ),
    ErrorCode(
        INTERNAL,
        500,
        "Internal error",
        "Something went wrong on our side. The log says what.",
        "Tell whoever runs this installation, with the time of the request.",
    ),
    ErrorCode(
        UNAVAILABLE,
        503,
        "Unavailable",
        "Something that is needed is away, or too much is asked at once.",
        "Send the same request again; after as many seconds as `Retry-After` says, if it is there.",
    ),
    ErrorCode(
        CREDENTIAL_MISSING,
        400,
        "Push credential not configured",
        "A factor is to be reached over `fcm` or `apn`, but its service has no credential for that platform.",
        "Set `Push.FcmCredentialSid` or `Push.ApnCredentialSid` on the service, or use the platform `none`.",
    ),
    ErrorCode(
        INVALID_SERVICE,
        400,
        "Invalid service parameter",
        "A setting of a service is missing or out of bounds; the message names it.",
        "Correct the parameter that the message names.",
    ),
    ErrorCode(
        INVALID_PARAMETER,
        400,
        "Invalid parameter",
        "A value can't be read, such as Metadata that isn't a JSON object of strings. Nothing was processed. Also told "
        "for what isn't HTTP at all, then with the status 400, 408 or 431.",
        "Correct the value that the message names.",
    ),
    ErrorCode(
        ENTITY_EXISTS,
        409,
        "Entity exists",
        "An entity is to be created whose identity the service has already.",
        "Use the entity that there is, or another identity. Factors create their entity by themselves.",
    ),
    ErrorCode(
        INVALID_ACCESS_TOKEN,
        400,
        "Invalid access token parameter",
        "A parameter of an access token is missing or out of bounds; the message names it.",
        "Correct the parameter that the message names.",
    ),
    ErrorCode(
        INVALID_REQUEST,
        400,
        "Invalid request",
        "The form or query can't be read, or a parameter is missing or out of bounds; the message names it.",
        "Correct the parameter that the message names.",
    ),
    ErrorCode(
        NO_NOTIFICATION_PLATFORM,
        400,
        "Factor without notifications",
        "A notification is asked for, but the factor's platform is `none`.",
        "Let the device poll or listen, or set a platform and token on the factor.",
    ),
    ErrorCode(
        CHALLENGE_TRIES_EXHAUSTED,
        429,
        "Challenge tries exhausted",
        "Five wrong codes were tried on this challenge.",
        "Create another challenge; this one stays pending until it expires.",
    ),
    ErrorCode(
        NOTIFICATIONS_EXHAUSTED,
        429,
        "Notifications exhausted",
        "Three notifications were asked for already, beside the push that the challenge's creation sent.",
        "Let the user open the app, or create another challenge.",
    ),
    ErrorCode(
        FACTOR_TRIES_EXHAUSTED,
        429,
        "Factor tries exhausted",
        "Five wrong codes were tried to verify this factor.",
        "Delete the factor and enrol another one.",
    ),
    ErrorCode(
        FACTOR_VERIFICATION_FAILED,
        403,
        "Factor verification failed",
        "`AuthPayload` is no signature of the factor's SID by the factor's key.",
        "Sign the SID's characters with the key whose public half is in the binding: ECDSA over SHA-256, DER, base64.",
    ),
    ErrorCode(
        CHALLENGE_CREATIONS_EXHAUSTED,
        429,
        "Challenge creations exhausted",
        "As many challenges as a TOTP factor may have were created: 10 in 24 hours with codes of up to 4 digits, else "
        "50 in an hour and 100 in 24 hours.",
        "Try again later.",
    ),
    ErrorCode(
        UNAUTHORIZED_FACTOR_CREATION,
        403,
        "Factor creation not authorized",
        "The access token is for another service, identity or factor type, or has created its one factor already.",
        "Ask your backend for an access token for this user.",
    ),
    ErrorCode(
        INVALID_BINDING,
        400,
        "Invalid binding",
        "`Binding.Alg` isn't ES256, `Binding.PublicKey` isn't a key on P-256, or `Binding.Secret` isn't a usable "
        "secret.",
        "Send the SubjectPublicKeyInfo as DER in standard base64, its point uncompressed; a secret in base32.",
    ),
    ErrorCode(
        TOO_MANY_FACTORS,
        400,
        "Too many factors",
        "The entity has as many factors of this type as it may have: 20 for push, 100 for TOTP. Unverified ones count.",
        "Delete factors that nobody uses any more.",
    ),
    ErrorCode(
        SAME_BINDING,
        409,
        "Same binding",
        "The entity has a factor with this very key already.",
        "Use the factor that there is, or make a new key.",
    ),
    ErrorCode(
        FACTOR_NOT_VERIFIED,
        403,
        "Factor not verified",
        "A challenge is to be created for a factor that hasn't been verified.",
        "Verify the factor first.",
    ),
    ErrorCode(
        CHALLENGE_ANSWERED,
        403,
        "Challenge answered",
        "The challenge was approved or denied before; the first answer counts.",
        "Fetch the challenge to see its status.",
    ),
    ErrorCode(
        CHALLENGE_EXPIRED,
        403,
        "Challenge expired",
        "The challenge's time is over.",
        "Create another challenge.",
    ),
    ErrorCode(
        CHALLENGE_VERIFICATION_FAILED,
        403,
        "Challenge verification failed",
        "`AuthPayload` is no JWS by the factor's key over what the server shows: a member differs or is missing, the "
        "signature is wrong, or the payload isn't strict JSON.",
        "Fetch the challenge and sign the members that `Twilio-Verify-Signature-Fields` names, as they are.",
    ),
    ErrorCode(
        FACTOR_CREATIONS_EXHAUSTED,
        429,
        "Factor creations exhausted",
        "More than 100 factors of the entity were created within 24 hours.",
        "Try again later.",
    ),
    ErrorCode(
        ENTITY_CREATIONS_EXHAUSTED,
        429,
        "Entity creations exhausted",
        "The account creates entities faster than it may: 40 a second by default, those that factors create included.",
        "Try again after as many seconds as `Retry-After` says.",
    ),
    ErrorCode(
        INVALID_IDENTITY,
        400,
        "Invalid identity",
        "An identity that is to be created hasn't 8 to 64 characters, or others than letters, digits and dashes.",
        "Use an opaque identifier such as a UUID, never an e-mail address.",
    ),
    ErrorCode(
        INVALID_DETAILS,
        400,
        "Invalid details",
        "`Details.Message` is missing or too long, or an item of `Details.Fields` isn't a label and a value.",
        "Correct what the message names.",
    ),
    ErrorCode(
        INVALID_FACTOR_TYPE,
        400,
        "Invalid factor type",
        "There is no such factor type, or the factor's type can't do this.",
        "Use a type that the message names.",
    ),
    ErrorCode(
        INVALID_CONFIG,
        400,
        "Invalid configuration",
        "A `Config.…` parameter is missing or out of bounds; the message names it.",
        "Correct the parameter that the message names.",
    ),
    ErrorCode(
        INVALID_PAGE_SIZE,
        400,
        "Invalid page size",
        "`PageSize` isn't a number from 1 to 1000.",
        "Leave it out for 50.",
    ),
    ErrorCode(
        INVALID_PAGE_TOKEN,
        400,
        "Invalid page token",
        "`PageToken` wasn't made by us, or belongs to another list.",
        "Follow the links in `meta` as they are, or start again without it.",
    ),
    ErrorCode(
        FACTOR_NOT_FOUND,
        404,
        "Factor not found",
        "The entity has no such factor, or not any more.",
        "List the entity's factors.",
    ),
    ErrorCode(
        CHALLENGE_NOT_FOUND,
        404,
        "Challenge not found",
        "The entity has no such challenge, or it is another factor's.",
        "Check the SID, and whose challenge it is.",
    ),
    ErrorCode(
        ENTITY_NOT_FOUND,
        404,
        "Entity not found",
        "The service has no entity with this identity, or not any more.",
        "Create it, or a factor for it.",
    ),
)
"""By code, ascending."""

BY_CODE: Final = {entry.code: entry for entry in DICTIONARY}
