"""Days of virtual series: computed from the stored blocks of their inputs, and marked when those change.

A virtual series is marked in the transaction that stores its inputs, and derived with the marks taken next: what is
nested settles level by level, since a formula cannot lead back to itself.
"""

from __future__ import annotations

import functools
import operator
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

import numpy as np
import psycopg
from django.db.models import F, Q

from meterbook.foundation import bulk
from meterbook.kernel import quantity, water
from meterbook.kernel.quantity import Dimension, Unit
from meterbook.metering import blocks, formulas, models
from meterbook.metering.carried import Carried
from meterbook.metering.deriving import setups
from meterbook.metering.deriving.days import Days

_BLOCKS = """
SELECT series_id, day - '1970-01-01'::date, step, "values", quality FROM metering_seriesday
WHERE organization_id = %s AND series_id = ANY(%s::bigint[])
    AND day = ANY(SELECT '1970-01-01'::date + unnest(%s::int[]))
ORDER BY revision
"""  # the newest revision comes last and wins
_MARK = """
INSERT INTO metering_dirtydays (organization_id, day, series)
SELECT %s, '1970-01-01'::date + d, s FROM unnest(%s::int[], %b::bytea[]) AS given(d, s)
"""


@dataclass(frozen=True)
class Virtual:
    """Of some series: the formulas of those that are virtual, and which virtual series each of them feeds."""

    of: dict[int, formulas.Formula]
    fed: dict[int, frozenset[int]]


def load(*, organization_id: int, series_ids: Sequence[int]) -> Virtual:
    """This will load formulas and what depends on these series, in two queries where nothing is virtual."""
    fed = defaultdict(set)
    known = frozenset(series_ids)
    wanted = (setups.Among(F(each), series_ids) for each in ("series_id", "warm_id", "cold_id"))
    for virtual, *inputs in models.VirtualTerm.objects.filter(
        functools.reduce(operator.or_, map(Q, wanted)), organization_id=organization_id
    ).values_list("formula__virtual__series_id", "series_id", "warm_id", "cold_id"):
        for series_id in known.intersection(inputs):
            fed[series_id].add(virtual)
    return Virtual(
        of=load_formulas(organization_id=organization_id, series_ids=series_ids),
        fed={series_id: frozenset(found) for series_id, found in fed.items()},
    )


def load_formulas(*, organization_id: int, series_ids: Sequence[int]) -> dict[int, formulas.Formula]:
    """This will return the formulas in force of those of the series that are virtual, as fractions of their scale."""
    found = models.VirtualFormula.objects.filter(
        setups.Among(F("virtual__series_id"), series_ids), organization_id=organization_id
    ).select_related("virtual__series__meter_point__site")
    in_force: dict[tuple[int, datetime], models.VirtualFormula] = {}
    for each in found.order_by("recorded_at", "id"):
        in_force[each.virtual_id, each.starts_at] = each
    terms = _terms(organization_id, [each.pk for each in in_force.values()])
    of_series: dict[int, list[models.VirtualFormula]] = defaultdict(list)
    for each in in_force.values():
        of_series[each.virtual.series_id].append(each)
    return {series_id: _formula(versions, terms) for series_id, versions in of_series.items()}


def compute(
    connection: psycopg.Connection[Any], organization_id: int, virtual: Virtual, dirty: Mapping[int, set[int]]
) -> list[Days]:
    """This will compute the dirty days (since 1970) of virtual series of which anything is known, or was."""
    found = []
    for series_id, formula in virtual.of.items():
        days = sorted(dirty.get(series_id, ()))
        ids = sorted({series_id, *formula.inputs})
        stored: dict[int, dict[int, formulas.Block]] = defaultdict(dict)
        for own, day, step, values, quality in bulk.fetch(connection, _BLOCKS, [organization_id, ids, days]):
            stored[day][own] = formulas.Block(step, *blocks.decode(values, quality, step))
        if not stored:
            continue
        known = sorted(stored)
        computed = [formulas.compute(formula, day, stored[day]) for day in known]
        found.append(
            Days(
                step=formula.step,
                series=np.full(len(known), series_id, np.int64),
                day=np.array(known, np.int64),
                values=np.stack([values for values, _quality in computed]),
                quality=np.stack([quality for _values, quality in computed]),
            )
        )
    return found


def mark(
    connection: psycopg.Connection[Any],
    organization_id: int,
    virtual: Virtual,
    derived: Iterable[Days],
    changed: Mapping[int, int],
) -> None:
    """This will mark the derived days of what the changed series feed; the caller's transaction stores them."""
    feeding = {series_id: virtual.fed[series_id] for series_id in changed.keys() & virtual.fed.keys()}
    if not feeding:
        return
    marked: dict[int, set[int]] = defaultdict(set)
    ids = np.array(sorted(feeding), np.int64)
    for part in derived:
        own = np.isin(part.series, ids)
        for series_id, day in zip(part.series[own].tolist(), part.day[own].tolist(), strict=True):
            marked[day] |= feeding[series_id]
    days = sorted(marked)
    packed = [np.array(sorted(marked[day]), "<i8").tobytes() for day in days]
    bulk.execute(connection, _MARK, [organization_id, days, packed])


def _terms(organization_id: int, formula_ids: Sequence[int]) -> dict[int, list[models.VirtualTerm]]:
    found = defaultdict(list)
    for each in (
        models.VirtualTerm.objects.filter(organization_id=organization_id, formula_id__in=list(formula_ids))
        .select_related("series", "warm", "cold")
        .order_by("formula_id", "place")
    ):
        found[each.formula_id].append(each)
    return found


def _formula(
    versions: Sequence[models.VirtualFormula], terms: Mapping[int, Sequence[models.VirtualTerm]]
) -> formulas.Formula:
    series = versions[0].virtual.series
    return formulas.Formula(
        step=series.step,
        zone=series.meter_point.zone,
        versions=tuple(
            formulas.Version(
                setups.microseconds(each.starts_at), tuple(_term(row, series) for row in terms.get(each.pk, ()))
            )
            for each in sorted(versions, key=lambda version: version.starts_at)
        ),
    )


def _term(row: models.VirtualTerm, into: models.Series) -> formulas.Term:
    factor = Fraction(row.numerator, row.denominator)
    if row.series is None:
        factor *= Fraction(10) ** into.decimals
    elif row.warm is not None and row.cold is not None:
        return _heat(row, row.series, (row.warm, row.cold), into, factor)
    else:
        factor *= quantity.factor(Unit(row.series.unit), Unit(into.unit))
        factor *= Fraction(10) ** (into.decimals - row.series.decimals)
    return formulas.Term(factor, row.series_id, formulas.Hours(row.weekdays, row.from_minute, row.until_minute))


def _heat(
    row: models.VirtualTerm,
    carrier: models.Series,
    sides: tuple[models.Series, models.Series],
    into: models.Series,
    factor: Fraction,
) -> formulas.Term:
    """Cubic meters times kelvins times what a cubic meter carries for each, in the scale of the virtual series."""
    unit = Unit(carrier.unit)
    is_rate = unit.dimension is Dimension.FLOW
    factor *= quantity.factor(unit, Unit.M3_H if is_rate else Unit.M3) / Fraction(10) ** carrier.decimals
    factor *= water.capacity(row.density or water.DENSITY, row.specific_heat or water.SPECIFIC_HEAT)
    factor *= quantity.factor(Unit.KWH, Unit(into.unit)) * Fraction(10) ** into.decimals
    scales = [quantity.factor(Unit(each.unit), Unit.CELSIUS) / Fraction(10) ** each.decimals for each in sides]
    carried = Carried(sides[0].pk, sides[1].pk, scales[0], scales[1], is_rate=is_rate)
    hours = formulas.Hours(row.weekdays, row.from_minute, row.until_minute)
    return formulas.Term(factor, carrier.pk, hours, carried)
