"""Who pays for the meters of the mall: shops that come and go, the facility, a department, and the landlord."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from meterbook.customers import models as customer_models
from meterbook.customers import operations as customer_operations
from meterbook.customers import records as customer_records
from meterbook.customers import sign_ins
from meterbook.customers.values import CustomerKind
from meterbook.kernel import civil
from meterbook.metering.values import PointRole, Service
from meterbook.sites import models as site_models
from meterbook.tariffs import models as tariff_models
from meterbook_lab import demo_people, demo_tariffs
from meterbook_lab.harbor import points, shapes, units
from meterbook_lab.harbor.building import Points
from meterbook_lab.harbor.calendar import Calendar
from meterbook_lab.harbor.points import Point
from meterbook_lab.harbor.units import Stay, Unit

TARIFFS_FROM = date(2025, 1, 1)
RETAIL, SIMPLE, WATER, GAS = "tariff_retail.json", "tariff_landlord.json", "tariff_water.json", "tariff_gas.json"
LANDLORD = ("HP", "Harbor Properties", "HM-000")
FACILITY = ("FACILITY", "Harbor Facility Services", "HM-001")
# A department of the landlord's own: what it uses is charged back, without tax.
PARKING = ("PARKING", "Parking operations", "HM-002")
PARKED = frozenset({"MP-010", "MP-011", "MP-012"})
CITY = "08039 Barcelona"
# The account of the tenant who can sign in: others rented the unit before, and all issued months are its own.
SIGNS_IN = "HM-123"
ON_PAPER = 6  # one tenant in so many has no e-mail address: its bills are printed

Tariffs = Mapping[str, tariff_models.Tariff]


@dataclass(frozen=True)
class Opening:
    """Where and when accounts are opened, and by whom."""

    site: site_models.Site
    people: demo_people.Actors
    at: datetime


def create(site: site_models.Site, made: Points, people: demo_people.Actors, calendar: Calendar, at: datetime) -> None:
    """This will publish the mall's tariffs, open its accounts and let contracts begin and end. Needs a scope.

    :param made: the meter points by code
    """
    opening = Opening(site, people, at)
    first_day = min(TARIFFS_FROM, calendar.first_days[0].replace(month=1, day=1))
    tariffs = {
        name: demo_tariffs.publish(
            name, first_day=first_day, author=people[demo_people.CLERK], publisher=people[demo_people.APPROVER], at=at
        )
        for name in (RETAIL, SIMPLE, WATER, GAS)
    }
    code, name, number = LANDLORD
    _account(opening, code, name, number, vacancy_tariff=tariffs[SIMPLE])
    code, name, number = FACILITY
    facility = _account(opening, code, name, number, email="invoices@facility.example")
    code, name, number = PARKING
    parking = _account(opening, code, name, number, is_internal=True)
    listed = points.points(calendar)
    for point in listed:
        if point.role is PointRole.COMMON:
            payer = parking if point.code in PARKED else facility
            _contract(opening, payer, point, made, tariffs, calendar, None)
    for unit in units.units():
        inside = [point for point in listed if point.place == unit.code]
        for place, stay in enumerate(unit.stays):
            account = _tenant(opening, unit, stay, former=len(unit.stays) - 1 - place)
            for point in inside:
                _contract(opening, account, point, made, tariffs, calendar, stay)
            if account.number == SIGNS_IN:
                _let_sign_in(opening, account)


def _let_sign_in(opening: Opening, account: customer_models.Account) -> None:
    user_id = opening.people[demo_people.TENANT].id
    if user_id is not None:
        sign_ins.link_user(
            actor=opening.people[demo_people.CLERK], at=opening.at, account=account.public_id, user_id=user_id
        )


def tariff_of(point: Point) -> str:
    """This will return the tariff of a point: time of use for a shop's own meter, a simple one for the rest."""
    if point.service is Service.COLD_WATER:
        return WATER
    if point.service is Service.GAS:
        return GAS
    is_shop = point.role is PointRole.TENANT and not point.code.endswith("-C")
    return RETAIL if is_shop else SIMPLE


def _tenant(opening: Opening, unit: Unit, stay: Stay, *, former: int) -> customer_models.Account:
    """The account has the unit's number; a former tenant's one letter more."""
    number = f"HM-{unit.number}{chr(ord('A') + former - 1) if former else ''}"
    mark = zlib.crc32(stay.tenant.encode())
    where = f"Harbor Mall, {'local' if stay.language == 'es' else 'unit'} {unit.code}\n{CITY}"
    email = "" if mark % ON_PAPER == 0 else f"accounts@{number.lower().replace('-', '')}.example"
    return _account(
        opening,
        number.replace("HM-", "T"),
        stay.tenant,
        number,
        email=email,
        language=stay.language,
        tax_number=f"ESB{mark % 100_000_000:08d}",
        address=where,
    )


def _account(
    opening: Opening,
    code: str,
    name: str,
    number: str,
    *,
    email: str = "",
    language: str = "en",
    tax_number: str = "",
    address: str = f"Harbor Mall, ground floor\n{CITY}",
    vacancy_tariff: tariff_models.Tariff | None = None,
    is_internal: bool = False,
) -> customer_models.Account:
    clerk = opening.people[demo_people.CLERK]
    facts = customer_records.Facts(
        name, kind=CustomerKind.COMPANY, email=email, language=language, tax_number=tax_number, address=address
    )
    customer = customer_records.create_record(actor=clerk, at=opening.at, code=code, facts=facts)
    return customer_operations.open_account(
        actor=clerk,
        at=opening.at,
        customer=customer,
        site=opening.site,
        number=number,
        is_landlord=vacancy_tariff is not None,
        vacancy_tariff=vacancy_tariff,
        is_internal=is_internal,
    )


def _contract(
    opening: Opening,
    account: customer_models.Account,
    point: Point,
    made: Points,
    tariffs: Tariffs,
    calendar: Calendar,
    stay: Stay | None,
) -> None:
    """Without a stay from the beginning on, for ever."""
    starts_at = civil.start_of_day(calendar.first_days[0], shapes.ZONE)
    if stay is not None and stay.begins != units.START:
        starts_at = calendar.instant(*stay.begins)
    customer_operations.start_contract(
        actor=opening.people[demo_people.CLERK],
        at=opening.at,
        account=account,
        meter_point=made[point.code],
        tariff=tariffs[tariff_of(point)],
        starts_at=starts_at,
        ends_at=None if stay is None or stay.ends is None else calendar.instant(*stay.ends),
    )
