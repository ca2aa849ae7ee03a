"""A formula is written as a list of signed rows, by people who may manage meters, and read with what each row gave."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from meterbook.audit import models as audit_models
from meterbook.foundation import scoping
from meterbook.identity.values import RoleCode
from meterbook.kernel import clock
from meterbook.metering import queries
from meterbook.sites.values import NodeKind
from meterbook.tariffs import operations as tariff_operations
from tests.db.metering import derived
from tests.factories import api, customers, identity, metering, sites, tariffs

NOW = datetime(2026, 3, 12, 9, tzinfo=UTC)
DAY = date(2026, 3, 10)


@pytest.fixture(autouse=True)
def _in_march() -> object:
    with clock.use(clock.SettableClock(NOW)) as installed:
        yield installed


class Mall:
    """A main meter and two of shops on two floors, with their use of three days, and somebody who may do all."""

    def __init__(self) -> None:
        self.organization = identity.organization()
        self.site = sites.site(organization=self.organization, name="Harbor Mall", time_zone="UTC")
        self.floor = sites.node(site=self.site, kind=NodeKind.FLOOR, code="F1", name="First floor")
        unit = sites.node(site=self.site, kind=NodeKind.UNIT, code="U1", name="Unit 1", parent=self.floor)
        self.main = self.meter("MAIN", "Main", 100)
        self.bakery = self.meter("SHOP-1", "Bakery", 25, node=unit)
        self.books = self.meter("SHOP-2", "Books", 50, node=unit)
        self.client = self.signed_in()

    def meter(self, code: str, name: str, rise: int, **facts: object) -> metering.Installed:
        made = metering.installed_meter(
            organization=self.organization,
            site=self.site,
            code=code,
            name=name,
            **facts,  # type: ignore[arg-type]
        )
        readings = derived.counted(
            derived.MIDNIGHT - timedelta(days=1), derived.MIDNIGHT + timedelta(days=1, minutes=15), rise=rise
        )
        metering.record(made.energy, readings)
        return made

    def signed_in(self, **given: object) -> Client:
        found = Client()
        found.force_login(identity.user(organization=self.organization, **given))  # type: ignore[arg-type]
        return found

    def href(self, name: str, *more: object) -> str:
        return reverse(name, args=[self.organization.public_id, *more])

    def post(self, href: str, *rows: dict[str, str], **given: str) -> HttpResponse:
        sent = {"rows": str(len(rows)), **given}
        for number, row in enumerate(rows):
            sent |= {
                f"row-{number}-{name}": value for name, value in {"kind": "PLUS", "weekdays": "127", **row}.items()
            }
        return self.client.post(href, sent)  # type: ignore[return-value]

    def make(self, *rows: dict[str, str], **given: str) -> HttpResponse:
        facts = {
            "name": "Common areas",
            "code": "COMMON",
            "spot": str(self.site.public_id),
            "purpose": "REST",
            "service": "ELECTRICITY",
            "role": "COMMON",
            "starts_on": "2026-03-09",
            **given,
        }
        return self.post(self.href("virtual_meter_new"), *rows, **facts)

    def listed(self) -> list[queries.VirtualRow]:
        with scoping.scope([self.organization.pk], actor=identity.ACTOR):
            return queries.list_virtual()


REST = ({"meter": "MAIN"}, {"kind": "MINUS", "meter": "SHOP-1"}, {"kind": "MINUS", "meter": "SHOP-2", "factor": "1/2"})


@pytest.fixture
def mall() -> Mall:
    return Mall()


class TestPages:
    def test_begin_with_nothing_and_say_what_to_do(self, mall: Mall) -> None:
        page = mall.client.get(mall.href("virtual_meters")).content.decode()

        assert "No virtual meter yet" in page
        assert mall.href("virtual_meter_new") in page

    @pytest.mark.spec("M-028/1")
    def test_make_one_and_show_what_each_row_gave(self, mall: Mall) -> None:
        made = mall.make(*REST)
        assert made.status_code == 302, made.content.decode()
        derived.derive(mall.organization.pk)

        page = mall.client.get(f"{made['Location']}?day=2026-03-10").content.decode()

        text = " ".join(page.replace("\u00a0", " ").split())
        assert "96.000" in text  # 24 hours of 4 kWh
        assert "-24.000" in text or "−24.000" in text
        assert "48.000" in text  # 96 - 24 - 24
        assert "Harbor Mall" in mall.client.get(mall.href("virtual_meters")).content.decode()
        (row,) = mall.listed()
        assert (row.inputs, row.role, row.name) == (3, "COMMON", "Common areas")

    def test_are_shown_as_other_meters_are(self, mall: Mall) -> None:
        made = mall.make(*REST)
        derived.derive(mall.organization.pk)
        (row,) = mall.listed()

        page = mall.client.get(mall.href("meter", row.public_id) + "?view=day&date=2026-03-10").content.decode()
        csv = mall.client.get(mall.href("meter_data", row.public_id) + "?view=day&date=2026-03-10")
        meters = mall.client.get(mall.href("meters")).content.decode()

        assert made.status_code == 302
        assert mall.href("virtual_meter", row.public_id) in page
        assert mall.href("meter_exchange", row.public_id) not in page
        assert mall.href("meter_multiplier", row.public_id) not in page
        edits = mall.client.get(mall.href("meter_edits", row.public_id)).content.decode()
        gap_href = mall.href("meter_gap", row.public_id)
        missing = mall.client.get(mall.href("meter", row.public_id) + "?view=month&day=2026-03-10").content.decode()
        assert mall.href("meter_edits", row.public_id) in missing
        assert gap_href not in missing + edits
        assert "Common areas" in meters
        assert b"".join(csv).count(b"\n") > 20  # type: ignore[call-overload]

    def test_tell_which_input_is_missing(self, mall: Mall) -> None:
        silent = metering.installed_meter(organization=mall.organization, site=mall.site, code="SHOP-3", name="Shoes")
        metering.record(silent.energy, derived.counted(derived.MIDNIGHT + timedelta(hours=12), NOW, rise=5))
        made = mall.make({"meter": "MAIN"}, {"kind": "MINUS", "meter": "SHOP-3"})
        derived.derive(mall.organization.pk)

        page = mall.client.get(f"{made['Location']}?day=2026-03-10").content.decode()

        assert "48 of 96 intervals missing" in page
        assert "48 of 96 intervals incomplete" in page

    def test_add_all_meters_of_a_place_or_a_tenant(self, mall: Mall) -> None:
        payer = customers.account(organization=mall.organization, site=mall.site, name="Paper & Co")
        raw = {**tariffs.peak_document(), "currency": "EUR"}
        with scoping.scope([mall.organization.pk], actor=identity.ACTOR):
            tariff = tariff_operations.create_tariff(actor=identity.ACTOR, at=NOW, document=raw)
        customers.contract(account=payer, point=mall.books.point, tariff=tariff, starts_at=derived.MIDNIGHT)
        page = mall.make(do="fill", fill=f"place:{mall.floor.public_id}").content.decode()
        tenant = mall.make({"meter": "MAIN"}, do="fill", fill=f"tenant:{mall.site.pk}:Paper & Co").content.decode()

        assert [f'value="{code}"' in page for code in ("SHOP-1", "SHOP-2")] == [True, True]
        assert 'name="row-0-meter"' in page
        assert 'name="row-1-meter" id="id_row-1-meter" value="SHOP-2"' in tenant
        assert not mall.listed()

    def test_lose_nothing_that_was_typed(self, mall: Mall) -> None:
        page = mall.make(
            {"meter": "MAIN", "factor": "0.25"}, {"kind": "MINUS", "meter": "SHOP-1"}, do="add"
        ).content.decode()
        fewer = mall.make({"meter": "MAIN"}, {"meter": "SHOP-1"}, do="remove:0").content.decode()
        wrong = mall.make(
            {"meter": "MIAN"}, {"kind": "PLUS_CONSTANT", "factor": "x"}, {"meter": "MAIN", "start": "25:00"}
        )

        assert 'value="0.25"' in page
        assert 'name="row-2-meter"' in page
        assert 'name="row-1-meter"' not in fewer
        assert wrong.status_code == 422
        text = wrong.content.decode()
        assert "There is no meter “MIAN” of this quantity" in text
        assert "Write a number or a ratio" in text
        assert "Write the time as hours and minutes" in text

    @pytest.mark.spec("M-028/2")
    def test_refuse_a_circle_in_words(self, mall: Mall) -> None:
        mall.make(*REST)
        mall.make({"meter": "COMMON"}, name="Hall", code="HALL")
        first = next(each for each in mall.listed() if each.code == "COMMON")

        answer = mall.post(
            mall.href("virtual_meter_change", first.public_id), {"meter": "HALL"}, starts_on="2026-03-09"
        )

        assert answer.status_code == 422
        assert "Common areas ← Hall ← Common areas" in answer.content.decode()

    def test_change_a_formula_from_a_day_on(self, mall: Mall) -> None:
        mall.make(*REST)
        (row,) = mall.listed()
        href = mall.href("virtual_meter_change", row.public_id)
        shown = mall.client.get(href).content.decode()

        answer = mall.post(
            href,
            {"meter": "SHOP-1", "start": "22:00", "end": "06:00", "weekdays": "31"},
            {"kind": "MINUS_CONSTANT", "factor": "0.5"},
            starts_on="2026-03-10",
            reason="rewired",
        )

        assert 'value="0.5"' in shown
        assert answer.status_code == 302, answer.content.decode()
        page = mall.client.get(answer["Location"]).content.decode()
        assert "Monday to Friday, 22:00 to 06:00" in page
        assert "rewired" in page
        with scoping.scope([mall.organization.pk], actor=identity.ACTOR):
            entries = audit_models.AuditEntry.objects.filter(
                organization_id=mall.organization.pk, action="metering:set_formula"
            )
            assert entries.count() == 2

    def test_are_for_those_who_manage_meters(self, mall: Mall) -> None:
        mall.make(*REST)
        (row,) = mall.listed()
        looking = mall.signed_in(role=RoleCode.MONITOR)

        page = looking.get(mall.href("virtual_meter", row.public_id)).content.decode()

        assert mall.href("virtual_meter_change", row.public_id) not in page
        assert looking.get(mall.href("virtual_meter_change", row.public_id)).status_code == 403

    def test_are_nothing_for_other_meters(self, mall: Mall) -> None:
        for name in ("virtual_meter", "virtual_meter_change"):
            assert mall.client.get(mall.href(name, mall.main.point.public_id)).status_code == 404


class TestApi:
    def test_makes_changes_and_reads_them(self, mall: Mall) -> None:
        caller = api.program(organization=mall.organization)
        made = caller.post(
            "/virtual-meters",
            {
                "site": str(mall.site.public_id),
                "code": "REST",
                "name": "Rest",
                "service": "ELECTRICITY",
                "purpose": "REST",
                "starts_on": "2026-03-09",
                "rows": [
                    {"meter_point": str(mall.main.point.public_id)},
                    {"meter_point": str(mall.bakery.point.public_id), "factor": "-1/3"},
                    {"constant_per_hour": "-0.5", "weekdays": [1, 2, 3, 4, 5]},
                ],
            },
        )
        assert made.status_code == 201, made.content
        derived.derive(mall.organization.pk)
        point = json.loads(made.content)["id"]

        told = json.loads(caller.get(f"/virtual-meters/{point}/inputs", first="2026-03-10", until="2026-03-11").content)
        circle = caller.post(
            f"/virtual-meters/{point}/formulas", {"starts_on": "2026-03-10", "rows": [{"meter_point": point}]}
        )

        assert [each["used"] for each in told["items"]] == ["96.000", "-8.000", "-12.000"]
        assert circle.status_code == 422
        assert b"cannot be computed from itself" in circle.content
        assert json.loads(caller.get("/virtual-meters").content)["items"][0]["inputs"] == 2
