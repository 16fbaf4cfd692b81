"""The stock client's own transport, watched: requests go out and answers come back as they would without us."""

import threading
import time
from typing import Any, Final

import requests
from twilio.http.http_client import TwilioHttpClient

from samples.backend.calls import Calls

TIMEOUT_SECONDS: Final = 10.0


class RecordedHttpClient(TwilioHttpClient):  # type: ignore[misc]  # the library ships no types
    """Give it to the stock client as ``http_client``. Any stands for the library's objects: it ships no types."""

    def __init__(self, calls: Calls) -> None:
        super().__init__(timeout=TIMEOUT_SECONDS, request_hooks={"response": [self._record]})
        # The environment's proxies and .netrc are for elsewhere: each request carries the account's token.
        self.session.trust_env = False
        self._calls = calls
        self._of_thread = threading.local()

    @property
    def answer(self) -> requests.Response | None:
        """This thread's last answer: the library's errors carry no headers, and those of lists no status either."""
        answer: requests.Response | None = getattr(self._of_thread, "answer", None)
        return answer

    def request(self, method: str, url: str, *arguments: Any, **named: Any) -> Any:
        """As the library calls it. Raises what the library raises."""
        self._of_thread.answer = None
        started_at = time.monotonic()
        try:
            return super().request(method, url, *arguments, **named)
        except requests.RequestException as error:
            self._calls.record(
                "out",
                method,
                url,
                request_headers=(),
                request_body="",
                status=None,
                response_body=f"No answer: {type(error).__name__}",
                duration_ms=(time.monotonic() - started_at) * 1000,
            )
            raise

    def _record(self, answer: requests.Response, *_: Any, **__: Any) -> None:
        self._of_thread.answer = answer
        sent = answer.request
        self._calls.record(
            "out",
            sent.method or "",
            sent.url or "",
            request_headers=[(name, str(value)) for name, value in sent.headers.items()],
            request_body=str(sent.body or ""),
            status=answer.status_code,
            response_headers=answer.headers.items(),
            response_body=answer.text,
            duration_ms=answer.elapsed.total_seconds() * 1000,
        )
