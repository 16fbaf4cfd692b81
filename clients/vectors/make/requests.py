"""requests.json: what each operation sends, in which order, and what comes of the answers."""

from typing import Final

from clients.vectors.make.answer_requests import answer_cases
from clients.vectors.make.answers import ELSEWHERE, READ
from clients.vectors.make.exchanges import (
    CHALLENGES,
    FACTOR_HERE,
    STREAM,
    answer,
    case,
    exchange,
    request,
    shown,
)
from clients.vectors.make.factor_requests import factor_cases, push_target_cases
from clients.vectors.make.known import (
    BASE_URL,
    CHALLENGE_SID,
    FACTOR_SID,
    NOW_SECONDS,
    OTHER_CHALLENGE_SID,
    OTHER_FACTOR_SID,
    Json,
    Object,
    challenge,
    named,
    page,
)

SAFE_URLS: Final = (
    "https://verify.example.com",
    "https://verify.example.com/",
    "https://verify.example.com:8443",
    "https://example.com/pushward",
    "https://192.0.2.7",
    "http://127.0.0.1:8080",
    "http://localhost:8080",
    "http://[::1]:8080",
)
UNSAFE_URLS: Final = (
    "http://verify.example.com",
    "http://192.0.2.7:8080",
    "http://localhost.example.com",
    "http://127.0.0.1.example.com",
    "ftp://verify.example.com",
    "verify.example.com",
    "//verify.example.com",
    "https://user:secret@verify.example.com",
    "https://verify.example.com?x=1",
    "https://verify.example.com#x",
    "https://",
    "",
)


def content() -> Object:
    """The whole file."""
    return {
        "about": "Operations, the requests that they send in this order (no other), and what comes of the answers. "
        "query and form hold all pairs there are; form null means no body; paths are percent-encoded; headers are "
        "those that matter. README.md says what an object in a form or an authorization stands for.",
        "device": {
            "base_url": BASE_URL,
            "now_seconds": NOW_SECONDS,
            "clock_correction_seconds": 0,
            "factor": FACTOR_HERE,
            "key": "device",
        },
        "cases": [*factor_cases(), *_listing(), *answer_cases(), *_listening()],
        "push_target_cases": push_target_cases(),
        "base_urls": [
            *(named(f"{url} is safe.", base_url=url) for url in SAFE_URLS),
            *(named(f"{url or 'No URL'} is not.", base_url=url, error="BaseUrlError") for url in UNSAFE_URLS),
        ],
    }


def _listing() -> list[Json]:
    query: Object = {"PageSize": "50", "FactorSid": FACTOR_SID, "Order": "asc"}
    full: Object = {
        "PageSize": "20",
        "FactorSid": FACTOR_SID,
        "Order": "desc",
        "Status": "pending",
        "PageToken": "a+b=&c",
    }
    return [
        case(
            "List with nothing said: 50 a page, oldest first, of any status.",
            "challenges.list",
            {"factor_sid": FACTOR_SID},
            exchange(request("GET", CHALLENGES, query=query), answer(200, page(challenge()))),
            result={"challenges": [READ], "next_page_token": None},
        ),
        case(
            "List with everything said; the page's URL is on another host, and only its token is taken.",
            "challenges.list",
            {
                "factor_sid": FACTOR_SID,
                "status": "pending",
                "order": "desc",
                "page_size": 20,
                "page_token": "a+b=&c",
            },
            exchange(
                request("GET", CHALLENGES, query=full),
                answer(200, page(next_page_url=f"{ELSEWHERE}?PageToken=n%2Bext")),
            ),
            result={"challenges": [], "next_page_token": "n+ext"},
        ),
        case(
            "List all: page after page.",
            "challenges.list_all",
            {"factor_sid": FACTOR_SID},
            exchange(
                request("GET", CHALLENGES, query=query),
                answer(200, page(challenge(), next_page_url=f"{ELSEWHERE}?PageToken=2")),
            ),
            exchange(
                request("GET", CHALLENGES, query=query | {"PageToken": "2"}),
                answer(200, page(challenge(sid=OTHER_CHALLENGE_SID))),
            ),
            result=[READ, READ | {"sid": OTHER_CHALLENGE_SID}],
        ),
        case(
            "Get one.",
            "challenges.get",
            {"factor_sid": FACTOR_SID, "challenge_sid": CHALLENGE_SID},
            exchange(request("GET", f"{CHALLENGES}/{CHALLENGE_SID}"), shown()),
            result=READ,
        ),
        case(
            "Get one, and the answer is another factor's.",
            "challenges.get",
            {"factor_sid": FACTOR_SID, "challenge_sid": CHALLENGE_SID},
            exchange(request("GET", f"{CHALLENGES}/{CHALLENGE_SID}"), shown(factor_sid=OTHER_FACTOR_SID)),
            error="WrongFactorError",
        ),
        case(
            "Get one, and the answer is about another.",
            "challenges.get",
            {"factor_sid": FACTOR_SID, "challenge_sid": CHALLENGE_SID},
            exchange(request("GET", f"{CHALLENGES}/{CHALLENGE_SID}"), shown(sid=OTHER_CHALLENGE_SID)),
            error="AnswerFormatError",
        ),
    ]


def _listening() -> list[Json]:
    pending: Object = {"PageSize": "50", "FactorSid": FACTOR_SID, "Order": "asc", "Status": "pending"}
    return [
        case(
            "Listen: first the stream, then what is pending, then each one by itself.",
            "listen",
            {"factor_sid": FACTOR_SID},
            exchange(
                request("GET", STREAM, accept="text/event-stream"),
                answer(200, b": listening\n\n", {"Content-Type": "text/event-stream"}) | {"stays_open": True},
            ),
            exchange(request("GET", CHALLENGES, query=pending), answer(200, page(challenge()))),
            exchange(request("GET", f"{CHALLENGES}/{CHALLENGE_SID}"), shown()),
            first=READ,
        ),
    ]
