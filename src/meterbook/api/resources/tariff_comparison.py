"""Two versions of a tariff: what differs, and what the same month costs by both."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from ninja import Query, Router
from pydantic import Field

from meterbook.api import entry, problems, values
from meterbook.api.endpoints import endpoint
from meterbook.identity.values import Module
from meterbook.tariffs import differences, permissions
from meterbook.tariffs import queries as tariff_queries
from meterbook.tariffs.rating import example
from meterbook.tariffs.rating.example import Load

router = Router(tags=["Tariffs"])
_ZONE = ZoneInfo("UTC")  # an example is of no place
_USUAL = Decimal(300)
Number = Annotated[int | None, Query(ge=1, description="The number of a version.")]
Quantity = Annotated[str | None, Field(pattern=r"^[0-9]{1,9}(\.[0-9]{1,6})?$")]


class TariffDifference(values.Told):
    """A place of the document, such as "/components/energy/price", as JSON text in both; null where there is none."""

    place: str
    before: str | None
    after: str | None


class ComparedMonth(values.Told):
    """What a month costs by both versions."""

    month: date
    quantity: values.DecimalTold
    load: Load
    before: values.Money
    after: values.Money
    difference: values.Money


class TariffComparison(values.Told):
    """An older and a newer version of a tariff."""

    old: int
    new: int
    differences: list[TariffDifference]
    example: ComparedMonth


@endpoint(
    router,
    "GET",
    "/tariffs/{uuid:tariff}/comparison",
    permission=permissions.VIEW_TARIFF,
    module=Module.BILLING,
    by_site=True,
    answers=TariffComparison,
)
def compare_tariff_versions(
    request: entry.Request,
    tariff: uuid.UUID,
    old: Number = None,
    new: Number = None,
    month: values.DayGiven | None = None,
    quantity: Quantity = None,
    load: Load = Load.EVEN,
) -> TariffComparison:
    """This will compare two versions: the newest with the one before it, where no numbers are given."""
    today = request.caller.at.date()
    row = tariff_queries.get_tariff(public_id=tariff, on=today)
    versions = tariff_queries.list_versions(tariff_id=row.id)
    newer = _version(versions, new, "new") or versions[0]
    usual = next((each for each in versions if each.number < newer.number), newer)
    older = _version(versions, old, "old") or usual
    used, first = Decimal(quantity) if quantity else _USUAL, month or today
    before, after = (
        example.rate(each.document, month=first, quantity=used, load=load, zone=_ZONE).total for each in (older, newer)
    )

    def money(amount: Decimal) -> values.Money:
        return values.Money(amount=values.decimal(amount), currency=row.currency)

    return TariffComparison(
        old=older.number,
        new=newer.number,
        differences=[
            TariffDifference(place=each.place, before=each.before, after=each.after)
            for each in differences.between(older.raw, newer.raw)
        ],
        example=ComparedMonth(
            month=first.replace(day=1),
            quantity=values.decimal(used),
            load=load,
            before=money(before),
            after=money(after),
            difference=money(after - before),
        ),
    )


def _version(
    versions: Sequence[tariff_queries.VersionRow], number: int | None, name: str
) -> tariff_queries.VersionRow | None:
    if number is None:
        return None
    found = next((each for each in versions if each.number == number), None)
    if found is None:
        raise problems.invalid(f"/query/{name}", _("The tariff has no such version."))
    return found
