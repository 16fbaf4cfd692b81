"""How single values look on the wire: enumerations, embedded JSON, page links. Dates are `challenge_view.date_text`."""

from typing import Annotated, Final

import msgspec

from pushward.api.common.v1 import common_pb2 as common
from services.edge.app.models.shapes import Url, told
from services.edge.app.params import PAGE_SIZE_MAX, PageParams
from services.edge.app.urls import with_query

FACTOR_TYPES: Final = {common.FACTOR_TYPE_PUSH: "push", common.FACTOR_TYPE_TOTP: "totp"}
FACTOR_STATUSES: Final = {
    common.FACTOR_STATUS_UNVERIFIED: "unverified",
    common.FACTOR_STATUS_VERIFIED: "verified",
}
PLATFORMS: Final = {
    common.NOTIFICATION_PLATFORM_NONE: "none",
    common.NOTIFICATION_PLATFORM_FCM: "fcm",
    common.NOTIFICATION_PLATFORM_APN: "apn",
}
TOTP_ALGORITHMS: Final = {
    common.TOTP_ALGORITHM_SHA1: "sha1",
    common.TOTP_ALGORITHM_SHA256: "sha256",
    common.TOTP_ALGORITHM_SHA512: "sha512",
}


def raw_json(text: str) -> msgspec.Raw:
    """JSON that is embedded as it is."""
    return msgspec.Raw(text.encode())


class PageMeta(msgspec.Struct):
    """Where a page stands among its neighbours."""

    page: Annotated[int, told(minimum=0)]
    page_size: Annotated[int, told(minimum=1, maximum=PAGE_SIZE_MAX)]
    first_page_url: Url
    previous_page_url: Url | None
    url: Url
    next_page_url: Url | None
    key: str


def page_meta(key: str, url: str, params: PageParams, page: common.PageReply) -> PageMeta:
    """The `meta` of a list at `url`. Its links are absolute and carry PageToken: helpers follow them verbatim."""

    def link(number: int, token: str) -> str:
        pairs = [*params.filters(), ("PageSize", str(params.page_size)), ("Page", str(number))]
        return with_query(url, [*pairs, ("PageToken", token)] if token else pairs)

    return PageMeta(
        page=params.page,
        page_size=params.page_size,
        first_page_url=link(0, ""),
        previous_page_url=link(max(params.page - 1, 0), page.previous_token) if page.previous_token else None,
        url=link(params.page, params.page_token),
        next_page_url=link(params.page + 1, page.next_token) if page.next_token else None,
        key=key,
    )
