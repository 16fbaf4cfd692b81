"""An in-process server can be told to find whoever mutates a message that both sides hold."""

import pytest
from structlog.testing import capture_logs

from pushward.api.notifier.v1 import notifier_pb2_grpc
from pushward.errors import InternalError
from pushward.rpc.channel import open_inprocess
from pushward.rpc.guard import MutatedRequestError
from pushward.rpc.inprocess import InProcessServer
from tests.contract.rpc.peers import Context, Notifier, Reply, Request, answer


async def test_a_servicer_that_mutates_its_request_is_found() -> None:
    """The call fails, and the log names the method."""

    async def mutate(request: Request, context: Context) -> Reply:
        request.factor_sid = "another"
        return Reply()

    server = InProcessServer(watch_requests=True)
    notifier_pb2_grpc.add_NotifierServicer_to_server(Notifier(mutate), server)
    stub = notifier_pb2_grpc.NotifierStub(open_inprocess(server))
    with capture_logs() as logs, pytest.raises(InternalError):
        await stub.OpenDeviceStream(Request(factor_sid="YF1"))
    assert isinstance(logs[0]["exc_info"], MutatedRequestError)


async def test_a_servicer_that_only_reads_passes() -> None:
    """Watching changes nothing else."""
    server = InProcessServer(watch_requests=True)
    notifier_pb2_grpc.add_NotifierServicer_to_server(Notifier(answer), server)
    stub = notifier_pb2_grpc.NotifierStub(open_inprocess(server))
    assert (await stub.OpenDeviceStream(Request(factor_sid="YF1"))).stream_id == b"YF1"
