"""By what a threshold, a minimum or a fixed price is multiplied: days of a period over the length they hold for."""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from fractions import Fraction

from meterbook.kernel import rounding
from meterbook.tariffs.rating.document import Component
from meterbook.tariffs.rating.inputs import Inputs
from meterbook.tariffs.rating.plan import Plan
from meterbook.tariffs.rating.terms import Length, Reference, Scale


def days_of(plan: Plan, component: Component) -> list[date]:
    """This will return the calendar days of the period that lie in the component's seasons."""
    if not component.seasons:
        return plan.days

    def make() -> list[date]:
        seasons = plan.document.seasons
        return [day for day in plan.days if seasons[plan.document.season_of(day)].code in component.seasons]

    return plan.kept(f"days {component.seasons}", make)


def months(days: list[date]) -> dict[tuple[int, int], int]:
    """This will count days by calendar month, in order."""
    counted: dict[tuple[int, int], int] = {}
    for day in days:
        counted[day.year, day.month] = counted.get((day.year, day.month), 0) + 1
    return counted


def years(days: list[date]) -> dict[int, int]:
    """This will count days by calendar year, in order."""
    counted: dict[int, int] = {}
    for day in days:
        counted[day.year] = counted.get(day.year, 0) + 1
    return counted


def in_months(days: list[date]) -> Fraction:
    """This will return how many calendar months days are: 14 of 31 are 14/31."""
    return sum((Fraction(n, calendar.monthrange(*each)[1]) for each, n in months(days).items()), Fraction(0))


def in_equal_months(days: list[date], length: int) -> int:
    """This will count days where each month has `length`: 23 February until 15 March are 22 of months of 30."""
    found = 0
    for index, day in enumerate(days):
        after = day + timedelta(days=1)
        if not index or days[index - 1] + timedelta(days=1) != day:
            found -= min(day.day, length) + length * (day.year * 12 + day.month)
        if index == len(days) - 1 or days[index + 1] != after:
            found += min(after.day, length) + length * (after.year * 12 + after.month)
    return found


def in_years(days: list[date]) -> Fraction:
    """This will return how many calendar years days are: 30 of a leap year are 30/366."""
    found = ((Fraction(n, 365 + calendar.isleap(year))) for year, n in years(days).items())
    return sum(found, Fraction(0))


def of_bill(plan: Plan, inputs: Inputs) -> Fraction:
    """This will return which part of a whole billing period the account has here."""
    if inputs.part is not None:
        return inputs.part.share
    return Fraction(len(plan.days), inputs.whole_days) if inputs.whole_days else Fraction(1)


def factor(plan: Plan, length: Length, component: Component, inputs: Inputs, exempt: int = 0) -> Fraction:
    """This will return the days of a period over a length (B-30).

    :param exempt: a difference of so many days is none
    """
    days = days_of(plan, component)
    if length.named is Reference.BILLING_PERIOD:
        in_season = Fraction(len(days), len(plan.days)) if component.seasons and plan.days else Fraction(1)
        return of_bill(plan, inputs) * in_season
    if not plan.days:
        return plan.proration(component)
    if length.named is Reference.CALENDAR_MONTH:
        return in_months(days)
    if length.named is Reference.CALENDAR_YEAR:
        return in_years(days)
    if abs(len(days) - length.days) <= exempt:
        return Fraction(1)
    return Fraction(len(days), length.days)


def of_tiers(plan: Plan, component: Component, inputs: Inputs) -> Fraction:
    """This will return by what the thresholds of a component are multiplied for their length, without scale."""
    if component.ladder.year is not None:
        return Fraction(1)
    if inputs.part is not None and component.code in inputs.part.factors:
        return inputs.part.factors[component.code]
    found = factor(plan, component.reference, component, inputs, component.exempt_days)
    places = component.ladder.factor_decimals
    return found if places is None else Fraction(rounding.round_fraction(found, places, plan.document.mode))


def scaled(scale: Scale | None, component: Component, inputs: Inputs) -> Fraction:
    """This will return the fact of the account by which something is multiplied, at least the least."""
    if scale is None:
        return Fraction(1)
    return Fraction(max(inputs.fact(scale.fact, component.code), scale.least))
