"""What tariff documents name and do not hold: calendars of holidays, and prices that change by the hour."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Count, F, Max, Min, QuerySet, Window
from django.db.models.functions import Lead
from django.utils.translation import gettext as _

from meterbook.audit import operations as audit_operations
from meterbook.foundation import operation, scoping
from meterbook.kernel.actor import Actor
from meterbook.kernel.period import Period
from meterbook.tariffs import models
from meterbook.tariffs.rating.inputs import Prices
from meterbook.tariffs.rating.reading import Calendars

MOST_PRICES = 40_000
STEPS = (15, 30, 60)
_CODE = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_LARGEST = Decimal(10) ** 12
_provided: list[Callable[[], Calendars]] = []


class PricesInvalid(ValueError):
    """Prices cannot be kept: the message names what to change."""


@dataclass(frozen=True)
class SeriesRow:
    """A series of prices, and how far it is known."""

    code: str
    name: str
    step: int
    first_at: datetime | None
    until_at: datetime | None
    count: int


def list_series() -> list[SeriesRow]:
    """This will return the series of the organization, by their codes."""
    owner = scoping.current().organization_id
    rows = models.PriceSeries.objects.filter(organization_id=owner).annotate(
        first=Min("priceofinstant__at"), final=Max("priceofinstant__at"), count=Count("priceofinstant")
    )
    return [
        SeriesRow(code, name, step, first, final and final + timedelta(minutes=step), count)
        for code, name, step, first, final, count in rows.order_by("code").values_list(
            "code", "name", "step", "first", "final", "count"
        )
    ]


@operation.operation
def put_prices(
    *, actor: Actor, at: datetime, code: str, name: str, step: int, start: datetime, prices: Sequence[Decimal]
) -> models.PriceSeries:
    """This will keep prices of consecutive intervals of `step` minutes from an aware instant on; later ones replace.

    :raises PricesInvalid: when code, name, step, start or prices cannot be kept
    """
    if not _CODE.fullmatch(code):
        raise PricesInvalid(_("A code has small letters, digits, - and _, at most 40, such as pvpc."))
    if not name.strip() or not 0 < len(prices) <= MOST_PRICES:
        raise PricesInvalid(_("A series has a name, and 1 to %(most)s prices at once.") % {"most": MOST_PRICES})
    if step not in STEPS or start.tzinfo is None or start.timestamp() % (step * 60):
        raise PricesInvalid(_("Prices hold for 15, 30 or 60 minutes, from a full one of these on."))
    if any(not each.is_finite() or abs(each) >= _LARGEST or each != each.quantize(Decimal("1e-8")) for each in prices):
        raise PricesInvalid(_("A price has at most 12 digits before the point and 8 after it."))
    owner = scoping.current().organization_id
    series, _made = models.PriceSeries.objects.get_or_create(
        organization_id=owner, code=code, defaults={"name": name.strip()[:200], "step": step}
    )
    if series.step != step:
        words = _("The prices of “%(code)s” hold for %(step)s minutes; take another code.")
        raise PricesInvalid(words % {"code": code, "step": series.step})
    models.PriceOfInstant.objects.bulk_create(
        [
            models.PriceOfInstant(
                organization_id=owner, series=series, at=start + index * timedelta(minutes=step), price=price
            )
            for index, price in enumerate(prices)
        ],
        update_conflicts=True,
        unique_fields=["series", "at"],
        update_fields=["price"],
    )
    after = {"from": start.isoformat(), "count": len(prices), "step": step}
    audit_operations.record(actor=actor, at=at, action="tariffs:put_prices", subject=series, before=None, after=after)
    return series


def calendars() -> Calendars:
    """This will return what gives the dates of a calendar of holidays by its code; it reads when first asked."""
    return _provided[-1]() if _provided else lambda _code: None


def provide(make: Callable[[], Calendars]) -> None:
    """This will take calendars from there on: they are kept beside tariffs, by a domain that these do not know."""
    _provided[:] = [make]


def prices(*, codes: Collection[str], period: Period) -> dict[str, Prices]:
    """This will return series of prices that cover a period without a gap; others are left out."""
    owner = scoping.current().organization_id
    found = {}
    for series in models.PriceSeries.objects.filter(organization_id=owner, code__in=sorted(codes)).order_by("id"):
        step = timedelta(minutes=series.step)
        rows = models.PriceOfInstant.objects.filter(
            organization_id=owner, series=series, at__gt=period.start - step, at__lt=period.end
        )
        listed = list(rows.order_by("at").values_list("at", "price"))
        if listed and all(at == listed[0][0] + index * step for index, (at, _price) in enumerate(listed)):
            found[series.code] = Prices(listed[0][0], step, [price for _at, price in listed])
    return found


class SeriesNotFound(LookupError):
    """The organization has no prices under this code."""


def get_series(*, code: str) -> SeriesRow:
    """This will return a series of prices by its code.

    :raises SeriesNotFound: when there is none
    """
    found = next((each for each in list_series() if each.code == code), None)
    if found is None:
        raise SeriesNotFound(_("There are no prices under this code."))
    return found


def prices_of(*, code: str, period: Period) -> list[tuple[datetime, Decimal]]:
    """This will return the prices of a series that begin in a period, the oldest first."""
    rows = _instants(code).filter(at__gte=period.start, at__lt=period.end)
    return list(rows.order_by("at").values_list("at", "price"))


def gaps_of(*, code: str) -> list[Period]:
    """This will return the stretches inside a series that have no price, the oldest first."""
    step = timedelta(minutes=get_series(code=code).step)
    rows = _instants(code).annotate(following=Window(Lead("at"), order_by="at")).filter(following__gt=F("at") + step)
    return [Period(at + step, following) for at, following in rows.order_by("at").values_list("at", "following")]


def _instants(code: str) -> QuerySet[models.PriceOfInstant]:
    owner = scoping.current().organization_id
    return models.PriceOfInstant.objects.filter(organization_id=owner, series__code=code)
