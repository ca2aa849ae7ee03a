"""The money of the balance sheet: what suppliers were paid and what shared costs cost, and who bears it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from django.utils.translation import gettext as _

from meterbook.billing import models as billing_models
from meterbook.billing.queries import supplier_invoices
from meterbook.foundation import scoping
from meterbook.kernel import currency as currencies
from meterbook.kernel import quantity
from meterbook.kernel.quantity import Unit
from meterbook.reporting import balancing
from meterbook.reporting.balancing import Bearer
from meterbook.reporting.queries import site_energy


@dataclass(frozen=True)
class Invoiced:
    """What suppliers say that they delivered of a service in the days; `is_part`: some invoices reach beyond them."""

    service: str
    quantity: Fraction
    unit: Unit
    invoices: tuple[supplier_invoices.InvoiceFigure, ...]
    is_part: bool


@dataclass(frozen=True)
class MoneyBalance:
    """One currency; `outside` bills are in it and reach beyond the days: they are left out, and told."""

    currency: str
    sheet: balancing.Money
    outside: tuple[str, ...]


def invoiced(
    *, site_id: int, first_day: date, until_day: date
) -> tuple[list[supplier_invoices.InvoiceFigure], list[Invoiced]]:
    """This will return the invoices that touch the days, and by service what they say was delivered."""
    figures = supplier_invoices.invoices_between(site_id=site_id, first_day=first_day, until_day=until_day)
    found = []
    for service in dict.fromkeys(each.service for each in figures):
        own = tuple(each for each in figures if each.service == service and each.quantity is not None and each.unit)
        if own:
            unit = Unit(own[0].unit)
            amount = sum(
                (
                    Fraction(each.quantity or 0) * each.shared_days / each.days * quantity.factor(Unit(each.unit), unit)
                    for each in own
                ),
                Fraction(0),
            )
            found.append(Invoiced(service, amount, unit, own, any(each.shared_days < each.days for each in own)))
    return figures, found


def balances(
    *,
    site_id: int,
    first_day: date,
    until_day: date,
    bills: Sequence[site_energy.IssuedBill],
    figures: Sequence[supplier_invoices.InvoiceFigure],
) -> list[MoneyBalance]:
    """This will put the money of a site together, one balance a currency."""
    costs, common = list(_costs(site_id, first_day, until_day, figures)), site_energy.common_points(site_id=site_id)
    known = dict.fromkeys([*(currency for currency, _cost in costs), *(each.currency for each in bills)])
    found = []
    for currency in known:
        own = [each for each in bills if each.currency == currency]
        inside = [each for each in own if _is_inside(each, first_day, until_day)]
        borne = [row for each in inside for row in _borne(each, common)]
        sheet = balancing.money([cost for paid_in, cost in costs if paid_in == currency], borne)
        found.append(MoneyBalance(currency, sheet, tuple(each.number for each in own if each not in inside)))
    return found


def _is_inside(bill: site_energy.IssuedBill, first_day: date, until_day: date) -> bool:
    starts, ends = (date.fromisoformat(bill.content["period"][each][:10]) for each in ("from", "until"))
    return first_day <= starts and ends <= until_day


def _costs(
    site_id: int, first_day: date, until_day: date, figures: Sequence[supplier_invoices.InvoiceFigure]
) -> Iterator[tuple[str, balancing.Cost]]:
    """Invoices of suppliers, and amounts of shared costs that are no line of one of them."""
    for each in figures:
        amount = balancing.of_days(
            each.total, shared=each.shared_days, of=each.days, places=currencies.minor_units(each.currency)
        )
        name = f"{each.supplier}, {each.number}"
        is_part = each.shared_days < each.days
        yield each.currency, balancing.Cost(name, each.service, amount, f"invoice:{each.public_id}", is_part)
    entries = billing_models.PoolEntry.objects.filter(
        organization_id=scoping.current().organization_id,
        site_id=site_id,
        days__overlap=(first_day, until_day),
        withdrawn_at=None,
        invoice=None,
        kind__in=["AMOUNT", "INVOICE"],
    )
    for entry in entries.select_related("pool__site").order_by("pool__code", "days", "id"):
        currency, days = entry.pool.site.currency, entry.days
        shared = (min(days.upper, until_day) - max(days.lower, first_day)).days
        of = (days.upper - days.lower).days
        amount = balancing.of_days(entry.amount, shared=shared, of=of, places=currencies.minor_units(currency))
        detail = ", ".join(each for each in (entry.text, entry.reference) if each)
        yield currency, balancing.Cost(entry.pool.name, detail, amount, f"pool:{entry.pool.public_id}", shared < of)


def _borne(bill: site_energy.IssuedBill, common: frozenset[str]) -> Iterator[balancing.Borne]:
    """What a bill says before taxes: charges, shared costs, settlements. Together they are its net."""
    account, where = f"{bill.account} {bill.customer}", {"bill": bill.number, "href": str(bill.public_id)}
    content, rest = bill.content, Decimal(bill.content["net"])
    for point in content["meter_points"]:
        amount = sum((Decimal(each["net"]) for each in point["charges"]), Decimal(0))
        bearer = Bearer.TARIFF
        if point["public_id"] in common:
            bearer = Bearer.COMMON
        elif bill.is_landlord:
            bearer = Bearer.VACANCY if point["is_vacancy"] else Bearer.LANDLORD
        rest -= amount
        yield balancing.Borne(bearer, point["name"], account, amount, **where)
    for share in content.get("shared_costs", ()):
        bearer = Bearer.SHARED
        if bill.is_landlord:
            bearer = Bearer.VACANCY if share.get("is_vacancy") else Bearer.LANDLORD
        rest -= Decimal(share["amount"])
        yield balancing.Borne(bearer, share["pool"]["name"], account, Decimal(share["amount"]), **where)
    for settled in content.get("settlements", ()):
        rest -= Decimal(settled["net"])
        bearer = Bearer.LANDLORD if bill.is_landlord else Bearer.SETTLED
        yield balancing.Borne(bearer, settled["bill"], account, Decimal(settled["net"]), **where)
    if rest:  # such as taxes that prices hold: they are in the lines and not in the net
        bearer = Bearer.LANDLORD if bill.is_landlord else Bearer.TARIFF
        yield balancing.Borne(bearer, _("Taxes that the lines hold"), account, rest, **where)
