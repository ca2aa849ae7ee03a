"""What a record charges for energy, as components: by periods, by steps, and by steps with the prices of periods."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from meterbook.tariffs.rating.problems import gettext_noop as _
from meterbook.tariffs.urdb import naming
from meterbook.tariffs.urdb.demands import PEAK
from meterbook.tariffs.urdb.record import MONTHS, Ladder, Record, RecordInvalid, Step
from meterbook.tariffs.urdb.seasons import Plan, Season

PER_DAY, PER_KW = "kwh daily", "kwh/kw"
Shape = tuple[tuple[Decimal | None, str], ...]  # where steps end, and in what


def components(record: Record, found: Plan) -> Iterator[dict[str, Any]]:
    """This will return the energy components: seasons whose steps end alike share one.

    :raises RecordInvalid: naming the step that no tariff holds
    """
    if record.energy is None:
        return
    groups: dict[frozenset[Shape], list[Season]] = {}
    for season in found.seasons:
        groups.setdefault(_shapes(record, found, season), []).append(season)
    for number, (shapes, seasons) in enumerate(groups.items(), 1):
        is_only = len(groups) == 1
        yield {
            "code": "energy" if is_only else f"energy-{number}",
            "name": naming.ENERGY,
            "charge": "ENERGY",
            **({} if is_only else {"seasons": [each.code for each in seasons]}),
            **_prices(record, found, shapes),
        }
    yield from _fuel(record, found)


def _shapes(record: Record, found: Plan, season: Season) -> frozenset[Shape]:
    """The ladders of a season that have more than one step."""
    ladders = [_ladder(record, found, code) for code in season.codes]
    return frozenset(_shape(each) for each in ladders if len(each) > 1)


def _ladder(record: Record, found: Plan, code: str) -> Ladder:
    return record.energy.ladders[found.energy_of[code]] if record.energy is not None else ()


def _shape(ladder: Ladder) -> Shape:
    return tuple((step.most, step.unit.lower()) for step in ladder)


def _prices(record: Record, found: Plan, shapes: frozenset[Shape]) -> dict[str, Any]:
    ladders = {code: _ladder(record, found, code) for code in found.codes}
    if not shapes:
        prices = {code: naming.price(ladder[0].price) for code, ladder in ladders.items()}
        return {"price": next(iter(prices.values()))} if len(prices) == 1 else {"prices": prices}
    if len(shapes) > 1:
        _check_whole(record, found)
        # Each period has steps of its own; a unit of them must be one that needs no other period.
        tiers = {code: [_tier(step, naming.price(step.price)) for step in each] for code, each in ladders.items()}
        return {"period_tiers": tiers, **_reference([step for each in ladders.values() for step in each])}
    (shape,) = shapes
    model = next(each for each in ladders.values() if _shape(each) == shape)
    tiers_of_all = [_tier_of_periods(model, index, ladders) for index in range(len(model))]
    return {"tiers": tiers_of_all, **_reference(model)}


def _check_whole(record: Record, found: Plan) -> None:
    """A period with steps of its own is one: not divided by the periods of demand, or each part had all steps anew."""
    ladders = () if record.energy is None else record.energy.ladders
    for season in found.seasons:
        own = sorted(found.energy_of[code] for code in season.codes)
        twice = next((each for each in own if own.count(each) > 1 and len(ladders[each]) > 1), None)
        if twice is not None:
            words = _("its steps end otherwise than those of other periods, and periods of demand divide it")
            raise RecordInvalid(f"energyratestructure[{twice}]", words)


def _tier_of_periods(model: Ladder, index: int, ladders: dict[str, Ladder]) -> dict[str, Any]:
    """A step with the price of each period; a period without steps costs the same on every one."""
    prices = {code: naming.price(each[min(index, len(each) - 1)].price) for code, each in ladders.items()}
    if len(prices) == 1:
        return _tier(model[index], next(iter(prices.values())))
    tier = _tier(model[index], "0")
    del tier["price"]
    return {**tier, "prices": prices}


def _tier(step: Step, price: str) -> dict[str, Any]:
    if step.most is None:
        return {"price": price}
    key = "hours" if step.unit.lower() == PER_KW else "up_to"
    return {key: naming.threshold(step.most), "price": price}


def _reference(steps: Sequence[Step]) -> dict[str, Any]:
    units = {step.unit.lower() for step in steps}
    if not units <= {"kwh", PER_DAY, PER_KW} or (PER_DAY in units and len(units) > 1):
        raise RecordInvalid(
            "energyratestructure", _("steps in %(units)s are not taken"), units=", ".join(sorted(units))
        )
    if PER_DAY in units:
        return {"tier_reference": {"days": 1}}
    found: dict[str, Any] = {"tier_reference": "CALENDAR_MONTH"}
    if PER_KW in units:
        found["hours_of"] = PEAK
    return found


def _fuel(record: Record, found: Plan) -> Iterator[dict[str, Any]]:
    """What months add to each kilowatt-hour."""
    if len(record.fuel) not in (0, MONTHS):
        raise RecordInvalid("fueladjustmentsmonthly", _("it must hold twelve months"))
    for number, amount in enumerate(sorted(set(record.fuel)), 1):
        months = frozenset(month + 1 for month, each in enumerate(record.fuel) if each == amount)
        if amount:
            yield {
                "code": f"fuel-{number}",
                "name": naming.FUEL,
                "charge": "ENERGY",
                "price": naming.price(amount),
                **({} if len(months) == MONTHS else {"seasons": found.of_months(months)}),
            }
