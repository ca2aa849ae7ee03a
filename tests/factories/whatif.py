"""A site with several months of use, billed or not, to be priced by other tariffs."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from meterbook.billing import models
from meterbook.billing.whatif import asked as asking
from meterbook.billing.whatif import background
from meterbook.customers import models as customer_models
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.kernel import civil, clock
from meterbook.sites.values import NodeKind
from tests.factories import billing, customers, metering, pools
from tests.factories.identity import ACTOR

FIRST, UNTIL = date(2026, 1, 1), date(2026, 4, 1)
NOW = datetime(2026, 5, 20, 9, tzinfo=UTC)
RISES = ((25, 30, 20), (90, 5), (3, 400, 1, 1))  # counts of 0.01 kWh of each quarter in turn


@dataclass(frozen=True)
class History:
    """Accounts with their meters at a place."""

    place: billing.Place
    accounts: tuple[customer_models.Account, ...]
    meters: tuple[metering.Installed, ...]

    @property
    def owner(self) -> int:
        """The organization's id."""
        return self.place.organization.pk


def history(
    place: billing.Place | None = None,
    *,
    names: Sequence[str] = ("Bakery", "Florist", "Tailor"),
    first: date = FIRST,
    until: date = UNTIL,
    stops_day: date | None = None,
    has_units: bool = False,
) -> History:
    """This will make tenants who used something in every quarter of the days; outside a scope.

    :param stops_day: from when on the first of them has no readings
    :param has_units: whether each is in a unit of its own, as shared costs need it
    """
    place = place or billing.place(code="WH")
    accounts, meters = [], []
    start, end = (civil.start_of_day(each, billing.MADRID) for each in (first, until))
    for number, name in enumerate(names):
        unit = {"node": pools.unit(place, kind=NodeKind.UNIT, code=f"U-{number}", name=name)} if has_units else {}
        meter = billing.metered(place, name=name, **unit)
        stop = end if number or stops_day is None else civil.start_of_day(stops_day, billing.MADRID)
        billing.count(meter.energy, start, stop, rise=RISES[number % 3])
        account = customers.account(organization=place.organization, site=place.site, name=name)
        customers.contract(account=account, point=meter.point, tariff=place.tariff, starts_at=start)
        accounts.append(account)
        meters.append(meter)
    return History(place, tuple(accounts), tuple(meters))


def bill(made: History, *, first: date = FIRST, until: date = UNTIL) -> list[models.BillRun]:
    """This will issue the bills of each month of the days; outside a scope."""
    runs, month = [], first
    while month < until:
        after = civil.next_month(month)
        runs.append(billing.issued(made.place, first_day=month, until_day=after))
        month = after
    return runs


def dearer(raw: dict[str, Any] | None = None, *, price: str = "1.00") -> dict[str, Any]:
    """This will return the place's document with another price a day."""
    changed = raw or billing.document()
    changed["components"][-1]["price"] = price
    return changed


def started(organization: identity_models.Organization, *, is_canceled: bool = False) -> uuid.UUID:
    """This will start one in the background, for all accounts that there are; outside a scope."""
    with scoping.scope([organization.pk], actor=ACTOR):
        asked = asking.Asked(asking.Scope(), FIRST, UNTIL)
        made = background.start_what_if(actor=ACTOR, at=clock.now(), asked=asked, document=None)
        if is_canceled:
            background.cancel_what_if(actor=ACTOR, at=clock.now(), what_if=made.public_id)
        return made.public_id


def priced(organization: identity_models.Organization) -> uuid.UUID:
    """This will start one in the background and price its first part, as the job does; outside a scope."""
    public_id = started(organization)
    with scoping.scope([organization.pk], actor=ACTOR):
        background.price_next(what_if=public_id)
    return public_id


def water() -> dict[str, Any]:
    """This will return a component for another unit than that of energy."""
    return {"code": "water", "name": "Water", "charge": "ENERGY", "price": "2.10"}


def street(*, accounts: int) -> billing.Place:
    """This will make accounts of which one day, the first, was billed; outside a scope."""
    place, until = billing.place(code="ST"), FIRST + timedelta(days=1)
    start, end = (civil.start_of_day(each, billing.MADRID) for each in (FIRST, until))
    instants = [start + number * billing.STEP for number in range((end - start) // billing.STEP + 1)]
    for number in range(accounts):
        meter = billing.metered(place, name=f"Shop {number}")
        metering.record(
            meter.energy, [(at, 100_000 + place_of * (number % 50)) for place_of, at in enumerate(instants)]
        )
        account = customers.account(organization=place.organization, site=place.site, name=f"Shop {number}")
        customers.contract(account=account, point=meter.point, tariff=place.tariff, starts_at=start)
    billing.derive(place.organization.pk)
    billing.issued(place, first_day=FIRST, until_day=until)
    return place
