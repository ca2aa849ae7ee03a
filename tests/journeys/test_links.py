"""Every link of every page leads somewhere: from a reading to its bill, the ledger, the account, and back."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import Resolver404, resolve, reverse

from meterbook.billing import queries as billing_queries
from meterbook.billing.operations import issuing
from meterbook.customers import models as customer_models
from meterbook.foundation import scoping
from meterbook.identity.values import Module, RoleCode
from meterbook.kernel import civil
from meterbook.kernel.actor import Actor
from meterbook.ledger import posting
from tests.factories import billing, customers, identity, ledger

ACTOR = Actor.system("test")
JANUARY, FEBRUARY, MARCH = date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)
MADRID = ZoneInfo("Europe/Madrid")
START, END = civil.start_of_day(JANUARY, MADRID), civil.start_of_day(MARCH, MADRID)
ENOUGH = 2  # addresses of a route with a query: days and months of a meter go on for ever
A_ROUTE = 24  # addresses of one route: each reading behind a bill has a page
STAYS_OUT = {"account_logout"}


class Links(HTMLParser):
    """The addresses of a page: all of them, and those within its content."""

    def __init__(self) -> None:
        super().__init__()
        self.every: list[str] = []
        self.content: list[str] = []
        self.has_form = False
        self._is_content = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """This will note what leads on."""
        given = dict(attrs)
        if tag == "main":
            self._is_content = True
        if tag == "form" and self._is_content:
            self.has_form = True
        href = given.get("href") if tag == "a" else given.get("hx-get")
        if href and not href.startswith(("#", "mailto:", "http")):
            self.every.append(href)
            if self._is_content:
                self.content.append(href)

    def handle_endtag(self, tag: str) -> None:
        """This will note where the content ends."""
        if tag == "main":
            self._is_content = False


@dataclass
class Crawl:
    """What was found: answers other than 200, pages without a way on, and which route leads to which."""

    client: Client
    wrong: list[str] = field(default_factory=list)
    dead_ends: list[str] = field(default_factory=list)
    ways: set[tuple[str, str]] = field(default_factory=set)
    _seen: Counter[str] = field(default_factory=Counter)

    def run(self, start: str) -> Crawl:
        """This will follow every link from a page on."""
        waiting, known = deque([(start, "")]), {start}
        while waiting:
            href, came_from = waiting.popleft()
            for each in self._visit(href, came_from):
                if each not in known:
                    known.add(each)
                    waiting.append((each, href))
        return self

    def _visit(self, href: str, came_from: str) -> Iterator[str]:
        response = self.client.get(href, follow=True)
        try:
            if response.status_code != 200:
                self.wrong.append(f"{href} answers {response.status_code} (from {came_from})")
            if response.status_code != 200 or not response.headers["Content-Type"].startswith("text/html"):
                return
            links = Links()
            links.feed(response.content.decode())
        finally:
            response.close()
        if "<html" in response.content.decode() and not links.content and not links.has_form:
            self.dead_ends.append(href)
        for each in links.every:
            target = urljoin(href, each).partition("#")[0]
            name = route(target)
            if name is None:
                self.wrong.append(f"{each} is no route (from {href})")
            elif name not in STAYS_OUT:
                self.ways.add((route(href) or "", name))
                if self._is_new(target, name):
                    yield target

    def _is_new(self, target: str, name: str) -> bool:
        """Each path once, a few of its queries, and so many paths of a route."""
        path, _mark, query = target.partition("?")
        self._seen[target] += 1
        if self._seen[target] > 1:
            return False
        self._seen[f"route {name}"] += 1
        if self._seen[f"route {name}"] > A_ROUTE:
            return False
        if not query:
            return True
        self._seen[f"{path}?"] += 1
        return self._seen[f"{path}?"] <= ENOUGH


def route(href: str) -> str | None:
    """The name of the route behind an address."""
    try:
        return resolve(urlsplit(href).path).url_name
    except Resolver404:
        return None


@pytest.fixture(scope="module")
def place(database: str) -> billing.Place:
    """A site of two tenants: January is billed, one of them paid, February waits for review."""
    made = billing.place(code="HM", organization=identity.organization(modules=tuple(Module)))
    accounts = [shop(made, name) for name in ("Calder Bakery", "Petrova Books")]
    billing.issued(made, first_day=JANUARY, until_day=FEBRUARY)
    pay(made, accounts[0])
    billing.advance(billing.plan(made, first_day=FEBRUARY, until_day=MARCH))
    return made


def shop(place: billing.Place, name: str) -> customer_models.Account:
    meter = billing.metered(place, name=name)
    billing.count(meter.energy, START, END)
    account = customers.account(organization=place.organization, site=place.site, name=name)
    customers.contract(account=account, point=meter.point, tariff=place.tariff, starts_at=START)
    return account


def pay(place: billing.Place, account: customer_models.Account) -> None:
    cash = ledger.account(organization=place.organization)
    with scoping.scope([place.organization.pk], actor=ACTOR):
        plan = ledger.plan((account.receivable, "-50.00"), (cash, "50.00"), posted_date=FEBRUARY, text="Payment")
        posting.post(actor=ACTOR, at=END, plan=plan)


@pytest.fixture(scope="module")
def crawled(place: billing.Place) -> Crawl:
    """All that a manager can reach from the home page."""
    client = Client()
    client.force_login(identity.user(organization=place.organization, role=RoleCode.ORGANIZATION_ADMIN))
    return Crawl(client).run(reverse("home", args=[place.organization.public_id]))


@pytest.mark.spec("M-095/1")
class TestLinks:
    def test_answer_all(self, crawled: Crawl) -> None:
        assert crawled.wrong == []

    def test_lead_on_from_every_page(self, crawled: Crawl) -> None:
        assert crawled.dead_ends == []

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("meter", "bill"),
            ("bill", "meter"),
            ("bill", "bill_reading"),
            ("bill_reading", "meter"),
            ("bill", "transaction"),
            ("transaction", "bill"),
            ("transaction", "account"),
            ("account", "transaction"),
            ("account", "bill"),
            ("bill", "account"),
            ("account", "meter"),
            ("meter", "account"),
            ("account", "tariff"),
            ("bill", "tariff"),
            ("run", "bill"),
            ("bill", "run"),
            ("runs", "run"),
            ("bills", "bill"),
        ],
    )
    def test_lead_from_a_reading_to_the_ledger_and_back(self, crawled: Crawl, one: str, other: str) -> None:
        assert (one, other) in crawled.ways


def test_the_ledger_knows_bills_by_the_name_that_pages_look_for() -> None:
    assert issuing.SOURCE == billing_queries.BILL_SOURCE


def test_a_meter_leads_to_the_very_bill(place: billing.Place) -> None:
    """Not only to some bill: the one that charged its readings, and from there to its account alone."""
    client = Client()
    client.force_login(identity.user(organization=place.organization, role=RoleCode.ORGANIZATION_ADMIN))
    with scoping.scope([place.organization.pk], actor=ACTOR):
        rows = billing_queries.list_bills().rows
    for row in rows:
        bill = client.get(reverse("bill", args=[place.organization.public_id, row.public_id])).content.decode()
        accounts = set(re.findall(r"/accounts/([0-9a-f-]{36})/", bill))
        assert accounts == {str(row.account_public_id)}
        (meter,) = set(re.findall(r"/meters/([0-9a-f-]{36})/", bill))
        shown = client.get(reverse("meter", args=[place.organization.public_id, meter])).content.decode()
        assert str(row.public_id) in shown
