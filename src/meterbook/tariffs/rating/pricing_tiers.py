"""Tiers: block by block or as a slab, by hours of use, with a price for each period, over a year (B-30, M-051)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from meterbook.kernel import quantity, rounding
from meterbook.kernel.quantity import Unit
from meterbook.tariffs.rating import lengths, lines, measured, pricing_packages, pricing_series
from meterbook.tariffs.rating.account import Account
from meterbook.tariffs.rating.document import Component
from meterbook.tariffs.rating.inputs import InputMissing
from meterbook.tariffs.rating.lines import Line
from meterbook.tariffs.rating.terms import Tier

Edges = Sequence[int | None]


@dataclass(frozen=True)
class _Climb:
    """A ladder and what climbs it: `units` by price period, from `before` on."""

    tiers: Sequence[Tier]
    edges: Edges
    units: Sequence[int]
    before: int
    more: str
    text: dict[str, str] | None
    trace: dict[str, Any]

    @property
    def total(self) -> int:
        """All units."""
        return sum(self.units)


def lines_of(account: Account, component: Component, units: list[list[int]], trace: dict[str, Any]) -> Iterator[Line]:
    """This will price units, by ladder year and price period, by the tiers of a component."""
    if component.period_tiers:
        names = {each.code: (index, each.name) for index, each in enumerate(account.plan.document.periods)}
        for code, tiers in component.period_tiers:
            index, name = names[code]
            own = [sum(part[index] for part in units)]
            edges, found = edges_of(account, component, tiers)
            text = lines.joined(component.name, name)
            yield from _climb(
                account, component, _Climb(tiers, edges, own, 0, f"{code}.", text, {**trace, **found, "period": code})
            )
        return
    edges, found = edges_of(account, component, component.tiers)
    for year, part in enumerate(units):
        before = _before(account, component) if year == 0 else 0
        extra = {"before": str(account.plan.number(before))} if component.ladder.year or before else {}
        if component.ladder.year is not None:
            extra |= _year(account, component, year, before + sum(part))
        more = f"{year + 1}." if year else ""
        yield from _climb(
            account, component, _Climb(component.tiers, edges, part, before, more, None, {**trace, **found, **extra})
        )


def _year(account: Account, component: Component, year: int, used: int) -> dict[str, Any]:
    """What the next bill of a ladder over the year goes on from."""
    month, day = component.ladder.year or (1, 1)
    first = account.plan.days[0] if account.plan.days else None
    if first is None:
        return {}
    begun = first.year if (first.month, first.day) >= (month, day) else first.year - 1
    return {"year_from": f"{begun + year}-{month:02}-{day:02}", "year_used": str(account.plan.number(used))}


def _before(account: Account, component: Component) -> int:
    """What stands on the ladder already: earlier bills of its year, or earlier parts of this period."""
    part, found = account.inputs.part, Fraction(0)
    if part is not None:
        found += Fraction(part.before.get(component.code, 0))
    if component.ladder.year is not None:
        found += Fraction(account.inputs.history.ladder.get(component.code, 0))
    scaled = found * 10**account.plan.document.decimals
    return rounding.divide(scaled.numerator, scaled.denominator)


def edges_of(account: Account, component: Component, tiers: Sequence[Tier]) -> tuple[Edges, dict[str, Any]]:
    """This will return where tiers end, in billed units (None: no end), and the trace of how.

    A step in units above a later step in hours of use goes as far as that one: it disappears.
    """
    plan = account.plan
    share = lengths.of_tiers(plan, component, account.inputs)
    scale = lengths.scaled(component.ladder.scale, component, account.inputs)
    demand = _hours(account, component, tiers)
    unit = Fraction(10) ** plan.document.decimals
    edges: list[int | None] = []
    for tier in tiers:
        limit = None if tier.up_to is None else Fraction(tier.up_to) * share * scale
        if tier.hours is not None:
            limit = Fraction(tier.hours) * demand * quantity.factor(Unit.KWH, plan.document.unit)
        edges.append(None if limit is None else rounding.divide((limit * unit).numerator, (limit * unit).denominator))
    for index in range(len(edges) - 2, -1, -1):
        following, own = edges[index + 1], edges[index]
        if following is not None and own is not None:
            edges[index] = min(own, following)
    trace: dict[str, Any] = {"proration": str(share), "days": len(lengths.days_of(plan, component))}
    if component.ladder.scale is not None:
        trace["scale"] = {"fact": component.ladder.scale.fact, "value": str(lines.decimal(scale))}
    if demand:
        trace["demand"] = {"component": component.ladder.hours_of, "kw": str(lines.decimal(demand))}
    return edges, trace


def _hours(account: Account, component: Component, tiers: Sequence[Tier]) -> Fraction:
    if all(tier.hours is None for tier in tiers):
        return Fraction(0)
    found = account.billed_demand.get(component.ladder.hours_of)
    if found is None:
        raise InputMissing("DEMAND", component.ladder.hours_of, f"{component.code} needs a demand, and there is none.")
    charged = next(each for each in account.plan.document.components if each.code == component.ladder.hours_of)
    unit = Unit.KW if charged.demand is None else charged.demand.unit
    return Fraction(found) * quantity.factor(unit, Unit.KW)


def _climb(account: Account, component: Component, climb: _Climb) -> Iterator[Line]:
    if component.ladder.is_slab:
        yield from _slab(account, component, climb)
        return
    shared = _TimeShare(account, component, climb) if component.ladder.by_time else _Share(climb)
    low = 0
    for number, (tier, edge) in enumerate(zip(climb.tiers, climb.edges, strict=True)):
        top = climb.before + climb.total
        reached = top if edge is None else min(top, edge)
        begins = max(low, climb.before)
        units = reached - begins if number or climb.before else reached
        entered = (number == 0 and not climb.before) or top > low or (component.ladder.is_upper and top == low)
        if units > 0 or (number == 0 and not climb.before):
            yield from _tier(account, component, climb, (number, tier, low, edge), shared.of(begins, begins + units))
        if tier.fixed and entered and not (climb.before and climb.before > low):
            yield _fixed(account, component, climb, number, tier)
        if edge is None or top < edge or (top == edge and not component.ladder.is_upper):
            return
        low = edge


def _slab(account: Account, component: Component, climb: _Climb) -> Iterator[Line]:
    """All units at the price of the tier that they reach."""
    loss = component.loss
    reach = climb.total
    if loss is not None and loss.is_only:  # losses are priced by the tier that the measured energy reaches
        reach = int(Fraction(climb.trace["loss"]["measured"]) * 10**account.plan.document.decimals)
    low = 0
    for number, (tier, edge) in enumerate(zip(climb.tiers, climb.edges, strict=True)):
        if edge is None or reach < edge or (reach == edge and not component.ladder.is_upper):
            yield from _tier(account, component, climb, (number, tier, low, edge), list(climb.units))
            if tier.fixed:
                yield _fixed(account, component, climb, number, tier)
            return
        low = edge


class _Share:
    """How tiers with prices by period are shared by the periods: in proportion to what each used."""

    def __init__(self, climb: _Climb) -> None:
        self.climb = climb

    def of(self, first: int, until: int) -> list[int]:
        """This will return the units between two places of the ladder, by price period."""
        return [b - a for a, b in zip(self._to(first), self._to(until), strict=True)]

    def _to(self, place: int) -> list[int]:
        climbed, total = place - self.climb.before, self.climb.total
        if not total:
            return [climbed, *[0] * (len(self.climb.units) - 1)]
        found = [climbed * each // total for each in self.climb.units]
        found[max(range(len(found)), key=lambda each: self.climb.units[each])] += climbed - sum(found)
        return found


class _TimeShare(_Share):
    """In order of time: the first units of the period are in the first tier."""

    def __init__(self, account: Account, component: Component, climb: _Climb) -> None:
        super().__init__(climb)
        self.account, self.component = account, component

    def _to(self, place: int) -> list[int]:
        return pricing_series.used_up_to(self.account, self.component, place, self.climb.units)


def _tier(
    account: Account,
    component: Component,
    climb: _Climb,
    step: tuple[int, Tier, int, int | None],
    units: list[int],
) -> Iterator[Line]:
    number, tier, low, edge = step
    plan, unit = account.plan, measured.unit_of(account.plan, component)
    trace = {
        "tier": number + 1,
        "from": str(plan.number(low)),
        "up_to": None if edge is None else str(plan.number(edge)),
        "threshold": str(tier.up_to or tier.hours) if edge is not None else None,
        **climb.trace,
        "intervals": sum(account.used.counts),
    }
    text = lines.tier_text(plan, component, low, edge, unit.symbol)
    if climb.text is not None:
        spans = {
            language: words[len(component.name.get(language, component.name["en"])) :]
            for language, words in text.items()
        }
        text = {language: words + spans.get(language, spans["en"]) for language, words in climb.text.items()}
    more = f"{climb.more}{number + 1}"
    if component.ladder.is_slab:
        trace["slab"] = True
    if tier.package is not None:
        used = Fraction(plan.number(sum(units)))
        yield pricing_packages.line(account, component, used, tier.package, tier.price, trace, more, text)
        return
    if not tier.prices:
        yield _row(account, component, sum(units), tier.price, trace, more, text)
        return
    prices = dict(tier.prices)
    for index, period in enumerate(plan.document.periods):
        if units[index]:
            named = lines.joined(text, period.name)
            row = {
                **trace,
                "period": period.code,
                "sharing": "TIME_ORDER" if component.ladder.by_time else "PROPORTION",
            }
            yield _row(account, component, units[index], prices[period.code], row, f"{more}.{period.code}", named)


def _row(
    account: Account,
    component: Component,
    units: int,
    price: Decimal,
    trace: dict[str, Any],
    more: str,
    text: dict[str, str],
) -> Line:
    number = account.plan.number(units)
    return lines.line(
        account.plan,
        component,
        quantity=str(number),
        unit=measured.unit_of(account.plan, component).value,
        price=price,
        exact=Fraction(number) * Fraction(price),
        trace=trace,
        more=more,
        text=text,
    )


def _fixed(account: Account, component: Component, climb: _Climb, number: int, tier: Tier) -> Line:
    return lines.line(
        account.plan,
        component,
        quantity="1",
        unit=lines.ONCE,
        price=tier.fixed,
        exact=Fraction(tier.fixed),
        trace={"tier_fixed": number + 1},
        more=f"{climb.more}{number + 1}.fixed",
        text=climb.text,
    )
