"""The water that carried the heat or cold of meter points, where they do not count it themselves (B-54)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime

from meterbook.billing.calculating import facts
from meterbook.kernel.quantity import Dimension, Unit
from meterbook.metering import formulas, models


def find(organization_id: int, meter_point_ids: Collection[int]) -> dict[int, facts.Series]:
    """This will return the volume of virtual meters whose energy is computed from one counted volume.

    Where a formula, or one before it, adds several up or takes parts of them, no register tells the volume, and there
    is none here. Two queries, none without meter points.
    """
    if not meter_point_ids:
        return {}
    in_force: dict[tuple[int, datetime], tuple[int, int]] = {}
    for pk, virtual, starts_at, point in (
        models.VirtualFormula.objects.filter(
            organization_id=organization_id, virtual__series__meter_point_id__in=list(meter_point_ids)
        )
        .order_by("recorded_at", "id")
        .values_list("id", "virtual_id", "starts_at", "virtual__series__meter_point_id")
    ):
        in_force[virtual, starts_at] = pk, point
    terms: dict[int, list[models.VirtualTerm]] = defaultdict(list)
    for each in (
        models.VirtualTerm.objects.filter(
            organization_id=organization_id, formula_id__in=[pk for pk, _point in in_force.values()]
        )
        .select_related("series")
        .order_by("formula_id", "place")
    ):
        terms[each.formula_id].append(each)
    found: dict[int, set[models.Series | None]] = defaultdict(set)
    for pk, point in in_force.values():
        found[point].add(_only(terms[pk]))
    return _known(found)


def _only(terms: list[models.VirtualTerm]) -> models.Series | None:
    """The volume of a formula that is one row of heat, counted once and at all hours."""
    (first, *others) = terms
    hours = formulas.Hours(first.weekdays, first.from_minute, first.until_minute)
    is_whole = not others and first.numerator == first.denominator and hours.is_always
    is_counted = first.series is not None and Unit(first.series.unit).dimension is Dimension.VOLUME
    return first.series if is_whole and is_counted and first.warm_id is not None else None


def _known(found: Mapping[int, Collection[models.Series | None]]) -> dict[int, facts.Series]:
    known = {}
    for point, listed in found.items():
        (series, *others) = listed
        if series is not None and not others:
            known[point] = facts.Series(series.pk, series.public_id, Unit(series.unit), series.decimals, series.step)
    return known
