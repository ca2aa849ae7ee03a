"""Fixed charges: by day, month, year or bill, times a fact of the account, and those due once."""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from meterbook.kernel import civil
from meterbook.tariffs.rating import lengths, lines
from meterbook.tariffs.rating.account import Account
from meterbook.tariffs.rating.document import Component, Text
from meterbook.tariffs.rating.lines import DAY, MONTH, ONCE, YEAR, Line

MEAN_MONTH = Fraction(365, 12)  # days of a month where all months have as many


@dataclass(frozen=True)
class _Each:
    """A price for one unit of time: of the whole component, or of a tier of its fact."""

    price: Fraction
    trace: dict[str, Any]
    more: str
    text: Text


def daily(account: Account, component: Component) -> Iterable[Line]:
    """This will charge each calendar day, whatever its hours (B-12); or 365/12 days for each calendar month."""
    plan, days = account.plan, lengths.days_of(account.plan, component)
    if component.is_plain:
        return lines.plain(plan, component, [], [], 0)
    if not days:
        return []
    trace: dict[str, Any] = {"from": days[0].isoformat(), "until": days[-1].isoformat()}
    if component.proration.is_mean_month:
        count = lengths.in_months(days) * MEAN_MONTH
        trace["months"] = str(lengths.in_months(days))
        return [_line(account, component, each, count, DAY, trace) for each in _each(account, component)]
    return [_line(account, component, each, Fraction(len(days)), DAY, trace) for each in _each(account, component)]


def monthly(account: Account, component: Component) -> Iterable[Line]:
    """This will charge each calendar month; a part of one by days of the month, by a number of days, or whole."""
    if component.is_plain:
        return lines.plain(account.plan, component, [], [], 0)
    return list(_monthly(account, component))


def _monthly(account: Account, component: Component) -> Iterator[Line]:
    days = lengths.days_of(account.plan, component)
    counted = lengths.months(days)
    proration = component.proration
    for each in _each(account, component):
        if proration.days:
            count = lengths.in_equal_months(days, proration.days) if proration.by_equal_months else len(days)
            share = Fraction(count, proration.days)
            trace = {"months": list(map(_named, counted)), "days": count, "of": proration.days}
            yield _line(account, component, each, share, MONTH, trace)
            continue
        if proration.by_period or proration.is_none:
            share = lengths.of_bill(account.plan, account.inputs) if proration.by_period else Fraction(len(counted))
            yield _line(account, component, each, share, MONTH, {"months": list(map(_named, counted))})
            continue
        whole = [month for month, count in counted.items() if count == calendar.monthrange(*month)[1]]
        if whole:
            yield _line(account, component, each, Fraction(len(whole)), MONTH, {"months": list(map(_named, whole))})
        for month, count in counted.items():
            if month not in whole:
                of = calendar.monthrange(*month)[1]
                trace = {"months": [_named(month)], "days": count, "of": of}
                yield _line(account, component, each, Fraction(count, of), MONTH, trace, _named(month))


def yearly(account: Account, component: Component) -> Iterator[Line]:
    """This will charge each calendar year by days: 30 of a leap year are 30/366."""
    days = lengths.days_of(account.plan, component)
    for each in _each(account, component):
        for year, count in lengths.years(days).items():
            of = 365 + calendar.isleap(year)
            trace = {"year": year, "days": count, "of": of}
            more = str(year) if len(lengths.years(days)) > 1 else ""
            yield _line(account, component, each, Fraction(count, of), YEAR, trace, more)


def of_period(account: Account, component: Component) -> Iterator[Line]:
    """This will charge each bill, and a part of it where the account has a part of the billing period."""
    share = lengths.of_bill(account.plan, account.inputs)
    if component.seasons and account.plan.days:
        share *= Fraction(len(lengths.days_of(account.plan, component)), len(account.plan.days))
    trace = {"days": len(account.plan.days), "share": str(share)}
    for each in _each(account, component):
        yield _line(account, component, each, share, ONCE, trace)


def once(account: Account, component: Component) -> Iterator[Line]:
    """This will charge once: in the first period of the account, or in the period that holds a date."""
    plan = account.plan
    if component.due is None:
        is_due, trace = account.inputs.is_first_period, {"due": "FIRST_PERIOD"}
    else:
        is_due, trace = _holds(account, component.due), {"due": component.due.isoformat()}
    if is_due and plan.days:
        for each in _each(account, component):
            yield _line(account, component, each, Fraction(1), ONCE, trace)


def _holds(account: Account, day: date) -> bool:
    at = civil.start_of_day(day, account.plan.zone)
    return account.plan.period.start <= at < account.plan.period.end


def _each(account: Account, component: Component) -> Iterator[_Each]:
    """The price of the component, times its fact; with tiers one for each that the fact enters."""
    if not component.times:
        yield _Each(Fraction(component.price), {}, "", component.name)
        return
    value = account.inputs.fact(component.times, component.code)
    if not component.tiers:
        trace = {"times": {"fact": component.times, "value": str(value), "price": str(component.price)}}
        yield _Each(Fraction(component.price) * Fraction(value), trace, "", _named_text(component, value))
        return
    low = Decimal(0)
    for number, tier in enumerate(component.tiers, 1):
        top = value if tier.up_to is None else min(value, tier.up_to)
        inside = top - low
        if inside > 0 or number == 1:
            times: dict[str, Any] = {"fact": component.times, "value": str(inside), "price": str(tier.price)}
            price = Fraction(tier.price) * Fraction(inside) + Fraction(tier.fixed)
            yield _Each(price, {"times": {**times, "tier": number}}, str(number), _named_text(component, inside))
        if tier.up_to is None or value <= tier.up_to:
            return
        low = tier.up_to


def _named_text(component: Component, value: Decimal) -> Text:
    return {language: f"{words} × {value.normalize():f}" for language, words in component.name.items()}


def _line(
    account: Account,
    component: Component,
    each: _Each,
    count: Fraction,
    unit: str,
    trace: dict[str, Any],
    more: str = "",
) -> Line:
    text = each.text
    if more:
        text = {language: f"{words} ({more})" for language, words in text.items()}
    seasons = {"seasons": list(component.seasons)} if component.seasons else {}
    return lines.line(
        account.plan,
        component,
        quantity=f"{trace['days']}/{trace['of']}" if "of" in trace else str(count),
        unit=unit,
        price=lines.decimal(each.price),
        exact=each.price * count,
        trace={**trace, **each.trace, **seasons},
        more=".".join(part for part in (each.more, more) if part),
        text=text,
    )


def _named(month: tuple[int, int]) -> str:
    return f"{month[0]:04}-{month[1]:02}"
