"""What a record charges for power, as components: the highest of the month, and of the hours of its demand periods."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from meterbook.tariffs.rating.problems import gettext_noop as _
from meterbook.tariffs.urdb import naming
from meterbook.tariffs.urdb.record import MONTHS, Ladder, Record, RecordInvalid
from meterbook.tariffs.urdb.seasons import Plan

PEAK = "peak-demand"
HUNDRED = Decimal(100)
YEAR_BEFORE = 11  # months that a ratchet looks back where the record does not say


def components(record: Record, found: Plan) -> Iterator[dict[str, Any]]:
    """This will return the demand components; where steps of energy go by hours of use, the highest power as well.

    :raises RecordInvalid: naming what no tariff holds
    """
    if record.energy is not None and any(_by_hours(each) for each in record.energy.ladders):
        yield {"code": PEAK, "name": naming.PEAK, "charge": "DEMAND", "price": "0", "demand": _how(record, "kW")}
    yield from _flat(record, found)
    yield from _by_period(record, found)


def _by_hours(ladder: Ladder) -> bool:
    return any(step.unit.lower() == "kwh/kw" for step in ladder)


def _flat(record: Record, found: Plan) -> Iterator[dict[str, Any]]:
    by_ladder: dict[Ladder, set[int]] = {}
    for month, index in enumerate(record.flat_months, 1):
        by_ladder.setdefault(record.flat[index], set()).add(month)
    for number, (ladder, months) in enumerate(by_ladder.items(), 1):
        if _is_free(ladder):
            continue
        yield {
            "code": "demand" if len(by_ladder) == 1 else f"demand-{number}",
            "name": naming.DEMAND,
            "charge": "DEMAND",
            **({} if len(months) == MONTHS else {"seasons": found.of_months(frozenset(months))}),
            **_priced(ladder),
            "demand": {**_how(record, record.flat_unit, "flatdemandunit"), **_ratchets(record)},
        }


def has_flat(record: Record) -> bool:
    """This will tell whether the highest power of the month has a price, whatever the hour: a ratchet is of that."""
    return any(not _is_free(record.flat[index]) for index in record.flat_months)


def _by_period(record: Record, found: Plan) -> Iterator[dict[str, Any]]:
    ratchets = {} if has_flat(record) else _ratchets(record)
    for index, ladder in enumerate(record.demand.ladders if record.demand is not None else ()):
        codes = [code for code in found.codes if found.demand_of[code] == index]
        if _is_free(ladder) or not codes:
            continue
        only = {} if len(codes) == len(found.codes) else {"periods": codes}
        seasons = [each.code for each in found.seasons if each.codes & set(codes)]
        yield {
            "code": f"demand-of-{index + 1}",
            "name": naming.numbered(naming.DEMAND, index + 1),
            "charge": "DEMAND",
            **({} if len(seasons) == len(found.seasons) else {"seasons": seasons}),
            **_priced(ladder),
            "demand": {**_how(record, record.demand_unit, "demandrateunit"), **only, **ratchets},
        }


def _is_free(ladder: Ladder) -> bool:
    return all(not step.price for step in ladder)


def _priced(ladder: Ladder) -> dict[str, Any]:
    if len(ladder) == 1:
        return {"price": naming.price(ladder[0].price)}
    tiers = [
        {**({} if step.most is None else {"up_to": naming.threshold(step.most)}), "price": naming.price(step.price)}
        for step in ladder
    ]
    return {"tiers": tiers}


def _how(record: Record, unit: str, place: str = "") -> dict[str, Any]:
    units = {"kw": {}, "kva": {"of": "APPARENT"}, "kw daily": {"per": "DAY"}}
    found: dict[str, Any] = dict(naming.chosen(units, unit.lower(), place))
    if record.window:
        found["interval"] = record.window
    return found


def _ratchets(record: Record) -> dict[str, Any]:
    """At least a share of the highest power of the months before; of a demand period, that of its own hours."""
    found: list[dict[str, Any]] = []
    if record.lookback_percent:
        looked_at = [month for month, each in enumerate(record.lookback_months, 1) if each]
        found.append(
            {
                "percent": _percent(record.lookback_percent),
                "months": record.lookback_range or YEAR_BEFORE,
                **({"of_months": looked_at} if 0 < len(looked_at) < MONTHS else {}),
            }
        )
    if len(record.ratchet) not in (0, MONTHS):
        raise RecordInvalid("demandratchetpercentage", _("it must hold twelve months"))
    for share in sorted({each for each in record.ratchet if each}):
        months = [month for month, each in enumerate(record.ratchet, 1) if each == share]
        found.append(
            {
                "percent": _percent(share),
                "months": YEAR_BEFORE,
                **({"in_months": months} if len(months) < MONTHS else {}),
            }
        )
    return {"ratchet": found} if found else {}


def _percent(share: Decimal) -> str:
    """Records write 0.8 or 80."""
    return naming.threshold(share * HUNDRED if share <= 1 else share)
