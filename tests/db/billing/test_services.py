"""Several services of an account: one bill or one each, sewer by water, gas as energy, one demand of several meters."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from meterbook.billing import models, operations, queries, values
from meterbook.billing.gas_values import OnMissingValue
from meterbook.billing.operations import gas as gas_operations
from meterbook.customers import models as customer_models
from meterbook.foundation import scoping
from meterbook.kernel.actor import Actor
from meterbook.kernel.quantity import Unit
from meterbook.metering.values import PointRole, Service
from tests.factories import billing, calendars, customers, services, tariffs

ACTOR = Actor.system("test")
DAYS = billing.FEBRUARY


def drafted(place: billing.Place) -> tuple[list[models.BillRun], list[dict[str, Any]], list[Any]]:
    """Carry all runs on; their contents, and why accounts are held."""
    billing.plan(place, first_day=DAYS.first_day, until_day=DAYS.until_day)
    for run in calendars.runs(place.organization):
        billing.advance(run)
    return read(place)


def read(place: billing.Place) -> tuple[list[models.BillRun], list[dict[str, Any]], list[Any]]:
    runs = calendars.runs(place.organization)
    with scoping.scope([place.organization.pk], actor=ACTOR):
        rows = [row for run in runs for row in queries.run_bills(run_public_id=run.public_id).rows]
        bills = [billing.bill_of(each).content for each in rows if each.bill_public_id is not None]
        return runs, bills, [reason for each in rows for reason in each.reasons]


def sums(bill: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {each["service"]: (each["net"], each["tax"]) for each in bill["services"]}


class TestOneBill:
    @pytest.mark.spec("M-091/1")
    def test_has_each_service_with_its_unit_tax_and_sum(self) -> None:
        house = services.house()
        services.gas_value(services.area(house.place), "11.247")

        _runs, (bill,), held = drafted(house.place)

        assert held == []
        units = {(each["service"], each["charges"][0]["lines"][0]["unit"]) for each in bill["meter_points"]}
        assert units == {("ELECTRICITY", "KWH"), ("GAS", "KWH"), ("COLD_WATER", "M3"), ("HEATING", "KWH")}
        # 26.88 m3 at 1.20 and 25.536 of sewer at 2.00; 134.4 m3 x 0.9513 x 11.247 = 1,438 kWh at 0.08; 268.8 at 0.11
        found = {service: net for service, (net, _tax) in sums(bill).items()}
        electricity = found.pop("ELECTRICITY")
        assert found == {"GAS": "115.04", "COLD_WATER": "32.26", "SEWER": "51.07", "HEATING": "29.57"}
        assert electricity == bill["meter_points"][0]["charges"][0]["net"]
        nets = sum(Decimal(each["net"]) for each in bill["services"])
        taxes = sum(Decimal(each["tax"]) for each in bill["services"])
        assert (str(nets), str(taxes)) == (bill["net"], bill["tax"])
        for tax in bill["taxes"]:
            parts = [each for service in bill["services"] for each in service["taxes"] if each["code"] == tax["code"]]
            assert sum(Decimal(each["amount"]) for each in parts) == Decimal(tax["amount"])
            assert sum(Decimal(each["base"]) for each in parts) == Decimal(tax["base"])

    def test_of_a_single_service_has_no_such_sums(self) -> None:
        place = billing.place()
        billing.shop(place, name="Shop", days=DAYS)
        _runs, (bill,), _held = drafted(place)
        assert "services" not in bill


class TestABillForEach:
    @pytest.mark.spec("M-091/1")
    def test_service_where_the_calendar_says_so(self) -> None:
        house = services.house()
        services.gas_value(services.area(house.place), "11.247")
        calendars.calendar(house.place, starts_on=date(2100, 1, 1), bundling=values.Bundling.BY_SERVICE)

        runs, bills, held = drafted(house.place)

        assert held == []
        assert [each.services for each in runs] == [None, ["COLD_WATER"], ["GAS"], ["HEATING"]]
        assert [[each["service"] for each in bill["meter_points"]] for bill in bills] == [
            ["ELECTRICITY"], ["COLD_WATER"], ["GAS"], ["HEATING"],
        ]  # fmt: skip
        assert set(sums(bills[1])) == {"COLD_WATER", "SEWER"}
        for run in runs:
            billing.advance(billing.approve(run))
        assert {each.state for each in calendars.runs(house.place.organization)} == {"CLOSED"}
        assert len(calendars.bills(house.place.organization)[house.account.number]) == 4

    def test_of_the_group_alone(self) -> None:
        house = services.house()
        services.gas_value(services.area(house.place), "11.247")
        other = billing.shop(house.place, name="Shop", days=DAYS)
        calendars.calendar(
            house.place, starts_on=date(2100, 1, 1), accounts=[house.account], bundling=values.Bundling.BY_SERVICE
        )
        runs, bills, _held = drafted(house.place)
        assert [each.services for each in runs] == [None, ["COLD_WATER"], ["GAS"], ["HEATING"]]
        codes = [[each["code"] for each in bill["meter_points"]] for bill in bills]
        assert sorted(codes[:2]) == sorted([[house.electricity.point.code], [other.point.code]])

    def test_takes_what_a_canceled_run_left(self) -> None:
        house = services.house()
        services.gas_value(services.area(house.place), "11.247")
        calendars.calendar(house.place, starts_on=date(2100, 1, 1), bundling=values.Bundling.BY_SERVICE)
        runs, _bills, _held = drafted(house.place)
        billing.advance(billing.approve(runs[0]))
        with scoping.scope([house.place.organization.pk], actor=ACTOR):
            for run in runs[1:]:
                operations.cancel_run(actor=ACTOR, at=run.started_at, run=run, reason="again")

        billing.plan(house.place, first_day=DAYS.first_day, until_day=DAYS.until_day)
        again = calendars.runs(house.place.organization)[len(runs) :]
        assert [each.services for each in again] == [None, ["GAS"], ["HEATING"]]


class TestSewer:
    @pytest.mark.spec("B-52")
    def test_goes_by_the_water_without_the_garden(self) -> None:
        water = services.document(
            services.text("Water", "Agua"), "M3", "1.20", services.sewer(less="irrigation_meter"), rate="0.10"
        )
        house = services.house(water=water)
        services.gas_value(services.area(house.place), "11.247")
        note(house, irrigation_meter="IRR-1")
        garden = services.meter(
            house.place,
            customers.account(organization=house.place.organization, site=house.place.site, name="Garden"),
            Service.COLD_WATER,
            services.VOLUME,
            services.document(services.text("Garden", "Jardín"), "M3", "0.10"),
            2,
            code="IRR-1",
            role=PointRole.OTHER,
        )
        _runs, bills, held = drafted(house.place)
        assert held == []
        (bill,) = [each for each in bills if each["account"]["number"] == house.account.number]
        (point,) = [each for each in bill["meter_points"] if each["service"] == "COLD_WATER"]
        (line,) = [each for each in point["charges"][0]["lines"] if each["code"] == "sewer"]
        # (26.880 - 5.376) x 0.95 = 20.4288
        assert (line["service"], line["quantity"], line["amount"]) == ("SEWER", "20.429", "40.86")
        assert line["trace"]["linked"]["meters"] == [garden.point.code]
        assert point["charges"][0]["inputs"]["deducted"]["irrigation_meter"]["quantity"] == "5.376"

    def test_waits_for_a_meter_that_is_named_and_not_there(self) -> None:
        water = services.document(
            services.text("Water", "Agua"), "M3", "1.20", services.sewer(less="irrigation_meter"), rate="0.10"
        )
        house = services.house(water=water)
        services.gas_value(services.area(house.place), "11.247")
        note(house, irrigation_meter="NOWHERE")

        _runs, bills, held = drafted(house.place)

        assert bills == []
        assert [(each.code, each.detail) for each in held] == [
            (values.HoldReason.NO_LINKED, "irrigation_meter: NOWHERE")
        ]

    def test_waits_for_the_winter_of_who_had_none(self) -> None:
        winter = {"months": [12, 1], "in_months": [2]}
        water = services.document(
            services.text("Water", "Agua"), "M3", "1.20", services.sewer(winter=winter), rate="0.10"
        )
        house = services.house(water=water)
        services.gas_value(services.area(house.place), "11.247")
        _runs, _bills, held = drafted(house.place)
        assert [(each.code, each.detail) for each in held] == [(values.HoldReason.NO_FACT, "winter_average")]

        note(house, winter_average="15")
        run = calendars.runs(house.place.organization)[0]
        with scoping.scope([house.place.organization.pk], actor=ACTOR):
            operations.check_again(actor=ACTOR, at=run.started_at, run=run)
        billing.advance(run)
        _runs, (bill,), held = read(house.place)
        assert held == []
        (line,) = [
            line for point in bill["meter_points"] for line in point["charges"][0]["lines"] if line["code"] == "sewer"
        ]
        # 15 m3 in 30 days are 14 in 28, times 0.95
        assert line["quantity"] == "13.300"


def note(house: services.House, **custom: str) -> None:
    """Fill in fields of one's own at the customer."""
    with scoping.scope([house.place.organization.pk], actor=ACTOR):
        customer_models.Customer.objects.filter(
            organization_id=house.place.organization.pk, pk=house.account.customer_id
        ).update(custom=custom)


class TestGas:
    @pytest.mark.spec("B-51")
    def test_is_held_without_a_value_and_priced_by_days_with_two(self) -> None:
        house = services.house()
        _runs, bills, held = drafted(house.place)
        assert (bills, [each.code for each in held]) == ([], [values.HoldReason.NO_GAS_AREA])

        area = services.area(house.place)
        services.gas_value(area, "11.247", until=date(2026, 2, 15))
        _runs, bills, held = again(house.place)
        assert [(each.code, each.detail) for each in held] == [
            (values.HoldReason.NO_GAS_VALUE, "North, 2026-02-15 to 2026-02-28")
        ]

        services.gas_value(area, "40.1", first=date(2026, 2, 15), unit=Unit.MJ)
        _runs, (bill,), held = again(house.place)
        assert held == []
        (gas,) = [each for each in bill["meter_points"] if each["service"] == "GAS"]
        told = gas["charges"][0]["conversion"]
        assert [(each["measured"], each["factor"], each["calorific"], each["unit"]) for each in told] == [
            (67_200, "0.9513", "11.247", "KWH"),
            (67_200, "0.9513", "40.1", "MJ"),
        ]
        exact = Decimal("67.2") * Decimal("0.9513") * Decimal("11.247")
        exact += Decimal("67.2") * Decimal("0.9513") * Decimal("40.1") / Decimal("3.6")
        (line,) = gas["charges"][0]["lines"]
        assert line["quantity"] == str(exact.quantize(Decimal(1)))
        assert (gas["quantity"], gas["unit"]) == (134_400, "M3")

    def test_is_estimated_where_the_area_says_so_and_settled_later(self) -> None:
        house = services.house()
        area = services.area(house.place, on_missing=OnMissingValue.ESTIMATE)
        services.gas_value(area, "11.2", first=date(2026, 1, 1), until=date(2026, 2, 1))

        _runs, (bill,), _held = drafted(house.place)
        (gas,) = [each for each in bill["meter_points"] if each["service"] == "GAS"]
        assert bill["is_estimated"]
        assert gas["charges"][0]["conversion"][0]["is_estimated"]

    def test_counts_the_newest_version(self) -> None:
        house = services.house()
        area = services.area(house.place)
        assert services.gas_value(area, "11.2") == 1
        assert services.gas_value(area, "11.2") == 0
        assert services.gas_value(area, "11.3") == 1
        _runs, (bill,), _held = drafted(house.place)
        (gas,) = [each for each in bill["meter_points"] if each["service"] == "GAS"]
        assert gas["charges"][0]["conversion"][0]["calorific"] == "11.3"

    def test_of_a_file_is_kept_whole_or_not_at_all(self) -> None:
        house = services.house()
        area = services.area(house.place, factor=None)
        text = (
            "area;kind;first_day;last_day;value;unit\n"
            "north;CALORIFIC;2026-02-01;2026-02-28;11,247;KWH\n"
            "north;FACTOR;2026-02-01;2026-02-28;0,9513;\n"
        )
        with scoping.scope([house.place.organization.pk], actor=ACTOR):
            for wrong, words in (
                (text + "north;CALORIFIC;2026-02-31;2026-02-28;11;KWH\n", "Line 4"),
                (text + "south;CALORIFIC;2026-02-01;2026-02-28;11;KWH\n", "south"),
                (text.replace("11,247", "eleven"), "Line 2"),
                ("area;value\n", "first_day"),
            ):
                with pytest.raises(gas_operations.GasValueImpossible, match=words):
                    gas_operations.import_values(actor=ACTOR, at=billing.LONG_AGO, text=wrong)
            assert not models.GasValue.objects.filter(organization_id=area.organization_id).exists()
            assert gas_operations.import_values(actor=ACTOR, at=billing.LONG_AGO, text=text) == 2
            assert gas_operations.import_values(actor=ACTOR, at=billing.LONG_AGO, text=text) == 0
        _runs, (bill,), held = drafted(house.place)
        assert held == []
        assert bill["is_estimated"] is False


def again(place: billing.Place) -> tuple[list[models.BillRun], list[dict[str, Any]], list[Any]]:
    """Check the first run again."""
    run = calendars.runs(place.organization)[0]
    with scoping.scope([place.organization.pk], actor=ACTOR):
        operations.check_again(actor=ACTOR, at=run.started_at, run=run)
    billing.advance(run)
    return read(place)


class TestDemandOfSeveralMeters:
    @pytest.mark.spec("B-42")
    @pytest.mark.parametrize(
        ("meters", "expected"), [("COINCIDENT", "5.000"), ("NON_COINCIDENT", "7.000")], ids=["together", "apart"]
    )
    def test_is_charged_once(self, meters: str, expected: str) -> None:
        """A takes 4 kW in its first quarter of an hour and 1 otherwise, B 3 kW in its second: 5 together, 7 apart."""
        raw = tariffs.document(
            currency="EUR",
            components=[
                {"code": "energy", "name": "Energy", "charge": "ENERGY", "price": "0.10"},
                {
                    "code": "demand",
                    "name": "Demand",
                    "charge": "DEMAND",
                    "price": "2",
                    "demand": {"interval": 15, "meters": meters},
                },
            ],
        )
        place = billing.place(raw=raw)
        account = customers.account(organization=place.organization, site=place.site, name="Plant")
        for code, rises in (("P-1", [100, *[25] * 95]), ("P-2", [25, 75, *[25] * 94])):
            made = billing.metered(place, code=code)
            billing.count(made.energy, DAYS.starts_at, DAYS.ends_at, rise=rises)
            customers.contract(account=account, point=made.point, tariff=place.tariff, starts_at=DAYS.starts_at)

        run = billing.plan(place, first_day=DAYS.first_day, until_day=DAYS.until_day)
        billing.advance(run)
        _runs, (bill,), held = read(place)

        assert held == []
        demands = [
            (point["code"], line)
            for point in bill["meter_points"]
            for line in point["charges"][0]["lines"]
            if line["component"] == "demand"
        ]
        ((code, line),) = demands
        assert (code, line["quantity"], line["trace"]["meters"]) == ("P-1", expected, ["P-1", "P-2"])
        at = [DAYS.starts_at, DAYS.starts_at + timedelta(minutes=15)][: 1 if meters == "COINCIDENT" else 2]
        assert line["trace"]["at"] == [each.astimezone(billing.MADRID).isoformat(timespec="minutes") for each in at]
        issued = billing.advance(billing.approve(run))
        assert issued.state == "CLOSED"
