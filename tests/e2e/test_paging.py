"""Pages of every list: sizes, links both ways, stability, and what is refused (contract sections 0 and 10)."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from tests.support.phone import Phone, new_identity
from tests.support.push_factor import push_form
from tests.support.tenant import Json, Tenant, refused

HOOK = "http://127.0.0.1:9/hook"


@dataclass(frozen=True, slots=True)
class Collection:
    """A list below a new service, and how it grows by one."""

    path: str
    key: str
    add: Callable[[], Awaitable[Json]]


PERISHABLE = ["entities", "factors", "webhooks"]
"""Lists whose items can be deleted one by one."""


@pytest.fixture(params=[*PERISHABLE, "challenges"])
async def collection(request: pytest.FixtureRequest, tenant: Tenant, phone: Phone) -> Collection:
    """Each list, with as much in it as the service has from its beginning."""
    return _collection(request.param, tenant, phone)


@pytest.fixture(params=PERISHABLE)
async def perishable(request: pytest.FixtureRequest, tenant: Tenant, phone: Phone) -> Collection:
    """Each list that can shrink."""
    return _collection(request.param, tenant, phone)


def _collection(key: str, tenant: Tenant, phone: Phone) -> Collection:
    base = f"/v2/Services/{phone.factor.service_sid}"
    entity, challenged = phone.entity, phone.sid
    match key:
        case "entities":
            path = f"{base}/Entities"
            return Collection(path, key, lambda: tenant.create(path, {"Identity": new_identity()}))
        case "factors":
            path = f"{entity}/Factors"
            return Collection(
                path, key, lambda: tenant.create(path, push_form(ec.generate_private_key(ec.SECP256R1())))
            )
        case "challenges":
            return Collection(f"{entity}/Challenges", key, lambda: tenant.challenge(entity, challenged))
        case _:
            path = f"{base}/Webhooks"
            form = {"FriendlyName": "Backend", "EventTypes": "*", "WebhookUrl": HOOK}
            return Collection(path, key, lambda: tenant.create(path, form))


async def _follow(tenant: Tenant, url: str, link: str) -> list[Json]:
    """The page at ``url``, and those that its links of this name lead to."""
    pages = [await tenant.get(url)]
    while (following := pages[-1]["meta"][link]) is not None:
        assert following.startswith(tenant.base_url)
        pages.append(await tenant.get(following))
    return pages


def _sids(pages: list[Json], key: str) -> list[str]:
    return [item["sid"] for page in pages for item in page[key]]


async def test_pages_lead_to_each_other_both_ways(tenant: Tenant, collection: Collection) -> None:
    """Following `next_page_url` shows each item once; `previous_page_url` leads back; links are absolute."""
    for _ in range(5):
        await collection.add()
    everything = _sids([await tenant.get(collection.path)], collection.key)
    forth = await _follow(tenant, f"{tenant.base_url}{collection.path}?PageSize=2", "next_page_url")
    assert _sids(forth, collection.key) == everything
    for number, page in enumerate(forth):
        assert (page["meta"]["key"], page["meta"]["page"], page["meta"]["page_size"]) == (collection.key, number, 2)
        assert page["meta"]["url"].startswith(f"{tenant.base_url}{collection.path}?")
    back = await _follow(tenant, forth[-1]["meta"]["url"], "previous_page_url")
    assert [page[collection.key] for page in back] == [page[collection.key] for page in reversed(forth)]


async def test_a_page_is_not_shifted_by_what_comes_meanwhile(tenant: Tenant, collection: Collection) -> None:
    """Keyset: what was created after the first page neither repeats nor hides anything."""
    for _ in range(3):
        await collection.add()
    before = _sids([await tenant.get(collection.path)], collection.key)
    first = await tenant.get(collection.path, PageSize="2")
    added = (await collection.add())["sid"]
    rest = await tenant.get(first["meta"]["next_page_url"].replace("PageSize=2", "PageSize=100"))
    assert _sids([first, rest], collection.key) == [*before, added]


async def test_walks_are_steady_while_items_come_and_go(tenant: Tenant, perishable: Collection) -> None:
    """Forth and back: what is there all the while is seen once on each way, in its order."""
    steady: list[Json] = []
    removed: list[Json] = []
    for number in range(8):
        item = await perishable.add()
        (removed if number % 3 == 1 else steady).append(item)
    expected = [item["sid"] for item in steady]

    async def churn() -> None:
        for item in removed:
            await tenant.delete((await perishable.add())["url"])
            await tenant.delete(item["url"])
            await perishable.add()

    def seen(pages: list[Json]) -> list[str]:
        return [sid for sid in _sids(pages, perishable.key) if sid in expected]

    churning = asyncio.create_task(churn())
    forth = await _follow(tenant, f"{tenant.base_url}{perishable.path}?PageSize=1", "next_page_url")
    back = await _follow(tenant, forth[-1]["meta"]["url"], "previous_page_url")
    await churning
    again = await _follow(tenant, f"{tenant.base_url}{perishable.path}?PageSize=1", "next_page_url")
    assert seen(forth) == seen(list(reversed(back))) == seen(again) == expected
    assert not {item["sid"] for item in removed} & set(_sids(again, perishable.key))


async def test_a_link_back_leads_back_when_the_page_it_came_from_is_gone(
    tenant: Tenant, perishable: Collection
) -> None:
    """What it leads to is what comes before, as it is now; at the beginning it ends."""
    items = [await perishable.add() for _ in range(4)]
    pages = await _follow(tenant, f"{tenant.base_url}{perishable.path}?PageSize=1", "next_page_url")
    for item in items[1:3]:
        await tenant.delete(item["url"])
    back = await _follow(tenant, pages[-1]["meta"]["url"], "previous_page_url")
    now = _sids([await tenant.get(perishable.path)], perishable.key)
    assert list(reversed(_sids(back, perishable.key))) == now
    assert now[-2:] == [items[0]["sid"], items[3]["sid"]]


async def test_a_page_number_is_echoed_and_means_nothing(tenant: Tenant, collection: Collection) -> None:
    """Only the token says where a page begins."""
    await collection.add()
    first, numbered = [await tenant.get(collection.path, Page=page) for page in ("0", "7")]
    assert (first["meta"]["page"], numbered["meta"]["page"]) == (0, 7)
    assert first[collection.key] == numbered[collection.key]
    assert refused(await tenant.client.get(collection.path, params={"Page": "-1"})) == (400, 60306)


@pytest.mark.provokes(60373, 60374)
async def test_wrong_pages_are_refused(tenant: Tenant, collection: Collection) -> None:
    """A size outside 1 to 1000 is 60373, a bad token 60374; the token goes by its iOS spelling, too."""
    for size in ("0", "1001", "-1", "many"):
        assert refused(await tenant.client.get(collection.path, params={"PageSize": size})) == (400, 60373), size
    for token in ("nonsense", "AAAA", "WyJ4Il0"):
        assert refused(await tenant.client.get(collection.path, params={"PageToken": token})) == (400, 60374), token
        assert refused(await tenant.client.get(collection.path, params={"pageToken": token})) == (400, 60374), token


@pytest.mark.exercises("GET /v2/Services")
async def test_a_list_of_services_is_paged(tenant: Tenant) -> None:
    """All of the account's, new ones at the end."""
    created = [await tenant.new_service(f"Paged {n}") for n in range(3)]
    pages = await _follow(tenant, f"{tenant.base_url}/v2/Services?PageSize=50", "next_page_url")
    seen = _sids(pages, "services")
    assert seen[-3:] == created
    assert len(set(seen)) == len(seen)


async def test_links_repeat_the_filters(tenant: Tenant, phone: Phone) -> None:
    """A next page of denied challenges is of denied ones, in the same order."""
    for _ in range(2):
        sid = (await tenant.challenge(phone.entity, phone.sid))["sid"]
        await phone.decide(sid, "denied")
        await tenant.challenge(phone.entity, phone.sid)
    page = await tenant.get(f"{phone.entity}/Challenges", Status="denied", Order="desc", PageSize="1")
    query = parse_qs(urlsplit(page["meta"]["next_page_url"]).query)
    assert (query["Status"], query["Order"]) == (["denied"], ["desc"])
    following = await tenant.get(page["meta"]["next_page_url"])
    assert [challenge["status"] for challenge in following["challenges"]] == ["denied"]
    assert following["challenges"][0]["date_created"] <= page["challenges"][0]["date_created"]
