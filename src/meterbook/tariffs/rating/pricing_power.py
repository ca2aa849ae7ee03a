"""Demand as it is billed (B-41 to B-43)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from meterbook.kernel import quantity, rounding
from meterbook.kernel.quantity import Unit
from meterbook.tariffs.rating import demand as measuring
from meterbook.tariffs.rating import lengths, lines, pricing_factor, registered
from meterbook.tariffs.rating.account import Account
from meterbook.tariffs.rating.document import Component, Text
from meterbook.tariffs.rating.inputs import InputMissing, Inputs, MonthlyDemand
from meterbook.tariffs.rating.lines import Line
from meterbook.tariffs.rating.plan import Plan
from meterbook.tariffs.rating.registered import Registered
from meterbook.tariffs.rating.terms import Demand, Per, Take, Tier

_MONTHS_A_YEAR = 12


def demand(account: Account, component: Component) -> Iterator[Line]:
    """This will charge the highest power.

    :raises InputMissing: when no window of the period was measured wholly, or no reading of a register tells of it
    """
    terms = component.demand
    part = account.inputs.part
    is_elsewhere = component.code in account.used.elsewhere or (part is not None and part.demand_elsewhere)
    if terms is None or is_elsewhere:
        return
    found = account.used.demands.get(component.code)
    read = None
    if found is None and terms.is_registered:
        read = _register(account, component, terms)
        found = {"": measuring.Found(_shown(terms, read, account.plan), (), 0, 0)}
    wanted = [code for code, _price in component.prices] or [code for code, _tiers in component.period_tiers] or [""]
    if terms.take is Take.EACH_DAY:
        wanted = sorted(found or ())
    if found is None or any(each.windows and each.windows == each.excluded for each in found.values()):
        words = f"{component.code}: no window of the period was measured; give intervals, or the demand itself."
        raise InputMissing("DEMAND", component.code, words)
    shared = account.plan.kept(f"demand {component.code}", lambda: _Shared.of(account.plan, component))
    for code in wanted:
        each = found.get(code)
        if each is None:
            continue  # no such hours in this period, such as those of another season
        key = f"{component.code}.{code}" if code else component.code
        billed, trace = _billed(account, component, terms, each, key)
        trace |= {} if read is None else {"register": _traced(read, account.plan)}
        account.billed_demand[component.code] = max(account.billed_demand.get(component.code, Decimal(0)), billed)
        text = component.name
        if code in shared.texts:
            trace["period"], text = code, shared.texts[code]
        elif code:
            trace["day"], text = code, {language: f"{words} ({code})" for language, words in text.items()}
        ladder = shared.tiers.get(code, component.tiers)
        if ladder:
            yield from _by_tier(account, component, terms, billed, trace, ladder, (code, text))
        else:
            yield _row(account, component, terms, billed, shared.prices.get(code, component.price), trace, code, text)
        yield from _excess(account, component, terms, each.value, code, text)


def _register(account: Account, component: Component, terms: Demand) -> Registered:
    """The reading of a register of maximum demand that tells the highest power of the period, or of all its parts."""
    plan, part = account.plan, account.inputs.part
    readings = account.inputs.registered
    if part is not None and part.demand_whole:
        return _needed(component, max(readings, key=lambda each: each.power(terms.charged), default=None))
    return _needed(component, registered.highest(readings, plan.period, terms.charged))


def _needed(component: Component, read: Registered | None) -> Registered:
    if read is None:
        words = f"{component.code}: no reading of the register of maximum demand tells of this time; enter it."
        raise InputMissing("MAXIMUM", component.code, words)
    return read


def _shown(terms: Demand, read: Registered, plan: Plan) -> Decimal:
    return rounding.round_fraction(read.power(terms.charged), terms.decimals, plan.document.mode)


def _traced(read: Registered, plan: Plan) -> dict[str, str]:
    """The reading as the line tells it, in local time."""
    found = {
        "at": _written(plan, read.at),
        "since": _written(plan, read.since),
        "shown": str(read.shown),
        "unit": read.unit.value,
        "multiplier": str(read.multiplier),
        "meter": read.meter,
    }
    return {key: value for key, value in found.items() if value}


@dataclass(frozen=True)
class _Shared:
    """What all accounts of a plan share for a component."""

    texts: Mapping[str, Text]
    tiers: Mapping[str, tuple[Tier, ...]]
    prices: Mapping[str, Decimal]

    @classmethod
    def of(cls, plan: Plan, component: Component) -> _Shared:
        """This will work it out once."""
        texts = {each.code: lines.joined(component.name, each.name) for each in plan.document.periods}
        return cls(texts, dict(component.period_tiers), dict(component.prices))


def _billed(
    account: Account, component: Component, terms: Demand, found: measuring.Found, key: str
) -> tuple[Decimal, dict[str, Any]]:
    """Which demand is billed: what was measured, and what stands at least."""
    plan, zone = account.plan, account.plan.zone
    trace: dict[str, Any] = {"actual": str(found.value), "windows": found.windows, "excluded": found.excluded}
    if meters := account.used.joined.get(component.code):
        trace["meters"], trace["joined"] = list(meters), "COINCIDENT" if terms.is_coincident else "NON_COINCIDENT"
    if found.at:
        trace["at"] = [_written(plan, each) for each in found.at]
    value = found.value
    if terms.power_factor is not None:
        value = _scaled(account, component, terms, value, trace)
    month = plan.days[0].month if plan.days else plan.period.start.astimezone(zone).month
    billed = value if month in terms.actual_in else Decimal(0)
    if terms.ratchets:
        billed = _ratcheted(account, component, terms, billed, value, month, key, trace)
    if terms.contracted is not None:
        billed = _contracted(account, component, terms, billed, trace)
    if terms.minimum > billed:
        trace["minimum"] = str(terms.minimum)
        billed = terms.minimum
    return billed, trace


def _written(plan: Plan, instant: datetime) -> str:
    """An instant in local time; many accounts have their maximum at the same one."""
    return plan.kept(f"at {instant.timestamp()}", lambda: instant.astimezone(plan.zone).isoformat(timespec="minutes"))


def _scaled(account: Account, component: Component, terms: Demand, value: Decimal, trace: dict[str, Any]) -> Decimal:
    target = terms.power_factor
    if target is None:
        return value
    factor = pricing_factor.factor_of(account, component, "IGNORE", target.decimals)
    trace["power_factor"] = str(factor)
    if not factor or factor >= target.target:
        return value
    exact = Fraction(value) * Fraction(target.target) / Fraction(factor)
    return rounding.round_fraction(exact, terms.decimals, account.plan.document.mode)


def _ratcheted(
    account: Account,
    component: Component,
    terms: Demand,
    billed: Decimal,
    value: Decimal,
    month: int,
    key: str,
    trace: dict[str, Any],
) -> Decimal:
    """At least a percentage of the highest of the months before: of those this account was billed (B-41)."""
    first = account.plan.days[0] if account.plan.days else date.min
    for ratchet in terms.ratchets:
        if month not in ratchet.in_months:
            continue
        looked = [
            (_in_unit(terms, each), each.month)
            for each in account.inputs.history.demand
            if each.component == key
            and 0 < _apart(each.month, first) <= ratchet.months
            and each.month.month in ratchet.of_months
        ]
        if ratchet.with_current and month in ratchet.of_months:
            looked.append((value, first))
        if not looked:
            continue
        highest, of = max(looked, key=lambda each: each[0])
        exact = Fraction(highest) * Fraction(ratchet.percent) / 100
        least = rounding.round_fraction(exact, terms.decimals, account.plan.document.mode)
        if least > billed:
            trace["ratchet"] = {"percent": str(ratchet.percent), "of": str(highest), "month": f"{of:%Y-%m}"}
            billed = least
    return billed


def _in_unit(terms: Demand, earlier: MonthlyDemand) -> Decimal:
    """A maximum of before in the unit in which the version charges now."""
    if terms.is_apparent or (earlier.unit or Unit.KW) is terms.unit:
        return earlier.value
    return lines.decimal(Fraction(earlier.value) * quantity.factor(earlier.unit or Unit.KW, terms.unit))


def unit_of(code: str) -> Unit | None:
    """This will return the unit of a line's demand for later bills; None for kW and kVA, which need no word."""
    unit = Unit(code)
    return None if unit in (Unit.KW, Unit.KVA) else unit


def _apart(month: date, first: date) -> int:
    return (first.year - month.year) * _MONTHS_A_YEAR + first.month - month.month


def _contracted(
    account: Account, component: Component, terms: Demand, billed: Decimal, trace: dict[str, Any]
) -> Decimal:
    contracted = terms.contracted
    if contracted is None:
        return billed
    agreed = account.inputs.fact(contracted.fact, component.code)
    trace["contracted"] = {"fact": contracted.fact, "value": str(agreed)}
    ceiling = _first_excess(agreed, terms)
    if contracted.charge == "CONTRACTED":
        return agreed
    if contracted.charge == "HIGHER":
        billed = max(billed, agreed) if ceiling is None else max(agreed, min(billed, ceiling))
    elif ceiling is not None:
        billed = min(billed, ceiling)
    exact = Fraction(agreed) * Fraction(contracted.least) / 100
    return max(billed, rounding.round_fraction(exact, terms.decimals, account.plan.document.mode))


def _first_excess(agreed: Decimal, terms: Demand) -> Decimal | None:
    """From where on demand has a price of its own, and the usual one no more."""
    contracted = terms.contracted
    if contracted is None or not contracted.excess:
        return None
    return rounding.round_fraction(Fraction(agreed) * Fraction(contracted.excess[0].above) / 100, terms.decimals)


def _excess(
    account: Account, component: Component, terms: Demand, actual: Decimal, code: str, text: Text
) -> Iterator[Line]:
    """What is above the contracted demand, each step at its price."""
    contracted = terms.contracted
    if contracted is None:
        return
    agreed = Fraction(account.inputs.fact(contracted.fact, component.code))
    for number, each in enumerate(contracted.excess, 1):
        low = agreed * Fraction(each.above) / 100
        following = contracted.excess[number] if number < len(contracted.excess) else None
        top = Fraction(actual) if following is None else min(Fraction(actual), agreed * Fraction(following.above) / 100)
        if top > low:
            above = rounding.round_fraction(top - low, terms.decimals, account.plan.document.mode)
            trace = {
                "actual": str(actual),
                "excess": number,
                "above_percent": str(each.above),
                "above": str(lines.decimal(low)),
            }
            more = ".".join(part for part in (code, f"excess{number}") if part)
            named = {language: f"{words}, > {each.above:f} %" for language, words in text.items()}
            yield _row(account, component, terms, above, each.price, trace, more, named)


def _by_tier(
    account: Account,
    component: Component,
    terms: Demand,
    billed: Decimal,
    trace: dict[str, Any],
    tiers: Sequence[Tier],
    named: tuple[str, Text],
) -> Iterator[Line]:
    code, text = named
    low = Decimal(0)
    for number, tier in enumerate(tiers, 1):
        is_last = tier.up_to is None or billed < tier.up_to or (billed == tier.up_to and not component.ladder.is_upper)
        more = ".".join(part for part in (code, str(number)) if part)
        inside = (billed if is_last else tier.up_to or billed) - low
        if component.ladder.is_slab:
            inside = billed if is_last else Decimal(0)
        if inside > 0 or (is_last and number == 1):
            row = {**trace, "tier": number, "from": str(low), "up_to": None if tier.up_to is None else str(tier.up_to)}
            yield _row(account, component, terms, inside, tier.price, row, more, text)
        if is_last:
            return
        low = tier.up_to or low


def _row(
    account: Account,
    component: Component,
    terms: Demand,
    value: Decimal,
    price: Decimal,
    trace: dict[str, Any],
    more: str,
    text: Text,
) -> Line:
    """Power x price, times the months or days it is for, and the part of the period that the version has."""
    trace = {**trace, terms.unit.value.lower(): str(value)}
    unit = terms.charged
    share = _share(account.plan, component, terms, account.inputs)
    if share == 1:
        return lines.product(
            account.plan, component, quantity=value, unit=unit.value, price=price, trace=trace, more=more, text=text
        )
    trace |= {"times": str(share), "price": str(price)}
    return lines.line(
        account.plan,
        component,
        quantity=str(value),
        unit=unit.value,
        price=lines.decimal(Fraction(price) * share),
        exact=Fraction(value) * Fraction(price) * share,
        trace=trace,
        more=more,
        text=text,
    )


def _share(plan: Plan, component: Component, terms: Demand, inputs: Inputs) -> Fraction:
    if terms.take is Take.EACH_DAY:
        return Fraction(1)
    share = plan.kept(f"share {component.code}", lambda: _of_days(plan, component, terms))
    if terms.per is not Per.PERIOD:
        return share
    part = inputs.part
    return share if part is None or part.demand_whole else share * part.share


def _of_days(plan: Plan, component: Component, terms: Demand) -> Fraction:
    days = lengths.days_of(plan, component)
    if terms.per is Per.DAY:
        return Fraction(len(days))
    if terms.per is Per.MONTH:
        return lengths.in_months(days)
    return Fraction(len(days), len(plan.days)) if plan.days else Fraction(1)
