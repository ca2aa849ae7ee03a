"""From totals by price period to priced lines, tax and total (invariant 4: what is shown multiplies to what is due)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Any, NamedTuple

from meterbook.kernel import currency as currencies
from meterbook.kernel import rounding
from meterbook.kernel.rounding import RoundingMode
from meterbook.tariffs.rating.document import Component, Text
from meterbook.tariffs.rating.plan import MonthPart, Plan
from meterbook.tariffs.rating.terms import Charge

DAY, MONTH, YEAR, ONCE = "DAY", "MONTH", "YEAR", "ONE"
EXACT_PLACES = 12  # of amounts that no decimal number holds, such as a third


class Line(NamedTuple):
    """One priced row: quantity x price, rounded once, is the amount.

    `quantity` is the exact number as text: "250.125", or "14/31" for a part of a month. `exact` is the amount before
    rounding. `trace` tells where the quantity comes from.
    """

    code: str
    component: str
    text: Text
    quantity: str
    unit: str
    price: Decimal
    exact: Decimal
    amount: Decimal
    trace: dict[str, Any]


class TaxLine(NamedTuple):
    """A tax on the sum of the rounded lines it applies to; `trace` says what else there is to it."""

    code: str
    text: Text
    rate: Decimal
    base: Decimal
    amount: Decimal
    trace: Mapping[str, Any] = MappingProxyType({})

    @property
    def is_inclusive(self) -> bool:
        """Whether the lines hold it already."""
        return "inclusive" in self.trace


class PeriodTotal(NamedTuple):
    """What was used in one price period: billed units as an exact number, and how many intervals it has."""

    code: str
    text: Text
    quantity: Decimal
    intervals: int


class Rated(NamedTuple):
    """Lines, tax and total of one account; amounts in the tariff's currency."""

    currency: str
    periods: tuple[PeriodTotal, ...]
    lines: tuple[Line, ...]
    net: Decimal
    taxes: tuple[TaxLine, ...]
    total: Decimal


def rate_totals(plan: Plan, totals: Sequence[int], counts: Sequence[int], *, apportioned: int = 0) -> Rated:
    """This will price totals by price period, given in the scale of the usage.

    500 kWh in 30 days by tiers to 100 at 0.10, to 300 at 0.15 and 0.20 above: 10.00 + 30.00 + 40.00 = 80.00.

    :param counts: intervals by price period; a period without any has no line
    """
    document = plan.document
    billed = [plan.billed(total) for total in totals]
    lines: list[Line] = []
    for component in document.components:
        lines.extend(plain(plan, component, billed, counts, apportioned))
    nothing = zero(plan)
    net = sum((line.amount for line in lines), nothing)
    taxes = tuple(_taxes(plan, lines, nothing))
    periods = tuple(
        PeriodTotal(period.code, period.name, plan.number(units), count)
        for period, units, count in zip(document.periods, billed, counts, strict=True)
        if count or units
    )
    return Rated(
        currency=document.currency,
        periods=periods,
        lines=tuple(lines),
        net=net,
        taxes=taxes,
        total=net + sum((tax.amount for tax in taxes), nothing),
    )


def plain(
    plan: Plan, component: Component, billed: Sequence[int], counts: Sequence[int], apportioned: int
) -> Iterable[Line]:
    """This will price a plain component: units and intervals by price period."""
    if component.charge is Charge.FIXED_DAILY:
        return plan.kept(f"lines {component.code}", lambda: list(_daily(plan, component)))
    if component.charge is Charge.FIXED_MONTHLY:
        return plan.kept(f"lines {component.code}", lambda: list(_monthly(plan, component)))
    if component.tiers:
        return _by_tier(plan, component, sum(billed), sum(counts))
    if component.prices:
        return _by_period(plan, component, billed, counts, apportioned)
    return [_energy(plan, only_row(component), sum(billed), counts)]


class Row(NamedTuple):
    """The part of a line that all accounts share."""

    component: Component
    code: str
    text: Text
    price: Decimal
    trace: dict[str, Any] = {}  # noqa: RUF012 - only read


def only_row(component: Component) -> Row:
    """This will return what all accounts share of the only line of a component."""
    return Row(component, component.code, component.name, component.price)


def _by_period(
    plan: Plan, component: Component, billed: Sequence[int], counts: Sequence[int], apportioned: int
) -> Iterator[Line]:
    rows = period_rows(plan, component)
    shared = {"apportioned_intervals": apportioned} if apportioned else {}
    for index, row in rows:
        if counts[index] or billed[index]:
            yield _energy(plan, row, billed[index], [counts[index]], shared)


def period_rows(plan: Plan, component: Component) -> list[tuple[int, Row]]:
    """This will return the rows of a component priced by period, each with the index of its period."""
    return plan.kept(f"rows {component.code}", lambda: _period_rows(plan, component))


def _period_rows(plan: Plan, component: Component) -> list[tuple[int, Row]]:
    names = {period.code: (index, period.name) for index, period in enumerate(plan.document.periods)}
    rows = []
    for code, price in component.prices:
        index, name = names[code]
        text = joined(component.name, name)
        rows.append((index, Row(component, f"{component.code}.{code}", text, price, {"period": code})))
    return rows


def _by_tier(plan: Plan, component: Component, total: int, intervals: int) -> Iterator[Line]:
    below = 0
    rows = tier_rows(plan, component)
    for number, (edge, row) in enumerate(rows):
        units = (total if edge is None else min(total, edge)) - below
        if number and units <= 0:
            if total <= below:
                return
            continue  # a short period rounds two thresholds to the same one: nothing fits between them
        yield _energy(plan, row, units, [intervals])
        below += units


def tier_rows(plan: Plan, component: Component) -> list[tuple[int | None, Row]]:
    """This will return the rows of a component priced by tier, each with where it ends, in billed units."""
    return plan.kept(f"rows {component.code}", lambda: _tier_rows(plan, component))


def _tier_rows(plan: Plan, component: Component) -> list[tuple[int | None, Row]]:
    edges: list[int | None] = [*plan.edges(component), None]
    rows = []
    for number, (tier, edge) in enumerate(zip(component.tiers, edges, strict=True)):
        below = edges[number - 1] if number else 0
        trace = {
            "tier": number + 1,
            "from": str(plan.number(below or 0)),
            "up_to": None if edge is None else str(plan.number(edge)),
            "threshold": None if tier.up_to is None else str(tier.up_to),
            "proration": str(plan.proration(component)),
            "days": len(plan.days),
        }
        text = tier_text(plan, component, below or 0, edge, plan.document.unit.symbol)
        rows.append((edge, Row(component, f"{component.code}.{number + 1}", text, tier.price, trace)))
    return rows


def _energy(
    plan: Plan, row: Row, units: int, counts: Sequence[int], more: Mapping[str, Any] = MappingProxyType({})
) -> Line:
    number = plan.number(units)
    trace = {**row.trace, "intervals": sum(counts), **more}
    return _line(plan, row, str(number), plan.document.unit.value, rounding.EXACT.multiply(number, row.price), trace)


def _daily(plan: Plan, component: Component) -> Iterator[Line]:
    if not plan.days:
        return
    row = only_row(component)
    trace = {"from": plan.days[0].isoformat(), "until": plan.days[-1].isoformat()}
    exact = rounding.EXACT.multiply(Decimal(len(plan.days)), component.price)
    yield _line(plan, row, str(len(plan.days)), DAY, exact, trace)


def _monthly(plan: Plan, component: Component) -> Iterator[Line]:
    """Whole months in one line, each part of a month in one of its own: 14/31 x 12.00."""
    whole = [part for part in plan.months if part.is_whole]
    if whole:
        row = only_row(component)
        trace = {"months": [f"{part.month:%Y-%m}" for part in whole]}
        exact = rounding.EXACT.multiply(Decimal(len(whole)), component.price)
        yield _line(plan, row, str(len(whole)), MONTH, exact, trace)
    for part in plan.months:
        if not part.is_whole:
            yield _part_of_month(plan, component, part)


def _part_of_month(plan: Plan, component: Component, part: MonthPart) -> Line:
    due = rounding.exact(component.price) * part.days / part.of
    month = f"{part.month:%Y-%m}"
    return Line(
        code=f"{component.code}.{month}",
        component=component.code,
        text={language: f"{words} ({month})" for language, words in component.name.items()},
        quantity=f"{part.days}/{part.of}",
        unit=MONTH,
        price=component.price,
        exact=rounding.round_fraction(due, EXACT_PLACES, plan.document.mode),
        amount=unsigned(rounding.round_fraction(due, places(plan), plan.document.mode)),
        trace={"months": [month], "days": part.days, "of": part.of},
    )


def _line(plan: Plan, row: Row, quantity: str, unit: str, exact: Decimal, trace: dict[str, Any]) -> Line:
    amount = unsigned(rounding.round_decimal(exact, places(plan), plan.document.mode))
    return Line(row.code, row.component.code, row.text, quantity, unit, row.price, unsigned(exact), amount, trace)


def unsigned(amount: Decimal) -> Decimal:
    """This will return an amount; zero has no sign: nothing used at a price below zero is 0.00, not -0.00."""
    return amount if amount else amount.copy_abs()


def places(plan: Plan) -> int:
    """This will return the decimals of amounts."""
    return currencies.minor_units(plan.document.currency)


def _taxes(plan: Plan, lines: Sequence[Line], zero: Decimal) -> Iterator[TaxLine]:
    """Tax on the sum of the rounded lines (B-67)."""
    for tax in plan.document.taxes:
        base = sum((line.amount for line in lines if line.component in tax.components), zero)
        due = rounding.round_decimal(rounding.EXACT.multiply(base, tax.rate), places(plan), plan.document.mode)
        yield TaxLine(tax.code, tax.name, tax.rate, base, unsigned(due))


def zero(plan: Plan) -> Decimal:
    """This will return no money, with the decimals of amounts."""
    return rounding.round_decimal(Decimal(0), places(plan))


def nothing(plan: Plan) -> Rated:
    """This will return a rating without any line."""
    return Rated(plan.document.currency, (), (), zero(plan), (), zero(plan))


def folded(plan: Plan, by_class: Sequence[int]) -> list[int]:
    """This will sum up numbers by class to price periods."""
    periods = len(plan.document.periods)
    return [sum(by_class[period::periods]) for period in range(periods)]


def line(
    plan: Plan,
    component: Component,
    *,
    quantity: str,
    unit: str,
    price: Decimal,
    exact: Fraction,
    trace: dict[str, Any],
    more: str = "",
    text: Text | None = None,
) -> Line:
    """This will make a line: `more` stands after the component's code, `text` instead of its name."""
    mode = plan.document.mode
    return Line(
        code=f"{component.code}.{more}" if more else component.code,
        component=component.code,
        text=component.name if text is None else text,
        quantity=quantity,
        unit=unit,
        price=price,
        exact=unsigned(decimal(exact, mode)),
        amount=unsigned(rounding.round_fraction(exact, places(plan), mode)),
        trace=trace,
    )


def product(
    plan: Plan,
    component: Component,
    *,
    quantity: Decimal,
    unit: str,
    price: Decimal,
    trace: dict[str, Any],
    more: str,
    text: Text,
) -> Line:
    """This will make a line of two decimal numbers, which is faster than by fractions."""
    exact = rounding.EXACT.multiply(quantity, price)
    return Line(
        code=f"{component.code}.{more}" if more else component.code,
        component=component.code,
        text=text,
        quantity=str(quantity),
        unit=unit,
        price=price,
        exact=unsigned(exact),
        amount=unsigned(rounding.round_decimal(exact, places(plan), plan.document.mode)),
        trace=trace,
    )


def rounded(plan: Plan, value: Fraction) -> Decimal:
    """This will round an amount to the smallest unit of the currency."""
    return rounding.round_fraction(value, places(plan), plan.document.mode)


def decimal(value: Fraction, mode: RoundingMode = RoundingMode.HALF_UP) -> Decimal:
    """This will return a fraction as a decimal number: exactly where one has it, else to `EXACT_PLACES`."""
    rest, twos, fives = value.denominator, 0, 0
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    if rest > 1:
        return rounding.round_fraction(value, EXACT_PLACES, mode)
    return rounding.round_fraction(value, max(twos, fives), mode)


def joined(one: Text, other: Text) -> Text:
    """This will return both texts in every language that one of them has."""
    languages = one.keys() | other.keys()
    return {each: f"{one.get(each, one['en'])}, {other.get(each, other['en'])}" for each in sorted(languages)}


def tier_text(plan: Plan, component: Component, below: int, edge: int | None, symbol: str) -> Text:
    """This will name a tier by its bounds, in billed units."""
    low = f"{plan.number(below).normalize():f}"
    span = f"> {low} {symbol}" if edge is None else f"{low} … {plan.number(edge).normalize():f} {symbol}"
    return {language: f"{words}, {span}" for language, words in component.name.items()}
