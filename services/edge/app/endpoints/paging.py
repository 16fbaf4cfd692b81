"""A page's parameters as the services take them."""

from pushward.api.common.v1.common_pb2 import PageRequest
from services.edge.app.params import PageParams


def page_request(params: PageParams) -> PageRequest:
    """The keyset page that is asked for; `Page` is only echoed."""
    return PageRequest(size=params.page_size, token=params.page_token)
