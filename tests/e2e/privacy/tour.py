"""A tour through the edge that says something of its own wherever text is taken, and remembers what it said where.

``sealed`` must be nowhere in the clear. ``labels`` are a tenant's names for its own things and what its app says of
itself (docs/adr/0023): they are stored as they are, and being found proves that the place was looked at.
"""

import asyncio
import base64
import json
import secrets
from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.support.api_key import KEYS
from tests.support.phone import STREAM, Phone, receipt_path
from tests.support.privacy.scanner import marker
from tests.support.receiver import Receiver
from tests.support.tenant import Form, Json, Tenant, refused
from tests.support.totp_factor import TotpFactor

CREDENTIAL: Final = "CR" + "0" * 32
NOBODY_LISTENS: Final = "http://127.0.0.1:1"
REFUSALS: Final = 3
"""How often the receiver refuses before it takes anything."""
EVENTS_TOLD: Final = 9
"""Four factors were created, two verified, three challenges answered."""

SEALED: Final = {
    "AuthPayload",
    "Binding.Secret",
    "Config.NotificationToken",
    "Details.Fields",
    "Details.Message",
    "FactorFriendlyName",
    "FriendlyName",
    "HiddenDetails",
    "Metadata",
    "WebhookUrl",
}
"""Parameters that may hold personal data or secrets. ``FriendlyName`` of a service is a label, of all else sealed."""
LABELS: Final = {
    "Config.AppId",
    "Config.SdkVersion",
    "Identity",
    "Passkeys.RelyingParty.Id",
    "Passkeys.RelyingParty.Name",
    "Passkeys.RelyingParty.Origins",
    "Totp.Issuer",
    "TtsName",
    "Whatsapp.From",
}
"""Parameters that are stored as they are."""


@dataclass
class Tour:
    """What was said, by where it was said."""

    sealed: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)

    def says(self, where: str, length: int = 0) -> str:
        """A new text, which must not be found anywhere."""
        return self.sealed.setdefault(where, _text(len(self.sealed), length))

    def calls_it(self, where: str) -> str:
        """A new label, which is stored as it is."""
        return self.labels.setdefault(where, _text(50 + len(self.labels), 0))

    def knows(self, what: str, secret: str) -> str:
        """A secret that the system told, or that it was shown, which must not be found anywhere either."""
        self.sealed[what] = secret
        return secret


async def take(tour: Tour, tenant: Tenant, receiver: Receiver) -> Phone:
    """The whole tour; the phone that it ends with is closed."""
    tour.knows("auth token", tenant.account.auth_token)
    await _api_keys(tour, tenant)
    service = await _service(tour, tenant)
    await _webhooks(tour, tenant, service, receiver)
    identity = tour.calls_it("Identity")
    await _access_token(tour, tenant, service, identity)
    async with Phone.enrolled(tenant, service, identity) as phone:
        await _factors(tour, tenant, phone)
        await _codes(tour, tenant, phone)
        await _answered(tour, tenant, phone, "approved")
        await _answered(tour, tenant, phone, "denied")
        await _pending(tour, tenant, phone)
        await _refused(tour, tenant, phone)
        await receiver.of_type("challenge.denied")
        await receiver.received(REFUSALS + EVENTS_TOLD)
        return phone


async def _api_keys(tour: Tour, tenant: Tenant) -> None:
    """One that is used, and one that is used and revoked."""
    await _api_key(tour, tenant, "kept")
    revoked = await _api_key(tour, tenant, "revoked")
    await tenant.get(KEYS)
    await tenant.delete(revoked)


async def _api_key(tour: Tour, tenant: Tenant, name: str) -> str:
    """The path of a key that was used."""
    key = await tenant.create(KEYS, {"FriendlyName": tour.says(f"name of the {name} API key")})
    secret = tour.knows(f"secret of the {name} API key", str(key["secret"]))
    answer = await tenant.client.get("/v2/Services", auth=(key["sid"], secret))
    assert answer.status_code == 200
    return f"{KEYS}/{key['sid']}"


async def _service(tour: Tour, tenant: Tenant) -> str:
    label = tour.calls_it
    return await tenant.new_service(
        label("service's name")[:32],
        **{
            "Push.FcmCredentialSid": CREDENTIAL,
            "TtsName": label("TtsName"),
            "Totp.Issuer": label("Totp.Issuer"),
            "Whatsapp.From": label("Whatsapp.From"),
            "Passkeys.RelyingParty.Id": label("Passkeys.RelyingParty.Id"),
            "Passkeys.RelyingParty.Name": label("Passkeys.RelyingParty.Name"),
            "Passkeys.RelyingParty.Origins": f"https://{label('Passkeys.RelyingParty.Origins')}.example",
        },
    )


async def _webhooks(tour: Tour, tenant: Tenant, service: str, receiver: Receiver) -> None:
    """One that refuses first and then takes; one that nobody answers at; one that is changed, then deleted."""
    receiver.statuses = [500] * REFUSALS
    path = f"/v2/Services/{service}/Webhooks"
    changed = ""
    for name, base in (("taken", receiver.url), ("unreachable", NOBODY_LISTENS), ("changed", NOBODY_LISTENS)):
        form = {
            "FriendlyName": tour.says(f"name of the {name} webhook"),
            "EventTypes": "*",
            "WebhookUrl": f"{base}?key={tour.says(f'URL of the {name} webhook')}",
        }
        answer = await tenant.client.post(path, data=form)
        tour.knows(f"secret of the {name} webhook", answer.headers["Pushward-Webhook-Secret"])
        changed = f"{path}/{answer.json()['sid']}"
    form = {"FriendlyName": tour.says("webhook's new name"), "WebhookUrl": f"{NOBODY_LISTENS}/{tour.says('new URL')}"}
    await tenant.update(changed, form)
    await tenant.get(path)
    await tenant.delete(changed)


async def _access_token(tour: Tour, tenant: Tenant, service: str, identity: str) -> None:
    form = {"Identity": identity, "FactorType": "push", "FactorFriendlyName": tour.says("name in an access token")}
    issued = await tenant.create(f"/v2/Services/{service}/AccessTokens", form)
    tour.knows("access token", str(issued["token"]))
    await tenant.get(f"/v2/Services/{service}/AccessTokens/{issued['sid']}")


async def _factors(tour: Tour, tenant: Tenant, phone: Phone) -> None:
    """One that its device has enrolled, changed; one that the backend creates, with all that there is."""
    changed = {
        "FriendlyName": tour.says("factor's new name"),
        "Config.NotificationPlatform": "fcm",
        "Config.NotificationToken": tour.says("new push token", 40),
        "Config.AppId": tour.calls_it("Config.AppId"),
        "Config.SdkVersion": tour.calls_it("Config.SdkVersion"),
    }
    await tenant.update(phone.path, changed)
    public_key = ec.generate_private_key(ec.SECP256R1()).public_key()
    spki = public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    created = {
        "FriendlyName": tour.says("factor's name"),
        "FactorType": "push",
        "Binding.Alg": "ES256",
        "Binding.PublicKey": base64.b64encode(spki).decode(),
        "Config.AppId": "com.example.app",
        "Config.SdkVersion": "1.0",
        "Config.NotificationPlatform": "fcm",
        "Config.NotificationToken": tour.says("push token", 40),
        "Metadata": json.dumps({tour.says("metadata's member"): tour.says("metadata")}),
    }
    await tenant.create(f"{phone.entity}/Factors", created)
    await tenant.get(f"{phone.entity}/Factors")
    token = tour.knows("device's token", phone.token())
    assert (await phone.get(phone.path, token)).status_code == 200


async def _codes(tour: Tour, tenant: Tenant, phone: Phone) -> None:
    """A secret that is given, and one that is made; a login, with metadata beside the code."""
    secret = base64.b32encode(tour.says("TOTP secret, decoded", 40).encode()).decode()
    given = await TotpFactor.agreed(
        tenant,
        phone.factor.service_sid,
        phone.factor.identity,
        FriendlyName=tour.says("authenticator's name"),
        Binding_Secret=tour.knows("TOTP secret", secret),
        Metadata=json.dumps({tour.says("authenticator's metadata's member"): tour.says("authenticator's metadata")}),
    )
    made = await TotpFactor.agreed(tenant, phone.factor.service_sid, phone.factor.identity)
    tour.knows("made TOTP secret", made.created["binding"]["secret"])
    await given.verify()
    asked = await given.challenge(given.app.wrong_code(), **_challenge(tour, "code"))
    metadata = json.dumps({tour.says("code: metadata's member"): tour.says("code: metadata")})
    answered = await tenant.update(asked["url"], {"AuthPayload": given.app.code(), "Metadata": metadata})
    assert answered["status"] == "approved"


def _challenge(tour: Tour, name: str) -> Form:
    return {
        "Details.Message": tour.says(f"{name}: message"),
        "Details.Fields": json.dumps({"label": tour.says(f"{name}: label")[:36], "value": tour.says(f"{name}: value")}),
        "HiddenDetails": json.dumps({tour.says(f"{name}: hidden member"): tour.says(f"{name}: hidden value")}),
    }


async def _answered(tour: Tour, tenant: Tenant, phone: Phone, decision: str) -> None:
    """With a mode and a member that only the device knows of; then its receipt is read."""
    created = await _created(tour, tenant, phone, decision)
    signed = {
        **await phone.shown(created["sid"]),
        "status": decision,
        "mode": tour.says(f"{decision}: mode"),
        "other": tour.says(f"{decision}: other member"),
    }
    metadata = json.dumps({tour.says(f"{decision}: metadata's member"): tour.says(f"{decision}: metadata")})
    assert (await phone.answer(created["sid"], signed, Metadata=metadata)).status_code == 200
    jws = str((await tenant.get(receipt_path(phone.factor, created["sid"])))["jws"])
    for part, text in zip(("header", "payload", "signature"), jws.split("."), strict=True):
        if part != "header":  # which says the same of every receipt
            tour.knows(f"{decision}: {part} of the receipt", text)


async def _pending(tour: Tour, tenant: Tenant, phone: Phone) -> None:
    """Shown on an open stream, listed, and never answered."""
    async with phone.client.stream("GET", STREAM, auth=("token", phone.token())) as stream:
        assert stream.status_code == 200
        pending = await _created(tour, tenant, phone, "pending")
        await tenant.create(f"{phone.entity}/Challenges/{pending['sid']}/Notifications", {})
        async for line in stream.aiter_lines():
            if tour.sealed["pending: message"] in line:
                break
    await tenant.get(f"{phone.entity}/Challenges")


async def _created(tour: Tour, tenant: Tenant, phone: Phone, name: str) -> Json:
    form = {"FactorSid": phone.sid, **_challenge(tour, name)}
    return await tenant.create(f"{phone.entity}/Challenges", form)


async def _refused(tour: Tour, tenant: Tenant, phone: Phone) -> None:
    """Requests that are refused: nothing of what they said may stay anywhere, the logs included."""
    challenges = f"{phone.entity}/Challenges"
    challenge = {"FactorSid": phone.sid, "Details.Message": "Log in?"}
    for path, form in (
        (challenges, {**challenge, "Details.Message": tour.says("too long a message") * 20}),
        (challenges, {**challenge, "Details.Fields": tour.says("fields that are no JSON")}),
        (challenges, {**challenge, "HiddenDetails": tour.says("hidden details that are no JSON")}),
        (challenges, {**challenge, "HiddenDetails": json.dumps({tour.says("member that is no string"): 1})}),
        (challenges, {**challenge, "ExpirationDate": tour.says("no date")}),
        (f"{phone.entity}/Factors", {"FriendlyName": tour.says("name of no factor"), "FactorType": "push"}),
        (
            f"{phone.entity}/Factors",
            {
                "FriendlyName": "App",
                "FactorType": "totp",
                "Binding.Secret": tour.says("secret, no base32") + "!",
            },
        ),
        (phone.path, {"Config.NotificationToken": tour.says("too short a push token")}),
        (phone.path, {"AuthPayload": tour.says("no proof")}),
        (
            f"/v2/Services/{phone.factor.service_sid}/Webhooks",
            {
                "FriendlyName": "Backend",
                "EventTypes": "*",
                "WebhookUrl": f"http://{tour.says('a URL that is not called')}.example/",
            },
        ),
    ):
        answer = await tenant.client.post(path, data=form)
        assert answer.status_code == 200 or refused(answer)[0] == 400, answer.text
    pending = (await tenant.get(challenges, Status="pending"))["challenges"][0]["sid"]
    answer = await phone.answer(pending, {"sid": tour.says("signed instead of what was shown")})
    assert refused(answer) == (403, 60324)
    answer = await phone.post(f"{challenges}/{pending}", {"AuthPayload": tour.says("no JWS")})
    assert refused(answer)[0] in (400, 403)
    for username, said in (("token", "no device's token"), (tenant.account.sid, "a wrong password")):
        answer = await tenant.client.get("/v2/Services", auth=(username, tour.says(said)))
        assert refused(answer) == (401, 20003)
    bearer = {"Authorization": f"Bearer {tour.says('an unknown scheme')}"}
    async with asyncio.timeout(10):
        answer = await phone.client.get("/v2/Services", headers=bearer)
    assert refused(answer)[0] == 401


def _text(number: int, length: int) -> str:
    text = marker(number, secrets.token_hex(8))
    return text + "0" * (length - len(text))
