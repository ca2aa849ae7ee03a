"""Working for a landlord, entrusting and ending it, the list of clients, and the policies, through HTTP."""

from __future__ import annotations

import uuid

import pytest
from django.http import HttpRequest
from django.test import Client
from django.urls import reverse

from meterbook.alarms import operations as alarm_operations
from meterbook.alarms.values import AlarmKind
from meterbook.billing.values import RunState
from meterbook.foundation import scoping
from meterbook.identity import delegations, models, operations, queries, two_people
from meterbook.identity.values import DelegationScope, RoleCode, TwoPeople
from meterbook.kernel import clock
from meterbook.sites import models as site_models
from meterbook.sites import permissions as site_permissions
from meterbook.web import access
from tests.factories import api, billing, identity, sites
from tests.journeys.house import House, signed_in
from tests.support import trails


def alarm(site: site_models.Site, name: str) -> uuid.UUID:
    with scoping.scope([site.organization_id], actor=identity.ACTOR):
        return alarm_operations.raise_alarm(
            actor=identity.ACTOR,
            at=clock.now(),
            kind=AlarmKind.METER_SILENT,
            site=site,
            subject_kind="metering.meterpoint",
            subject_id=uuid.uuid4(),
            details={"name": name, "reason": "No answer"},
        ).public_id


def end(landlord: models.Organization, delegation: uuid.UUID) -> None:
    with scoping.scope([landlord.pk], actor=identity.ACTOR):
        delegations.revoke(actor=identity.ACTOR, at=clock.now(), public_id=delegation)


class Company:
    """A management company with one manager at a browser."""

    def __init__(self, role: RoleCode = RoleCode.ORGANIZATION_ADMIN) -> None:
        self.organization = identity.organization(name="Acme Management")
        self.user = identity.user(organization=self.organization, role=role, name="Ann Baker")
        self.client = signed_in(self.user)


class TestManaging:
    @pytest.mark.spec("M-004/1")
    @pytest.mark.spec("M-004/3")
    def test_issues_bills_on_the_landlords_behalf_and_controls_and_rules_nothing(self) -> None:
        place = billing.place()
        landlord, company = place.organization, Company()
        billing.shop(place, name="Calder Bakery", days=billing.FEBRUARY)
        run = billing.advance(
            billing.plan(place, first_day=billing.FEBRUARY.first_day, until_day=billing.FEBRUARY.until_day)
        )
        identity.delegation(landlord=landlord, manager=company.organization, scopes=[DelegationScope.BILL])

        answer = company.client.post(reverse("run_approve", args=[landlord.public_id, run.public_id]), {"sure": "1"})

        assert answer.status_code == 302
        assert billing.fresh(run).state == RunState.APPROVED
        entry = trails.latest(landlord)
        assert (entry.action, entry.actor_label) == ("billing:approve_run", "Ann Baker (Acme Management)")
        assert entry.on_behalf_of == landlord.name
        shown = company.client.get(reverse("audit", args=[landlord.public_id])).content.decode()
        assert f"on behalf of {landlord.name}" in shown
        alarmed = reverse("acknowledge_alarm", args=[landlord.public_id, alarm(place.site, "Shop 1")])
        assert company.client.post(alarmed).status_code == 403
        for closed in ("people", "entrust", "modules", "settings"):
            assert company.client.get(reverse(closed, args=[landlord.public_id])).status_code == 403

    @pytest.mark.spec("M-004/3")
    def test_through_the_api_carries_it_too_and_at_home_nobody_does(self) -> None:
        landlord, company = identity.organization(name="Quay Homes"), Company()
        found = [alarm(sites.site(organization=each), "Shop 1") for each in (landlord, company.organization)]
        identity.delegation(landlord=landlord, manager=company.organization, scopes=[DelegationScope.CONTROL])
        program = api.Program()
        program.client.force_login(company.user)

        for organization, each in zip((landlord, company.organization), found, strict=True):
            answer = program.post(f"/alarms/{each}/acknowledgment?organization={organization.public_id}", {})
            assert answer.status_code == 200, answer.content

        told = [(each.actor_label, each.on_behalf_of) for each in map(trails.latest, (landlord, company.organization))]
        assert told == [("Ann Baker (Acme Management)", "Quay Homes"), ("Ann Baker", "")]

    @pytest.mark.spec("M-004/2")
    def test_ends_with_the_next_request_on_page_api_and_stream(self) -> None:
        landlord, company = identity.organization(), Company()
        delegation = identity.delegation(landlord=landlord, manager=company.organization)
        home = reverse("home", args=[landlord.public_id])
        stream = reverse("stream", args=[landlord.public_id])
        inside = f"/api/v1/sites?organization={landlord.public_id}"

        def answers() -> list[int]:
            return [company.client.get(each).status_code for each in (home, inside, stream)]

        assert answers() == [200, 200, 200]
        end(landlord, delegation)

        assert answers() == [404, 404, 404]

    def test_gives_a_running_stream_no_leave_to_go_on(self) -> None:
        landlord, company = identity.organization(), Company()
        delegation = identity.delegation(landlord=landlord, manager=company.organization)
        with scoping.scope([landlord.pk], actor=identity.ACTOR):
            row = queries.get_organization()
        request = HttpRequest()
        request.organization, request.actor = row, identity.actor(company.user)  # type: ignore[attr-defined]
        may = [access.may_continue(request, site_permissions.VIEW_SITES)]  # type: ignore[arg-type]

        end(landlord, delegation)

        assert [*may, access.may_continue(request, site_permissions.VIEW_SITES)] == [True, False]  # type: ignore[arg-type]

    def test_asks_for_the_landlords_second_step(self) -> None:
        landlord = identity.organization(second_factor_roles=[RoleCode.ORGANIZATION_ADMIN])
        company = Company()
        identity.delegation(landlord=landlord, manager=company.organization)

        answers = [company.client.get(reverse(each, args=[landlord.public_id])) for each in ("home", "stream")]

        assert [each.status_code for each in answers] == [302, 401]
        assert answers[0].headers["Location"] == reverse("second_step")


class TestPages:
    def test_entrust_and_end(self) -> None:
        house, company = House(name="Quay Homes"), Company()
        site = sites.site(organization=house.organization)
        given = {"code": str(company.organization.public_id), "scopes": ["BILL"], "sites": [str(site.public_id)]}

        made = house.client.post(house.path("entrust"), given)

        assert made.headers["Location"] == house.path("delegations")
        with scoping.scope([house.organization.pk], actor=identity.ACTOR):
            (row,) = delegations.list_given(at=clock.now())
        assert (row.scopes, row.site_ids) == ((DelegationScope.VIEW, DelegationScope.BILL), (site.pk,))
        text = house.client.get(house.path("delegations")).content.decode()
        assert "Acme Management" in text
        theirs = company.client.get(reverse("delegations", args=[company.organization.public_id])).content.decode()
        assert "Quay Homes" in theirs
        assert str(company.organization.public_id) in theirs
        ending = house.path("delegation_revoke", row.public_id)
        assert house.client.post(ending, {"reason": ""}).status_code == 422
        assert house.client.post(ending, {"reason": "Contract ended"}).status_code == 302
        assert house.client.get(ending).status_code == 302
        assert "Ended" in house.client.get(house.path("delegations")).content.decode()

    @pytest.mark.parametrize(
        ("given", "words"),
        [
            ({"code": "7"}, "Copy the whole code"),
            ({"code": "00000000-0000-4000-8000-000000000000"}, "No company has this code"),
            ({"code": ""}, "This field is required"),
            ({"last_day": "2001-01-01"}, "must not lie before"),
            ({"first_day": "x"}, "year-month-day"),
            ({"scopes": "EVERYTHING"}, "Select a valid choice"),
        ],
        ids=["broken", "unknown", "empty", "past", "day", "scope"],
    )
    def test_say_beside_the_field_what_is_wrong_and_keep_what_was_typed(
        self, given: dict[str, str], words: str
    ) -> None:
        house = House()
        typed = {"code": str(identity.organization().public_id), "scopes": "COLLECT", **given}

        answer = house.client.post(house.path("entrust"), typed)

        assert answer.status_code == 422
        text = answer.content.decode()
        assert words in text
        assert 'value="COLLECT"' in text

    def test_let_nobody_end_what_another_landlord_gave(self) -> None:
        house = House()
        foreign = identity.delegation(landlord=identity.organization(), manager=house.organization)

        assert house.client.get(house.path("delegation_revoke", foreign)).status_code == 404


class TestClients:
    @pytest.mark.spec("M-003/3")
    def test_are_one_list_with_the_numbers_of_each_and_no_other_list_mixes_them(self) -> None:
        ada, ben = identity.organization(name="Ada Mall"), identity.organization(name="Ben Yard")
        user = identity.user(organization=ada, role=RoleCode.INTEGRATOR)
        with scoping.scope([ben.pk], actor=identity.ACTOR):
            operations.grant_role(actor=identity.ACTOR, at=clock.now(), user_id=user.pk, role=RoleCode.INTEGRATOR)
        for organization, names in ((ada, ["Shop A"]), (ben, ["Shop B", "Shop C"])):
            site = sites.site(organization=organization)
            for name in names:
                alarm(site, name)
        other = sites.site(organization=identity.organization(name="Cid Port"))
        alarm(other, "Shop D")
        client = signed_in(user)

        listed = client.get(reverse("clients"))

        lines = [(each.organization.name, each.alarms, each.runs) for each in listed.context["lines"]]
        assert lines == [("Ada Mall", 1, None), ("Ben Yard", 2, None)]
        for organization, own, foreign in ((ada, "Shop A", "Shop B"), (ben, "Shop B", "Shop A")):
            for page in ("alarms", "home", "meters"):
                text = client.get(reverse(page, args=[organization.public_id])).content.decode()
                assert foreign not in text
                assert "Shop D" not in text
            assert own in client.get(reverse("alarms", args=[organization.public_id])).content.decode()

    def test_shows_no_numbers_where_a_second_step_is_asked_or_rights_are_lacking(self) -> None:
        strict = identity.organization(name="Ada Mall", second_factor_roles=[RoleCode.OPERATOR])
        user = identity.user(organization=strict, role=RoleCode.OPERATOR)
        poor = identity.organization(name="Ben Yard")
        with scoping.scope([poor.pk], actor=identity.ACTOR):
            operations.grant_role(actor=identity.ACTOR, at=clock.now(), user_id=user.pk, role=RoleCode.CASHIER)

        listed = signed_in(user).get(reverse("clients"))

        assert [(each.alarms, each.runs, each.stale_meters) for each in listed.context["lines"]] == [
            (None, None, None),
            (None, 0, None),
        ]
        assert "asks you for a second step" in listed.content.decode()

    def test_tells_nobody_without_an_account(self) -> None:
        assert Client().get(reverse("clients")).status_code == 302


class TestAlarms:
    def test_of_several_sites_are_all_listed_and_no_others(self) -> None:
        organization = identity.organization()
        places = [sites.site(organization=organization, name=f"Site {number}") for number in range(3)]
        user = identity.user(organization=organization, role=RoleCode.MONITOR, site_id=places[0].pk)
        with scoping.scope([organization.pk], actor=identity.ACTOR):
            operations.grant_role(
                actor=identity.ACTOR, at=clock.now(), user_id=user.pk, role=RoleCode.MONITOR, site_id=places[1].pk
            )
        for number, each in enumerate(places):
            alarm(each, f"Shop {number}")

        text = signed_in(user).get(reverse("alarms", args=[organization.public_id])).content.decode()

        assert [f"Shop {number}" in text for number in range(3)] == [True, True, False]


class TestPolicies:
    def test_of_two_people_are_set_on_the_page_of_roles(self) -> None:
        house = House()

        house.client.post(house.path("two_people"), {"work": ["TARIFF", "nonsense"]})
        with scoping.scope([house.organization.pk], actor=identity.ACTOR):
            assert all(two_people.is_needed(each) for each in TwoPeople)  # nonsense switches nothing off

        answer = house.client.post(house.path("two_people"), {"work": ["TARIFF"]})

        assert answer.status_code == 302
        with scoping.scope([house.organization.pk], actor=identity.ACTOR):
            assert [each for each in TwoPeople if two_people.is_needed(each)] == [TwoPeople.TARIFF]
        manager = signed_in(house.person(role=RoleCode.MANAGER))
        assert manager.post(house.path("two_people"), {}).status_code == 403

    @pytest.mark.spec("M-003/1")
    def test_of_configuring_show_and_hide_what_changes_and_refuse_it(self) -> None:
        house = House()
        site = sites.site(organization=house.organization)
        monitor = house.person(site_id=site.pk)
        browser, program = signed_in(monitor), api.Program()
        program.client.force_login(monitor)
        switch = house.path("change_configuring", monitor.public_id)
        adding = reverse("meter_new", args=[house.organization.public_id])
        seen = []

        for may in (None, "1", "0"):
            if may is not None:
                assert house.client.post(switch, {"sure": "1", "may": may}).status_code == 302
            listed = browser.get(reverse("meters", args=[house.organization.public_id])).content.decode()
            code = f"P{uuid.uuid4().hex[:6]}"
            place = {"kind": "UNIT", "code": code, "name": "Shop 9"}
            written = program.post(f"/sites/{site.public_id}/places?organization={house.organization.public_id}", place)
            seen.append((adding in listed, browser.get(adding).status_code, written.status_code))

        assert seen == [(False, 403, 403), (True, 200, 201), (False, 403, 403)]

    def test_of_configuring_is_for_monitors(self) -> None:
        house = House()
        clerk = house.person(role=RoleCode.BILLING_CLERK)

        answer = house.client.post(
            house.path("change_configuring", clerk.public_id), {"sure": "1", "may": "1"}, follow=True
        )

        assert "is no monitor here" in answer.content.decode()
