"""errors.json: which error an answer stands for, and what a wrong clock leads to."""

from typing import Final

from clients.vectors.make.clock import clock_cases
from clients.vectors.make.exchanges import (
    answer,
    envelope,
    error_of,
)
from clients.vectors.make.known import (
    Json,
    Object,
    text_of,
)

BY_STATUS: Final = (
    (400, 60306, "ApiError"),
    (401, 20003, "AuthenticationError"),
    (401, 20104, "AuthenticationError"),
    (403, 20403, "PermissionDeniedError"),
    (403, 60311, "PermissionDeniedError"),
    (403, 60313, "PermissionDeniedError"),
    (403, 60322, "PermissionDeniedError"),
    (403, 60323, "PermissionDeniedError"),
    (403, 60324, "PermissionDeniedError"),
    (404, 20404, "NotFoundError"),
    (404, 60390, "NotFoundError"),
    (404, 60391, "NotFoundError"),
    (409, 60317, "ApiError"),
    (429, 20429, "RateLimitedError"),
    (500, 20500, "ServerUnavailableError"),
    (503, 20503, "ServerUnavailableError"),
)


def content() -> Object:
    """The whole file."""
    return {
        "about": "Answers that are no success, and the error each stands for. `server_writes` are such as Pushward "
        "writes, `cases` what others between may make of them. Where no message is given, any text will do. "
        "`clock_cases` are like the cases of requests.json, with the device there.",
        "server_writes": [
            *(_refusal(status, code, error) for status, code, error in BY_STATUS),
            _refusal(429, 20429, "RateLimitedError", retry_after_seconds=7),
            _refusal(503, 20503, "ServerUnavailableError", retry_after_seconds=5),
        ],
        "cases": _by_others(),
        "clock_cases": clock_cases(),
    }


def _refusal(status: int, code: int, error: str, retry_after_seconds: int | None = None) -> Object:
    message = f"What is wrong, in gr\u00fcn ({code})."
    headers: Object = {} if retry_after_seconds is None else {"Retry-After": str(retry_after_seconds)}
    after = "" if retry_after_seconds is None else f", after {retry_after_seconds} seconds"
    return {
        "name": f"{status} with code {code}{after}.",
        **answer(status, envelope(status, code, message), headers),
        "error": error_of(error, status, code, message=message, retry_after_seconds=retry_after_seconds),
    }


def _by_others() -> list[Json]:
    good = envelope(403, 60324, "No.")
    texts = {
        "A proxy's page.": b"<html>Bad gateway</html>",
        "Nothing.": b"",
        "A list.": b"[]",
        "A member twice: no envelope.": text_of(good).replace(b'"code":', b'"code":1,"code":'),
        "Invalid UTF-8: no envelope.": text_of(good).replace(b"No.", b"No\xff"),
    }
    codes: dict[str, Json] = {"text": "60324", "a truth value": True, "null": None, "a fraction": 60324.5}
    waits = {
        "a date": "Fri, 15 Jan 2027 08:05:00 GMT",
        "negative": "-1",
        "a fraction": "1.5",
        "words": "soon",
        "empty": "",
    }
    statuses = {
        401: "AuthenticationError",
        403: "PermissionDeniedError",
        404: "NotFoundError",
        405: "ApiError",
        413: "ApiError",
        418: "ApiError",
        429: "RateLimitedError",
        500: "ServerUnavailableError",
        502: "ServerUnavailableError",
        504: "ServerUnavailableError",
        599: "ServerUnavailableError",
    }
    return [
        *(
            {
                "name": f"{status} without an envelope: not the server's word.",
                **answer(status, b"<html>"),
                "error": error_of(error, status, None),
            }
            for status, error in statuses.items()
        ),
        *(
            {"name": name, **answer(403, text), "error": error_of("PermissionDeniedError", 403, None)}
            for name, text in texts.items()
        ),
        *(
            {
                "name": f"A code that is {kind} is none.",
                **answer(403, good | {"code": code}),
                "error": error_of("PermissionDeniedError", 403, None, message="No."),
            }
            for kind, code in codes.items()
        ),
        {
            "name": "The status of the answer counts, not the one in its body.",
            **answer(404, good),
            "error": error_of("NotFoundError", 404, 60324, message="No."),
        },
        *(
            {
                "name": f"A Retry-After that is {kind} is none.",
                **answer(429, envelope(429, 20429, "No."), {"Retry-After": text}),
                "error": error_of("RateLimitedError", 429, 20429, message="No."),
            }
            for kind, text in waits.items()
        ),
    ]
