"""Bills by tariffs that need more than energy: facts, reactive energy, earlier bills; and who lacks something."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.test import Client
from django.urls import reverse

from meterbook.billing import models, queries, values
from meterbook.customers import models as customer_models
from meterbook.foundation import scoping
from meterbook.kernel.actor import Actor
from meterbook.kernel.quantity import Unit
from meterbook.metering import operations as metering_operations
from meterbook.sites import models as site_models
from meterbook.tariffs import sources
from tests.factories import billing, customers, identity, metering, sites, tariffs

ACTOR = Actor.system("test")
JANUARY, FEBRUARY = billing.Days(date(2026, 1, 1), date(2026, 2, 1)), billing.FEBRUARY
REACTIVE = metering_operations.RegisterPlan(
    "energy_reactive_import", "energy_reactive_import", Unit.KVARH, 2, wrap=None
)
RICH = tariffs.document(
    currency="EUR",
    components=[
        {"code": "energy", "name": "Energy", "charge": "ENERGY", "price": "0.10"},
        {
            "code": "demand",
            "name": "Demand",
            "charge": "DEMAND",
            "price": "2",
            "demand": {"interval": 30, "sliding_by": 15, "ratchet": [{"percent": "80", "months": 11}]},
        },
        {
            "code": "kvarh",
            "name": "Reactive",
            "charge": "POWER_FACTOR",
            "price": "0.04",
            "power_factor": {"rule": "REACTIVE_ABOVE", "tan_phi": "0.5"},
        },
        {"code": "area", "name": "Service", "charge": "FIXED_MONTHLY", "price": "1", "times": "area"},
        {"code": "opening", "name": "Opening", "charge": "ONE_OFF", "price": "50", "due": "FIRST_PERIOD"},
    ],
    taxes=[{"code": "vat", "name": "VAT", "rate": "0.21", "inclusive": True}],
)


def rented(place: billing.Place, name: str, area: str | None) -> metering.Installed:
    """A tenant since the new year, whose place may have an area."""
    node = sites.node(site=place.site, name=name, code=name)
    owner = place.organization.pk
    with scoping.scope([owner], actor=ACTOR):
        site_models.SiteNode.objects.filter(organization_id=owner, pk=node.pk).update(area=area and Decimal(area))
    registers = (metering.ENERGY, REACTIVE)
    meter = metering.installed_meter(
        organization=place.organization, site=place.site, name=name, registers=registers, node=node
    )
    account = customers.account(organization=place.organization, site=place.site, name=name)
    customers.contract(account=account, point=meter.point, tariff=place.tariff, starts_at=JANUARY.starts_at)
    return meter


def counted(meter: metering.Installed, days: billing.Days, rise: list[int], reactive: int, begin: int) -> int:
    final = billing.count(meter.energy, days.starts_at, days.ends_at, rise=rise, begin=begin)
    billing.count(meter.series["energy_reactive_import"], days.starts_at, days.ends_at, rise=reactive, begin=begin)
    return final


def lines(bill: dict[str, Any]) -> dict[str, str]:
    return {line["code"]: line["amount"] for line in bill["meter_points"][0]["charges"][0]["lines"]}


def read(place: billing.Place, run: models.BillRun) -> tuple[list[dict[str, Any]], list[Any]]:
    """Contents of a run's bills, and why others are held."""
    with scoping.scope([place.organization.pk], actor=ACTOR):
        rows = queries.run_bills(run_public_id=run.public_id).rows
        bills = [billing.bill_of(each).content for each in rows if each.bill_public_id is not None]
        return bills, [reason for each in rows for reason in each.reasons]


def test_two_months_of_a_shop() -> None:
    place = billing.place(raw=RICH)
    meter = rented(place, "Whole", "40")
    # 0.25 kWh a quarter, and once 5 kWh in two of them: 20 kW over half an hour
    first = counted(meter, JANUARY, [25] * 10 + [500, 500] + [25] * (31 * 96 - 12), 20, 100_000)

    run = billing.issued(place, first_day=JANUARY.first_day, until_day=JANUARY.until_day)
    (bill,), _held = read(place, run)
    energy = Decimal(bill["meter_points"][0]["quantity"]).scaleb(-bill["meter_points"][0]["decimals"])
    reactive = Decimal(31 * 96) * Decimal("0.20")
    assert lines(bill) == {
        "energy": str((energy / 10).quantize(Decimal("0.01"))),
        "demand": "40.00",
        "kvarh": str(((reactive - energy / 2) * Decimal("0.04")).quantize(Decimal("0.01"))),
        "area": "40.00",
        "opening": "50.00",
    }
    gross = sum(map(Decimal, lines(bill).values()))
    assert Decimal(bill["total"]) == Decimal(bill["net"]) + Decimal(bill["tax"]) == gross
    assert bill["meter_points"][0]["charges"][0]["inputs"]["facts"] == {"area": "40"}

    counted(meter, FEBRUARY, [25], 0, first)
    second = billing.issued(place, first_day=FEBRUARY.first_day, until_day=FEBRUARY.until_day)
    (bill,), _held = read(place, second)
    (line,) = [each for each in bill["meter_points"][0]["charges"][0]["lines"] if each["code"] == "demand"]
    assert (line["quantity"], line["trace"]["ratchet"]["of"], line["trace"]["actual"]) == ("16.000", "20.000", "1.000")
    assert "opening" not in lines(bill)


def test_who_lacks_something_is_held_and_told_what() -> None:
    place = billing.place(raw=RICH)
    counted(rented(place, "Lacking", None), JANUARY, [25], 20, 100_000)
    whole = rented(place, "Whole", "10")
    counted(whole, JANUARY, [25], 20, 100_000)
    bare = billing.shop(place, name="Bare", days=JANUARY)

    run = billing.advance(billing.plan(place, first_day=JANUARY.first_day, until_day=JANUARY.until_day))
    bills, held = read(place, run)
    assert [each["meter_points"][0]["code"] for each in bills] == [whole.point.code]
    assert {(each.code, each.meter_point == bare.point.code) for each in held} == {
        (values.HoldReason.NO_FACT, False),
        (values.HoldReason.NO_CHANNEL, True),
    }


def test_an_exempt_customer_and_prices_by_the_hour() -> None:
    raw = tariffs.document(
        currency="EUR",
        components=[{"code": "energy", "name": "Energy", "charge": "ENERGY", "price_series": {"code": "spot"}}],
        taxes=[{"code": "vat", "name": "VAT", "rate": "0.21"}],
    )
    made = billing.place(raw=raw)
    meter = billing.shop(made, name="Exempt", days=FEBRUARY)
    owner = made.organization.pk
    with scoping.scope([owner], actor=ACTOR):
        customer = customer_models.Account.objects.get(
            organization_id=owner, contract__meter_point_id=meter.point.pk
        ).customer
        customer_models.Customer.objects.filter(organization_id=owner, pk=customer.pk).update(
            custom={"exempt_vat": "A-1", "exempt_vat_until": "2027-01-01"}
        )

    with scoping.scope([owner], actor=ACTOR):
        sources.put_prices(
            actor=ACTOR,
            at=FEBRUARY.starts_at,
            code="spot",
            name="Spot",
            step=60,
            start=FEBRUARY.starts_at,
            prices=[Decimal("0.1")] * (28 * 24 - 24) + [Decimal("0.2")] * 24,
        )
    run = billing.advance(billing.plan(made, first_day=FEBRUARY.first_day, until_day=FEBRUARY.until_day))
    (bill,), _held = read(made, run)
    # 1 kWh an hour: 27 days at 0.10 and one at 0.20
    assert (bill["net"], bill["total"]) == ("69.60", "69.60")
    assert bill["taxes"][0]["trace"]["exempt"]["certificate"] == "A-1"


def test_pages_and_print_show_every_kind_of_line() -> None:
    place = billing.place(raw=RICH)
    counted(rented(place, "Whole", "40"), JANUARY, [25], 20, 100_000)
    run = billing.issued(place, first_day=JANUARY.first_day, until_day=JANUARY.until_day)
    with scoping.scope([place.organization.pk], actor=ACTOR):
        (row,) = [each for each in queries.run_bills(run_public_id=run.public_id).rows if each.bill_public_id]
    client = Client()
    client.force_login(identity.user(organization=place.organization))
    owner = place.organization.public_id

    page = client.get(reverse("bill", args=[owner, row.bill_public_id])).content.decode()
    assert all(words in page for words in ("Demand", "The highest demand was", "kvarh were used", "Charged once."))
    tariff = client.get(reverse("tariff", args=[owner, place.tariff.public_id])).content.decode()
    assert tariff.count("The highest power of the period.") == 1
    assert client.get(reverse("bill_pdf", args=[owner, row.bill_public_id])).status_code == 200
