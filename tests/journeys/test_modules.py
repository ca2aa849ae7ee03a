"""Modules off for the organization or at one site: pages, stream and API are gone, jobs stand still, data stays."""

from __future__ import annotations

import html
import importlib
import re
from datetime import date

import pytest
import structlog
from django.conf import settings
from django.test import Client
from django.urls import Resolver404, resolve, reverse
from procrastinate.contrib.django import app

from meterbook.audit import queries as audit_queries
from meterbook.billing import queries as billing_queries
from meterbook.foundation import queue, scoping
from meterbook.identity import models as identity_models
from meterbook.identity import modules, operations
from meterbook.identity.values import Module, RoleCode
from meterbook.sites import models as site_models
from meterbook.web.stream import views as stream_views
from tests.factories import billing, identity, metering, sites
from tests.support import pages, routes

LINK = re.compile(r'href="(/[^"]*)"')

# Declarations register themselves when they are imported, as the application does at its start.
importlib.import_module("meterbook.jobs.declarations")


class Town:
    """Two sites with a meter each; the first has bills, and a run that waits."""

    def __init__(self) -> None:
        self.place = billing.place(code="HR")
        billing.shop(self.place, name="Calder Bakery", days=billing.FEBRUARY)
        self.run = billing.issued(
            self.place, first_day=billing.FEBRUARY.first_day, until_day=billing.FEBRUARY.until_day
        )
        self.organization: identity_models.Organization = self.place.organization
        self.site: site_models.Site = self.place.site
        self.other = sites.site(organization=self.organization, name="Other")
        metering.installed_meter(organization=self.organization, site=self.other, name="Meter of Other")
        with scoping.scope([self.organization.pk], actor=identity.ACTOR):
            (row,) = billing_queries.run_bills(run_public_id=self.run.public_id).rows
        self.bill = row.bill_public_id
        self.client = pages.signed_in(self.organization)

    def status(self, route: str, *more: object, client: Client | None = None) -> int:
        href = reverse(route, args=[self.organization.public_id, *more])
        return (client or self.client).get(href).status_code

    def page(self, route: str, *more: object) -> str:
        return pages.page(self.client, route, self.organization, *more)

    def switch(self, module: Module, state: str, *, site: site_models.Site | None = None, sure: str = "1") -> str:
        href = reverse("module_change", args=[self.organization.public_id])
        given = {"module": module.value, "state": state, "site": str(site.public_id) if site else "", "sure": sure}
        return self.client.post(href, given, follow=True).content.decode()

    def choose(self, site: site_models.Site | None) -> None:
        href = reverse("choose_site", args=[self.organization.public_id])
        self.client.post(href, {"site": str(site.public_id) if site else "", "next": "/"})


@pytest.fixture
def town() -> Town:
    return Town()


@pytest.mark.spec("M-113")
class TestOrganization:
    def test_loses_pages_and_menu_and_gets_all_back(self, town: Town) -> None:
        before = town.page("bill", town.bill)
        town.switch(Module.BILLING, "off")

        off = [town.status(route) for route in ("bills", "runs", "accounts", "tariffs")]
        bill = town.status("bill", town.bill)
        home = town.page("home")
        town.switch(Module.BILLING, "on")

        assert (off, bill) == ([404] * 4, 404)
        assert reverse("bills", args=[town.organization.public_id]) not in home
        assert _without_tokens(town.page("bill", town.bill)) == _without_tokens(before)

    def test_loses_the_api(self, town: Town) -> None:
        href = f"/api/v1/bills?organization={town.organization.public_id}"
        before = town.client.get(href).status_code
        town.switch(Module.BILLING, "off")

        assert (before, town.client.get(href).status_code) == (200, 404)

    def test_is_asked_before_something_goes_away(self, town: Town) -> None:
        question = town.switch(Module.BILLING, "off", sure="")

        assert "Bill runs stand still" in question
        assert "This goes away" in question
        assert town.status("bills") == 200
        assert "is off; nothing was removed" in town.switch(Module.BILLING, "off")

    def test_records_the_change(self, town: Town) -> None:
        town.switch(Module.ALARMS, "off", site=town.other)

        with scoping.scope([town.organization.pk], actor=identity.ACTOR):
            (entry,) = audit_queries.list_entries(action="identity:change_module")
        assert entry.after == {"site": "Other", "module": "ALARMS", "is_on": False}

    @pytest.mark.parametrize(
        "given",
        [
            {"module": "X", "state": "on"},
            {"module": "BILLING", "state": "x"},
            {"module": "BILLING", "state": "follow"},
            {"module": "BILLING", "state": "off", "site": "x", "sure": "1"},
            {"module": "CORE", "state": "off", "sure": "1"},
        ],
    )
    def test_refuses_what_its_page_does_not_offer(self, town: Town, given: dict[str, str]) -> None:
        href = reverse("module_change", args=[town.organization.public_id])

        assert town.client.post(href, given).status_code == 400
        assert town.status("bills") == 200

    def test_lets_nobody_else_switch(self, town: Town) -> None:
        manager = pages.signed_in(town.organization, RoleCode.MANAGER)

        assert town.status("modules", client=manager) == 403


@pytest.mark.spec("M-113")
class TestSite:
    def test_loses_its_bills_while_the_others_keep_theirs(self, town: Town) -> None:
        town.switch(Module.BILLING, "off", site=town.site)

        gone = [town.status("bill", town.bill), town.status("run", town.run.public_id)]
        listed = town.page("bills")
        town.choose(town.site)
        at_site = town.status("bills")
        town.choose(town.other)
        elsewhere = town.status("bills")
        town.choose(None)
        town.switch(Module.BILLING, "follow", site=town.site)

        assert gone == [404, 404]
        assert "Calder Bakery" not in listed
        assert (at_site, elsewhere) == (404, 200)
        assert town.status("bill", town.bill) == 200
        assert "Calder Bakery" in town.page("bills")

    def test_loses_its_meters_in_lists_palette_and_api(self, town: Town) -> None:
        town.switch(Module.METERING, "off", site=town.other)
        found = reverse("palette", args=[town.organization.public_id])

        assert "Meter of Other" not in town.page("meters")
        assert "Meter of Other" not in town.client.get(found, {"q": "meter of"}).content.decode()
        api = town.client.get(f"/api/v1/meters?organization={town.organization.public_id}").content.decode()
        assert "Meter of Other" not in api
        town.switch(Module.METERING, "on", site=town.other)
        assert "Meter of Other" in town.page("meters")

    def test_may_be_the_only_one_with_a_module(self, town: Town) -> None:
        town.switch(Module.BILLING, "on", site=town.site)
        town.switch(Module.BILLING, "off")

        assert town.status("bills") == 200
        town.choose(town.other)
        assert town.status("bills") == 404

    def test_off_everywhere_is_off(self, town: Town) -> None:
        for site in (town.site, town.other):
            town.switch(Module.BILLING, "off", site=site)

        assert town.status("bills") == 404


@pytest.mark.spec("M-113")
class TestJob:
    def test_stands_still_while_its_module_is_off(self, town: Town) -> None:
        run = billing.plan(town.place, first_day=billing.FEBRUARY.until_day, until_day=_day_after())
        job = app.tasks["billing.advance_run"].func
        given = {"organization_id": town.organization.pk, "run_id": str(run.public_id)}

        states = []
        for state, site in (("off", None), ("on", None), ("off", town.site), ("follow", town.site)):
            town.switch(Module.BILLING, state, site=site)
            if state == "off":
                job(**given)
                states.append(_state(town, run.public_id))
        job(**given)

        assert states == ["PLANNED", "PLANNED"]
        assert _state(town, run.public_id) != "PLANNED"

    def test_of_the_basics_always_runs(self, town: Town) -> None:
        with scoping.scope([town.organization.pk], actor=identity.ACTOR):
            for module in Module:
                operations.change_module(actor=identity.ACTOR, at=identity.LONG_AGO, module=module, is_on=False)

        app.tasks["audit.seal_entries"].func(organization_id=town.organization.pk)

        with scoping.scope([town.organization.pk], actor=identity.ACTOR):
            assert all(each.sequence for each in audit_queries.list_entries())


MODULES = [each for each in Module if each is not Module.CORE]


@pytest.mark.spec("M-113")
class TestEveryPage:
    """Whatever page is added: none may lead to what is off, and no job of it may run."""

    @pytest.mark.parametrize("module", MODULES)
    def test_leads_nowhere_that_is_off(self, town: Town, module: Module) -> None:
        plain = [
            each.fill({"organization": town.organization.public_id})
            for each in routes.walk(settings.ROOT_URLCONF)
            if each.kind == "guarded" and each.parameters == ("organization",) and not hasattr(each.view, "is_stream")
        ]
        found = reverse("palette", args=[town.organization.public_id])
        town.switch(module, "off")

        shown = [town.client.get(each) for each in [*plain, *(f"{found}?q={word}" for word in ("calder", "t", "shop"))]]
        told = [each.content.decode(errors="replace") for each in shown if each.status_code == 200]
        links = {
            html.unescape(link).partition("#")[0].partition("?")[0] for text in told for link in LINK.findall(text)
        }

        assert len(told) > 10
        assert [each for each in sorted(links) if each.startswith("/o/") and _module_at(each) is module] == []

    @pytest.mark.parametrize("module", MODULES)
    def test_is_left_by_its_jobs(self, town: Town, module: Module) -> None:
        own = [each for each in queue.declared().values() if each.module == module]
        town.switch(module, "off")

        with structlog.testing.capture_logs() as told:
            for each in own:
                app.tasks[each.name].func(organization_id=town.organization.pk)

        stood_still = {each["job"] for each in told if each["event"] == "job.module_is_off"}
        assert stood_still == {each.name for each in own}

    @pytest.mark.parametrize("module", MODULES)
    def test_is_left_out_of_the_document(self, town: Town, module: Module) -> None:
        href = f"{reverse('api_document')}?organization={town.organization.public_id}"
        before = town.client.get(href).json()["paths"]
        town.switch(module, "off")
        after = town.client.get(href).json().get("paths", {})

        named = {each["x-module"] for methods in after.values() for each in methods.values()}
        assert module.value not in named
        assert len(after) <= len(before)


def _module_at(path: str) -> object:
    try:
        return getattr(resolve(path).func, "module", None)
    except Resolver404:
        return None


@pytest.mark.spec("M-113")
class TestStream:
    def test_tells_nothing_of_a_module_that_is_off(self) -> None:
        organization = identity.organization(modules=(Module.METERING,))
        with scoping.scope([organization.pk], actor=identity.ACTOR):
            row = modules.queries.get_organization()

        heard = {kind for kind, module in stream_views.KIND_MODULES.items() if row.has_module(module)}

        assert heard == {"series", "request", "device"}


def _state(town: Town, run: object) -> str:
    with scoping.scope([town.organization.pk], actor=identity.ACTOR):
        return next(each.state.value for each in billing_queries.list_runs() if each.public_id == run)


def _day_after() -> date:
    return billing.FEBRUARY.until_day + (billing.FEBRUARY.until_day - billing.FEBRUARY.first_day)


def _without_tokens(page: str) -> list[str]:
    """What a page shows but the tokens of its forms and the time of its making."""
    return [line for line in page.splitlines() if "csrf" not in line and "data-now" not in line]
