"""A second site: a real year of a steel plant, imported from a file and billed month by month (data/SOURCES.md)."""

from __future__ import annotations

import gzip
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from meterbook.billing import models as billing_models
from meterbook.billing import operations as billing_operations
from meterbook.customers import operations as customer_operations
from meterbook.customers import records as customer_records
from meterbook.customers.values import CustomerKind
from meterbook.foundation import scoping
from meterbook.kernel import civil
from meterbook.kernel.quantity import Unit
from meterbook.metering import models as metering_models
from meterbook.metering import operations as metering_operations
from meterbook.metering import values as metering_values
from meterbook.metering.importing.mapping import Kind, Label, Mapping, Midnight
from meterbook.sites import models as site_models
from meterbook.sites import operations as site_operations
from meterbook_lab import demo_people, demo_tariffs

FILE, TARIFF = "steel_plant_2018.csv.gz", "tariff_smud_ci_tod3_2018.json"
ZONE = ZoneInfo("Asia/Seoul")
YEAR = civil.year_bounds(date(2018, 1, 1), ZONE)
MONTHS = tuple(date(2018, month, 1) for month in range(1, 13))
POINT, ACCOUNT = "STEEL-01", "GS-001"
DECIMALS = 3  # of the register, in kWh
POINT_NAME = "Steel plant 2018 (UCI 851, CC BY 4.0)"
BILLED_AFTER = timedelta(days=2, hours=9)  # from the end of the month
# Rows name the end of their quarter hour; those at midnight carry the date of the day that ends.
MAPPING = Mapping(
    point=POINT,
    time_column="date",
    value_column="Usage_kWh",
    time_format="%d/%m/%Y %H:%M",
    decimal_separator=".",
    delimiter=",",
    kind=Kind.INTERVALS,
    unit=Unit.KWH,
    label=Label.END,
    midnight=Midnight.SAME,
    step=15,
)


def create(people: demo_people.Actors, at: datetime) -> None:
    """This will add the site with its meter, account and contract. Needs a scope."""
    clerk = people[demo_people.CLERK]
    site = site_operations.create_site(
        actor=demo_people.ACTOR, at=at, code="STEEL", name="Gyeongsang Steel", time_zone=ZONE.key, currency="USD"
    )
    point = _meter_point(site, at)
    tariff = demo_tariffs.publish(
        TARIFF, first_day=MONTHS[0], author=clerk, publisher=people[demo_people.APPROVER], at=at
    )
    facts = customer_records.Facts("Gyeongsang Steel Works", kind=CustomerKind.COMPANY, email="energy@steel.example")
    customer = customer_records.create_record(actor=clerk, at=at, code="STEEL", facts=facts)
    account = customer_operations.open_account(actor=clerk, at=at, customer=customer, site=site, number=ACCOUNT)
    customer_operations.start_contract(
        actor=clerk,
        at=at,
        account=account,
        meter_point=point,
        tariff=tariff,
        starts_at=YEAR.start,
        ends_at=YEAR.end,
    )


def import_year(people: demo_people.Actors, at: datetime) -> None:
    """This will import the readings from the file, and take the meter away where they end.

    Needs a scope that has not looked at readings before.
    """
    clerk = people[demo_people.CLERK]
    outcome = metering_operations.import_readings(
        actor=clerk,
        at=at,
        content=gzip.decompress((demo_tariffs.DATA / FILE).read_bytes()),
        name=FILE.removesuffix(".gz"),
        mapping=MAPPING,
    )
    (imported,) = outcome.points
    shown = int(Decimal(imported.total).scaleb(DECIMALS))
    metering_operations.remove_meter(
        actor=clerk,
        at=at,
        installation=metering_models.Installation.objects.get(
            organization_id=scoping.current().organization_id, meter_point__code=POINT
        ),
        ends_at=YEAR.end,
        closings={"energy_import": metering_operations.Closing(shown)},
        reason="End of the file",
    )


def _meter_point(site: site_models.Site, at: datetime) -> metering_models.MeterPoint:
    """Made before the import, which would name it only by its code: its name says where the data are from."""
    actor = demo_people.ACTOR
    point = metering_operations.create_meter_point(
        actor=actor,
        at=at,
        site=site,
        code=POINT,
        name=POINT_NAME,
        service=metering_values.Service.ELECTRICITY,
    )
    meter = metering_operations.create_meter(
        actor=actor, at=at, organization_id=site.organization_id, serial_number="UCI-851", model_code="imported"
    )
    register = metering_operations.RegisterPlan("energy_import", "energy_import", Unit.KWH, DECIMALS, opening=0)
    metering_operations.install_meter(
        actor=actor, at=at, meter_point=point, meter=meter, starts_at=YEAR.start, registers=(register,)
    )
    return point


def bill(organization_id: int, people: demo_people.Actors) -> None:
    """This will bill each month as it was over: a clerk plans, another person approves. Outside a scope.

    The year must be derived.
    """
    for first_day in MONTHS:
        until_day = civil.next_month(first_day)
        at = civil.start_of_day(until_day, ZONE) + BILLED_AFTER
        _bill_month(organization_id, people, first_day, until_day, at)


def _bill_month(
    organization_id: int, people: demo_people.Actors, first_day: date, until_day: date, at: datetime
) -> None:
    clerk, approver = people[demo_people.CLERK], people[demo_people.APPROVER]
    with scoping.scope([organization_id], actor=clerk):
        site = site_models.Site.objects.get(organization_id=organization_id, code="STEEL")
        run = billing_operations.plan_run(actor=clerk, at=at, site=site, first_day=first_day, until_day=until_day)
    _advance(organization_id, run, at)
    with scoping.scope([organization_id], actor=approver):
        billing_operations.approve_run(actor=approver, at=at, run=run)
    _advance(organization_id, run, at)


def _advance(organization_id: int, run: billing_models.BillRun, at: datetime) -> None:
    """At once, in this process; the jobs that were deferred find nothing left to do."""
    billing_operations.advance_run(
        organization_id=organization_id, actor=demo_people.ACTOR, at=at, run_id=run.public_id
    )
