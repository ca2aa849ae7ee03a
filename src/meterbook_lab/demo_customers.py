"""Who pays for the meters of the mall: three customers, and the landlord for what stands empty."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from meterbook.customers import models as customer_models
from meterbook.customers import operations as customer_operations
from meterbook.kernel import civil
from meterbook.metering import models as metering_models
from meterbook.sites import models as site_models
from meterbook_lab import demo_people, demo_tariffs

TARIFFS_FROM = date(2025, 1, 1)
MOVE_IN_DAY = 15  # of the month that is billed first, so that the unit was vacant before


@dataclass(frozen=True)
class Tenant:
    """A customer with one account and one contract. `moves_in_on` is a day of the first billed month."""

    code: str
    name: str
    point_code: str
    language: str
    email: str
    tax_number: str
    address: str
    moves_in_on: int = 1

    @property
    def account(self) -> str:
        """The number of the account, after the meter point."""
        return self.point_code.replace("MP", "HM")


LANDLORD = ("HP", "Harbor Properties", "HM-000")
TENANTS = (
    Tenant(
        "FERRER",
        "Panadería Ferrer, S.L.",
        "MP-101",
        "es",
        "cuentas@ferrer.example",
        "ESB00000001",
        "Harbor Mall, local 1.01\n08039 Barcelona",
    ),
    Tenant(
        "PHARMACY",
        "Harbor Pharmacy",
        "MP-102",
        "en",
        "accounts@pharmacy.example",
        "ESB00000002",
        "Harbor Mall, unit 1.02\n08039 Barcelona",
        moves_in_on=MOVE_IN_DAY,
    ),
    Tenant(
        "FACILITY",
        "Harbor Facility Services",
        "MP-001",
        "en",
        "invoices@facility.example",
        "ESB00000003",
        "Harbor Mall, ground floor\n08039 Barcelona",
    ),
)


def first_billed_day(at: datetime, zone: ZoneInfo) -> date:
    """This will return the first day of the local month before the one of `at`."""
    return (civil.local_date(at, zone).replace(day=1) - timedelta(days=1)).replace(day=1)


def create(
    site: site_models.Site, points: dict[str, metering_models.MeterPoint], people: demo_people.Actors, at: datetime
) -> None:
    """This will publish the mall's tariffs, open its accounts and let contracts begin. Needs a scope.

    :param points: the meter points by code
    """
    clerk, approver = people[demo_people.CLERK], people[demo_people.APPROVER]
    retail, common = (
        demo_tariffs.publish(name, first_day=TARIFFS_FROM, author=clerk, publisher=approver, at=at)
        for name in ("tariff_retail.json", "tariff_landlord.json")
    )
    code, name, number = LANDLORD
    customer_operations.open_account(
        actor=clerk,
        at=at,
        customer=customer_operations.create_customer(actor=clerk, at=at, code=code, name=name),
        site=site,
        number=number,
        is_landlord=True,
        vacancy_tariff=common,
    )
    zone = ZoneInfo(site.time_zone)
    for tenant in TENANTS:
        first_day = first_billed_day(at, zone).replace(day=tenant.moves_in_on)
        customer_operations.start_contract(
            actor=clerk,
            at=at,
            account=_account(tenant, site, people, at),
            meter_point=points[tenant.point_code],
            tariff=retail,
            starts_at=civil.start_of_day(first_day, zone),
        )


def _account(
    tenant: Tenant, site: site_models.Site, people: demo_people.Actors, at: datetime
) -> customer_models.Account:
    clerk = people[demo_people.CLERK]
    customer = customer_operations.create_customer(
        actor=clerk,
        at=at,
        code=tenant.code,
        name=tenant.name,
        email=tenant.email,
        language=tenant.language,
        tax_number=tenant.tax_number,
        address=tenant.address,
    )
    return customer_operations.open_account(actor=clerk, at=at, customer=customer, site=site, number=tenant.account)
