"""Messages as the services send them."""

from google.protobuf.timestamp_pb2 import Timestamp

from pushward.api.challenge.v1 import challenge_pb2 as challenge
from pushward.api.common.v1 import common_pb2 as common
from pushward.api.insights.v1 import insights_pb2 as insights
from pushward.api.registry.v1 import registry_pb2 as registry
from pushward.api.relay.v1 import relay_pb2 as relay
from pushward.api.webhook.v1 import webhook_pb2 as webhook
from tests.integration.edge.world import AC, IDENTITY, SK, VA, YC, YE, YF, YK, YW

MOMENT = Timestamp(seconds=1_767_225_600)

API_KEY = registry.ApiKey(sid=SK, account_sid=AC, friendly_name="Billing", date_created=MOMENT, date_updated=MOMENT)
SERVICE = registry.Service(sid=VA, account_sid=AC, friendly_name="prod", date_created=MOMENT, date_updated=MOMENT)
ENTITY = registry.Entity(
    sid=YE, account_sid=AC, service_sid=VA, identity=IDENTITY, date_created=MOMENT, date_updated=MOMENT
)
FACTOR = registry.Factor(
    sid=YF,
    account_sid=AC,
    service_sid=VA,
    entity_sid=YE,
    identity=IDENTITY,
    friendly_name="phone",
    status=common.FACTOR_STATUS_VERIFIED,
    factor_type=common.FACTOR_TYPE_PUSH,
    push=registry.PushConfig(notification_platform=common.NOTIFICATION_PLATFORM_FCM, notification_token="t" * 32),
    public_key=b"key",
    date_created=MOMENT,
    date_updated=MOMENT,
)
ACCESS_TOKEN = registry.AccessToken(
    sid=YK,
    account_sid=AC,
    service_sid=VA,
    entity_identity=IDENTITY,
    factor_type=common.FACTOR_TYPE_PUSH,
    token="secret",
    ttl=60,
    date_created=MOMENT,
)
CHALLENGE = challenge.Challenge(
    sid=YC,
    account_sid=AC,
    service_sid=VA,
    entity_sid=YE,
    identity=IDENTITY,
    factor_sid=YF,
    status=challenge.STATUS_PENDING,
    factor_type=common.FACTOR_TYPE_PUSH,
    details_json='{"message":"Log in?","fields":[]}',
    date_created=MOMENT,
    date_updated=MOMENT,
    expiration_date=MOMENT,
)
NOTIFICATION = challenge.Notification(
    sid="NT" + YC[2:],
    account_sid=AC,
    service_sid=VA,
    entity_sid=YE,
    identity=IDENTITY,
    challenge_sid=YC,
    ttl_seconds=0,
    date_created=MOMENT,
)
RECEIPT = challenge.Receipt(jws="a.b.c", public_key=b"\xfb\xff\xfe")
PROMPT = challenge.Prompt(challenge_sid=YC, factor_sid=YF, message="Log in?\nNow?", expiration_date=MOMENT)
WEBHOOK = webhook.Webhook(
    sid=YW,
    account_sid=AC,
    service_sid=VA,
    friendly_name="hook",
    event_types=["challenge.approved"],
    status="enabled",
    version="v2",
    webhook_url="https://hooks.example.com/",
    date_created=MOMENT,
    date_updated=MOMENT,
)

EVENT = relay.Event(
    position=9,
    stream_id=bytes(15) + b"\x01",
    version=3,
    event_id=bytes(15) + b"\x09",
    type=40,
    schema=1,
    recorded_at=Timestamp(seconds=MOMENT.seconds, nanos=1_002_000),
    envelope=b"envelope",
    payload=b"payload",
)
EVENTS = relay.ListEventsReply(
    epoch=1,
    shard=2,
    scanned_through=10,
    head=12,
    shards=4,
    last_event_id=bytes(15) + b"\x0a",
    after_event_id=bytes(15) + b"\x07",
    events=[EVENT],
)

FIGURES = insights.Figures(
    created=5,
    approved=2,
    denied=1,
    expired=1,
    answered=3,
    time_to_answer_ms_sum=9_000,
    time_to_answer_ms_max=5_000,
    suspected_push_bombing=1,
)
INSIGHTS = insights.GetInsightsReply(
    window_seconds=300, windows=[insights.Window(start=MOMENT, figures=FIGURES)], total=FIGURES, counted_at=MOMENT
)
