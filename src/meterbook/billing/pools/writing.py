"""Write a pool as the document that it is kept as: the same pool always gives the same document."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from meterbook.billing.pools.definition import FORMAT, Cost, Definition, Division, Leaving, Member, Part, Rule
from meterbook.billing.pools.sheets import text

Plain = dict[str, Any]


def write(made: Definition) -> Plain:
    """This will return the document of a pool; what was not said is left out."""
    plain: Plain = {
        "format": FORMAT,
        "name": made.name,
        "kind": made.kind.value,
        "stage": made.stage,
        "source": _cost(made.cost),
        "parts": [_part(each) for each in made.parts],
        "service": made.service,
        "vacancy": made.vacancy.value,
        "rounding": made.rounding.value,
    }
    if made.members:
        plain["members"] = [_member(each) for each in made.members]
    if made.tax is not None:
        plain["tax"] = {"code": made.tax.code, "name": made.tax.name, "rate": text(made.tax.rate)}
        if made.tax.names:
            plain["tax"]["names"] = dict(made.tax.names)
    if made.names:
        plain["names"] = dict(made.names)
    if made.division is not Division.TOGETHER:
        plain["division"] = made.division.value
    if made.rule is not Rule.NONE:
        plain["rule"] = made.rule.value
    if made.leaving is not Leaving.FORMER_MEMBER:
        plain["leaving"] = made.leaving.value
    return plain | _given(place=made.place, cap=made.cap)


def _cost(cost: Cost) -> Plain:
    plain: Plain = {"kind": cost.source.value}
    if cost.meters:
        plain |= {"meters": [str(each) for each in cost.meters], "policy": cost.policy.value}
    if cost.is_never_above:
        plain["never_above"] = True
    return plain | _given(
        meter_point=cost.meter_point, price=cost.price, unit=cost.unit or None, tariff=cost.tariff, cap=cost.cap
    )


def _part(part: Part) -> Plain:
    plain: Plain = {"key": part.key.value, "percent": text(part.percent)}
    if part.of:
        plain["of"] = [each.value for each in part.of]
    return plain | _given(secondary=part.secondary.value if part.secondary else None)


def _member(member: Member) -> Plain:
    return _given(
        unit=member.unit,
        meter_point=member.meter_point,
        value=member.value,
        first_day=member.first_day,
        until_day=member.until_day,
        pool=member.pool or None,
    )


def _given(**values: object) -> Plain:
    found = {key: value for key, value in values.items() if value is not None}
    return {key: text(value) if isinstance(value, Fraction) else str(value) for key, value in found.items()}
