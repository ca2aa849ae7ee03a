"""How finely the landlord sees a dwelling's use, by which setting, and that the tenant knows who looked (L-50)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from meterbook.billing import queries as billing_queries
from meterbook.customers import granularity, records, sign_ins, values
from meterbook.customers.models import Account
from meterbook.foundation import scoping
from meterbook.identity.values import RoleCode
from meterbook.kernel import clock
from meterbook.kernel.actor import Actor
from meterbook.sites import operations as site_operations
from meterbook.sites import values as site_values
from meterbook.sites.values import UsageType
from tests.factories import api, billing, customers, identity, metering, sites, usage
from tests.journeys.tenancy import MOVED, NOON
from tests.journeys.test_meter_usage import chart_of
from tests.support import trails

DAY = "view=day&day=2026-06-15"


@pytest.fixture(autouse=True)
def _at_noon() -> Iterator[object]:
    with clock.use(clock.SettableClock(NOON)) as installed:
        yield installed


@dataclass
class Flat:
    """A let dwelling with a meter, and the landlord's manager."""

    place: billing.Place
    meter: metering.Installed
    account: Account
    client: Client

    def path(self, route: str = "meter") -> str:
        """The page of the meter."""
        return reverse(route, args=[self.place.organization.public_id, self.meter.point.public_id])

    def chart(self, query: str = DAY) -> dict[str, object]:
        """What the operator's chart is drawn from."""
        return chart_of(self.client.get(f"{self.path()}?{query}").content.decode())

    def agree(self) -> None:
        """This will note the tenant's consent to use in detail."""
        agree(self, self.account)


@pytest.fixture
def flat(database: str) -> Flat:
    return let(UsageType.HOME)


def let(use: UsageType) -> Flat:
    """This will make a let place of that use."""
    place = billing.place()
    node = sites.node(site=place.site, kind=site_values.NodeKind.UNIT)
    with scoping.scope([place.organization.pk], actor=identity.ACTOR):
        site_operations.change_node(
            actor=identity.ACTOR,
            at=clock.now(),
            node=node.public_id,
            kind=site_values.NodeKind.UNIT,
            code=node.code,
            name="2B",
            facts=site_values.NodeFacts(usage=use),
        )
    meter = billing.metered(place, name="Flat 2B", node=node)
    usage.flat_days(meter.energy, date(2026, 6, 1), 16, value=800)
    metering.record(meter.energy, [(MOVED, 1_000)])
    account = customers.account(organization=place.organization, site=place.site, name="Nora Stone")
    customers.contract(account=account, point=meter.point, tariff=place.tariff, starts_at=MOVED)
    client = Client()
    client.force_login(identity.user(organization=place.organization, name="Marta Vidal"))
    return Flat(place, meter, account, client)


@pytest.mark.spec("L-50/1")
class TestDwelling:
    @pytest.mark.parametrize(
        "query",
        [
            DAY,
            "view=week&day=2026-06-15",
            "view=range&from=2026-06-15T03:00&to=2026-06-15T07:00",
            "view=range&from=2026-06-11T13:15&to=2026-06-15T07:00",
            "view=day&day=2026-06-10&compare=year",
        ],
    )
    def test_is_shown_by_day_only(self, flat: Flat, query: str) -> None:
        data = flat.chart(query)

        assert data["grain"] == "day"
        assert [each[:3] for each in data["curve"]] == [[*each[:2], None] for each in data["slots"]]  # type: ignore[attr-defined]
        assert data["peak"] is None
        assert all(end - start >= 23 * 3_600_000 for start, end, *_more in data["slots"])  # type: ignore[attr-defined]

    def test_is_compared_by_whole_days_and_not_while_the_day_runs(self, flat: Flat) -> None:
        closed = flat.client.get(f"{flat.path()}?view=day&day=2026-06-13").content.decode()
        running = flat.chart("view=day&day=2026-06-16")

        (bar,) = chart_of(closed)["before"]  # type: ignore[misc]
        (own,) = chart_of(closed)["slots"]  # type: ignore[misc]
        assert bar == own[2] is not None
        assert [each for each in running["before"] or () if each is not None] == []  # type: ignore[attr-defined]

    def test_is_told_why(self, flat: Flat) -> None:
        text = flat.client.get(f"{flat.path()}?{DAY}").content.decode()

        assert "Days only" in text
        assert "Readings are not shown" in text

    def test_is_so_in_files_and_for_programs(self, flat: Flat) -> None:
        program = api.program(organization=flat.place.organization)
        span = {"from": "2026-06-15T00:00:00Z", "until": "2026-06-15T03:00:00Z"}
        point = f"/meter-points/{flat.meter.point.public_id}/series/energy_import"

        text = flat.client.get(f"{flat.path('meter_data')}?{DAY}").content.decode()
        answers = [program.get(f"{point}/{each}", **span) for each in ("readings", "intervals")]

        assert len(text.strip().splitlines()) == 2
        assert [each.status_code for each in answers] == [403, 403]
        assert [api.problem(each)["code"] for each in answers] == ["days_only"] * 2

    def test_has_no_figures_of_demand(self, flat: Flat) -> None:
        page = flat.client.get(f"{flat.path()}?{DAY}").content.decode()
        shop = let(UsageType.SHOP)

        assert "curve-swatch" not in page
        assert "Highest mean" not in page.partition('id="usage-table"')[2]
        assert flat.chart()["isDaysOnly"] is True
        assert "curve-swatch" in shop.client.get(f"{shop.path()}?{DAY}").content.decode()

    def test_has_lines_of_bills_by_day_only(self, flat: Flat) -> None:
        start, end = billing.FEBRUARY.starts_at, billing.FEBRUARY.ends_at
        billing.count(flat.meter.energy, start, end)
        tenant = signed_in_tenant(flat)
        former = customers.account(organization=flat.place.organization, site=flat.place.site, name="Old Tenant")
        customers.contract(
            account=former, point=flat.meter.point, tariff=flat.place.tariff, starts_at=start, ends_at=MOVED
        )
        run = billing.issued(
            flat.place,
            first_day=billing.FEBRUARY.first_day,
            until_day=billing.FEBRUARY.until_day,
            approver=Actor.user(identity.user(organization=flat.place.organization).pk, "Ann"),
        )
        with scoping.scope([flat.place.organization.pk], actor=identity.ACTOR):
            (row,) = billing_queries.run_bills(run_public_id=run.public_id).rows
        path = reverse("bill_line", args=[flat.place.organization.public_id, row.bill_public_id, 0, 0, 0])

        inside, day = (flat.client.get(f"{path}{query}").content.decode() for query in ("", "?day=2026-02-14"))

        assert "28 days" in inside
        assert "?day=" not in inside
        assert "<li>" not in day
        assert "has not agreed" in inside
        assert "has not agreed" in day

        agree(flat, former)
        assert "<li>" in flat.client.get(f"{path}?day=2026-02-14").content.decode()
        assert "Marta Vidal" not in tenant.get(looks(flat)).content.decode()  # it was the former tenant's time
        with scoping.scope([flat.place.organization.pk], actor=identity.ACTOR):
            (look,) = granularity.looks_at(account_ids=[former.pk])
        assert look.viewer == "Marta Vidal"

    def test_is_shown_as_ever_before_anybody_lived_there(self, flat: Flat) -> None:
        assert flat.chart("view=day&day=2026-06-05&compare=no")["grain"] == "hour"

    def test_is_not_uncovered_by_comparing_another_meter_with_it(self, flat: Flat) -> None:
        other = billing.metered(flat.place, name="Stairs")
        usage.flat_days(other.energy, date(2026, 6, 1), 16, value=800)
        path = reverse("meter", args=[flat.place.organization.public_id, other.point.public_id])

        text = flat.client.get(f"{path}?{DAY}&compare=meter&with={flat.meter.point.public_id}").content.decode()

        assert chart_of(text)["grain"] == "day"

    @pytest.mark.spec("L-50/2")
    def test_is_shown_in_detail_with_a_consent_and_the_tenant_knows(self, flat: Flat) -> None:
        flat.agree()
        tenant = signed_in_tenant(flat)
        assert b"Nobody has looked" in tenant.get(looks(flat)).content

        assert flat.chart()["grain"] == "hour"
        flat.client.get(f"{flat.path('meter_data')}?{DAY}")
        flat.chart()

        text = tenant.get(looks(flat)).content.decode()
        assert text.count("Marta Vidal") == 2  # on screen and as a file, once a day each
        assert "as a file" in text

    def test_is_shown_by_day_again_for_another_persons_consent(self, flat: Flat) -> None:
        flat.agree()
        stranger = let(UsageType.HOME)

        assert stranger.chart()["grain"] == "day"


class TestRole:
    """Specification 9.3: personal use hour by hour by consent for administrators and managers, for others never."""

    @pytest.mark.spec("L-50/4")
    @pytest.mark.parametrize(
        ("role", "grain"),
        [
            (RoleCode.MANAGER, "hour"),
            (RoleCode.BILLING_CLERK, "day"),
            (RoleCode.ANALYST, "day"),
            (RoleCode.AUDITOR, "day"),
        ],
        ids=["manager", "clerk", "analyst", "auditor"],
    )
    def test_decides_with_a_consent_who_sees_hours(self, flat: Flat, role: RoleCode, grain: str) -> None:
        flat.agree()
        flat.client = Client()
        flat.client.force_login(identity.user(organization=flat.place.organization, role=role))

        assert flat.chart()["grain"] == grain

    @pytest.mark.spec("L-50/4")
    def test_of_an_analyst_sees_commercial_premises_as_ever(self, database: str) -> None:
        shop = let(UsageType.SHOP)
        shop.client = Client()
        shop.client.force_login(identity.user(organization=shop.place.organization, role=RoleCode.ANALYST))

        assert shop.chart()["grain"] == "hour"


@pytest.mark.spec("L-50/1")
class TestSetting:
    def test_is_every_interval_for_commercial_premises_at_first(self, database: str) -> None:
        assert let(UsageType.SHOP).chart()["grain"] == "hour"

    def test_changes_what_is_seen_and_is_recorded(self, flat: Flat) -> None:
        organization, site = flat.place.organization, flat.place.site
        path = reverse("privacy_change", args=[organization.public_id, site.public_id])
        key = str(site.public_id)

        answer = flat.client.post(path, {f"{key}-dwellings": "INTERVAL", f"{key}-commercial": "DAY"})

        assert answer.status_code == 302
        assert flat.chart()["grain"] == "hour"
        assert trails.latest(organization).action == "customers:set_privacy"
        text = flat.client.get(reverse("privacy", args=[organization.public_id])).content.decode()
        assert '<option value="INTERVAL" selected>' in text

    def test_keeps_a_wrong_choice_out(self, flat: Flat) -> None:
        path = reverse("privacy_change", args=[flat.place.organization.public_id, flat.place.site.public_id])

        assert flat.client.post(path, {}).status_code == 422

    def test_of_another_organization_is_not_found(self, flat: Flat) -> None:
        other = let(UsageType.HOME)
        path = reverse("privacy_change", args=[flat.place.organization.public_id, other.place.site.public_id])
        key = str(other.place.site.public_id)

        assert flat.client.post(path, {f"{key}-dwellings": "DAY", f"{key}-commercial": "DAY"}).status_code == 404


def agree(flat: Flat, account: Account) -> None:
    """This will note the consent of an account's customer to use in detail."""
    with scoping.scope([flat.place.organization.pk], actor=identity.ACTOR):
        records.give_consent(
            actor=identity.ACTOR,
            at=MOVED,
            customer=account.customer.public_id,
            kind=values.ConsentKind.DETAILED_USE,
            text_version="1",
        )


def looks(flat: Flat) -> str:
    """The tenant's page of who looked."""
    return reverse("tenant_looks", args=[flat.place.organization.public_id])


def signed_in_tenant(flat: Flat) -> Client:
    """This will sign the tenant in."""
    made = identity.user(organization=flat.place.organization, role=None, name="Nora Stone")
    with scoping.scope([flat.place.organization.pk], actor=identity.ACTOR):
        sign_ins.link_user(actor=identity.ACTOR, at=identity.LONG_AGO, account=flat.account.public_id, user_id=made.pk)
    client = Client()
    client.force_login(made)
    return client
