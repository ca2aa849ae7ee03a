"""Around the writing of tariffs: what an example month would cost, and who pays by a tariff."""

from __future__ import annotations

import json
import uuid
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from ninja import Router

from meterbook.api import entry, values
from meterbook.api.endpoints import endpoint
from meterbook.customers import permissions as customer_permissions
from meterbook.customers import queries as customer_queries
from meterbook.foundation import scoping
from meterbook.identity.values import Module
from meterbook.tariffs import permissions, sources
from meterbook.tariffs import queries as tariff_queries
from meterbook.tariffs.rating import example, reading
from meterbook.tariffs.rating.example import Load

router = Router(tags=["Tariffs"])
MOST_CONTRACTS = 200
_ZONE = ZoneInfo("UTC")  # an example is of no place


class Example(values.Given):
    """A document, a day of the month, how much is used in the document's unit, and at which hours more."""

    document: dict[str, Any]
    month: values.DayGiven
    quantity: values.DecimalGiven
    load: Load = Load.EVEN


class ExampleLine(values.Told):
    """Quantity times price, rounded once. The quantity is a decimal, or a part of a month such as 14/31."""

    code: str
    text: dict[str, str]
    quantity: str
    unit: str
    price: values.DecimalTold
    amount: values.Money


class ExampleTax(values.Told):
    """A tax on the sum of the lines."""

    code: str
    text: dict[str, str]
    rate: values.DecimalTold
    base: values.Money
    amount: values.Money


class ExampleMonth(values.Told):
    """The lines, taxes and total of an example month."""

    lines: list[ExampleLine]
    taxes: list[ExampleTax]
    net: values.Money
    total: values.Money


class UsingContract(values.Told):
    """A running contract by the tariff."""

    account: uuid.UUID
    account_number: str
    customer: str
    meter_point: str
    site: str


class SiteUse(values.Told):
    """How many contracts of a site run by the tariff."""

    site: str
    contracts: int


class Use(values.Told):
    """Where a tariff is used now: all sites, the first 200 contracts, and sites whose vacant units are billed by it."""

    sites: list[SiteUse]
    contracts: list[UsingContract]
    vacancies: list[str]


@endpoint(
    router,
    "POST",
    "/tariffs/example",
    permission=permissions.DRAFT_TARIFF,
    module=Module.BILLING,
    answers=ExampleMonth,
)
def rate_tariff_example(request: entry.Request, given: Example) -> ExampleMonth:
    """This will rate an example month by a document, which is checked and not kept."""
    document = reading.read_text(json.dumps(given.document), sources.calendars())
    quantity = Decimal(given.quantity)
    rated = example.rate(document, month=given.month, quantity=quantity, load=given.load, zone=_ZONE)

    def money(amount: Decimal) -> values.Money:
        return values.Money(amount=f"{amount:f}", currency=rated.currency)

    lines = [
        ExampleLine(
            code=each.code,
            text=each.text,
            quantity=each.quantity,
            unit=each.unit,
            price=f"{each.price:f}",
            amount=money(each.amount),
        )
        for each in rated.lines
    ]
    taxes = [
        ExampleTax(
            code=each.code, text=each.text, rate=f"{each.rate:f}", base=money(each.base), amount=money(each.amount)
        )
        for each in rated.taxes
    ]
    return ExampleMonth(lines=lines, taxes=taxes, net=money(rated.net), total=money(rated.total))


@endpoint(
    router,
    "GET",
    "/tariffs/{uuid:tariff}/use",
    permission=permissions.VIEW_TARIFF,
    module=Module.BILLING,
    by_site=True,
    answers=Use,
)
def get_tariff_use(request: entry.Request, tariff: uuid.UUID) -> Use:
    """This will tell where a tariff is used; contracts only to those who may see customers."""
    caller = request.caller
    row = tariff_queries.get_tariff(public_id=tariff, on=caller.at.date())
    use = customer_queries.tariff_use(tariff_id=row.id, at=caller.at, limit=MOST_CONTRACTS)
    seen, reach = caller.access.sites(customer_permissions.VIEW_CUSTOMER), scoping.reach()
    may_see = seen is None or (reach is not None and reach.sites <= seen)
    return Use(
        sites=[SiteUse(site=site, contracts=count) for site, count in use.by_site],
        contracts=[
            UsingContract(
                account=each.account_public_id,
                account_number=each.account_number,
                customer=each.customer_name,
                meter_point=each.meter_point_name,
                site=each.site_name,
            )
            for each in (use.first if may_see else ())
        ],
        vacancies=list(use.vacancy_sites),
    )
