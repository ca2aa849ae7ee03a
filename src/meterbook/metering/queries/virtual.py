"""Virtual meters, their formulas through time, and what each row of one gave. Each read needs a running scope."""

from __future__ import annotations

import functools
import operator
import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
from django.db.models import Count, Q, QuerySet

from meterbook.foundation import scoping
from meterbook.kernel import rounding
from meterbook.kernel.period import Period
from meterbook.kernel.quality import Quality
from meterbook.kernel.quantity import Unit
from meterbook.metering import blocks, formulas, models, values
from meterbook.metering.deriving import virtual as deriving

MOST_INPUT_DAYS = 62  # of a period whose inputs are asked for
_EPOCH = date(1970, 1, 1)


class VirtualNotFound(LookupError):
    """There is no such virtual meter in this organization."""


@dataclass(frozen=True)
class VirtualRow:
    """A virtual meter in a list; `inputs` counts the meters of its formulas."""

    id: int
    public_id: uuid.UUID  # of the meter point
    code: str
    name: str
    site_id: int
    site_public_id: uuid.UUID
    site_name: str
    service: values.Service
    role: values.PointRole
    purpose: values.VirtualPurpose
    series_code: str
    unit: Unit
    inputs: int


@dataclass(frozen=True)
class Side:
    """The meter point at which water goes, or returns, with its temperature."""

    meter_point: uuid.UUID
    code: str
    name: str
    site_id: int


@dataclass(frozen=True)
class HeatShown:
    """What makes a row the heat that water carried; kg/m3 and kJ/(kg K)."""

    flow: Side
    returned: Side
    density: Decimal
    specific_heat: Decimal


@dataclass(frozen=True)
class TermRow:
    """One row of a formula: `factor` times a meter point's series; without a meter point, that many units an hour."""

    factor: Fraction
    hours: formulas.Hours
    meter_point: uuid.UUID | None = None
    code: str = ""
    name: str = ""
    site_id: int | None = None
    series_id: int | None = None
    heat: HeatShown | None = None


@dataclass(frozen=True)
class FormulaShown:
    """A formula; `is_in_force` is False for one in whose place another of the same day was set."""

    public_id: uuid.UUID
    starts_at: datetime
    reason: str
    author: str
    recorded_at: datetime
    is_in_force: bool
    terms: tuple[TermRow, ...]


@dataclass(frozen=True)
class Candidate:
    """A meter point whose series of a quantity a formula can name; `node_id` is where it hangs."""

    id: int
    public_id: uuid.UUID
    code: str
    name: str
    site_id: int
    node_id: int | None
    is_virtual: bool


@dataclass(frozen=True)
class InputUse:
    """What one row gave in a period: in the virtual meter's unit, with its sign; `missing` of its `due` slots."""

    term: TermRow
    used: Decimal
    missing: int
    due: int


def list_virtual(*, site_ids: Collection[int] | None = None, after_id: int = 0, limit: int = 1_000) -> list[VirtualRow]:
    """This will return virtual meters with the inputs of all their formulas, in the order of their making.

    :param site_ids: only those sites; None means all of the organization
    """
    found = _virtual().filter(pk__gt=after_id)
    if site_ids is not None:
        found = found.filter(series__meter_point__site_id__in=list(site_ids))
    counted = found.annotate(
        inputs=Count(
            "virtualformula__virtualterm__series_id",
            distinct=True,
            filter=Q(virtualformula__virtualterm__organization_id=scoping.current().organization_id),
        )
    )
    return [_row(each, each.inputs) for each in counted.order_by("id")[:limit]]


def get_virtual(*, meter_point: uuid.UUID) -> tuple[VirtualRow, tuple[FormulaShown, ...]]:
    """This will return a virtual meter with its formulas, in order of their days and then of their recording.

    :raises VirtualNotFound: when the organization has no such virtual meter
    """
    found = _virtual().filter(series__meter_point__public_id=meter_point).first()
    if found is None:
        raise VirtualNotFound(VirtualNotFound.__doc__)
    organization_id = scoping.current().organization_id
    rows = list(
        models.VirtualFormula.objects.filter(organization_id=organization_id, virtual=found).order_by(
            "starts_at", "recorded_at", "id"
        )
    )
    newest = {each.starts_at: each.pk for each in rows}
    terms = _terms([each.pk for each in rows])
    shown = tuple(
        FormulaShown(
            each.public_id,
            each.starts_at,
            each.reason,
            each.author,
            each.recorded_at,
            newest[each.starts_at] == each.pk,
            tuple(terms.get(each.pk, ())),
        )
        for each in rows
    )
    inputs = {term.series_id for each in shown for term in each.terms if term.series_id is not None}
    return _row(found, len(inputs)), shown


def list_candidates(
    *,
    series_code: str,
    site_ids: Collection[int] | None = None,
    codes: Collection[str] | None = None,
    most: int = 2_000,
) -> list[Candidate]:
    """This will return the meter points that have a series, by code, in one query.

    :param site_ids: only those sites; None means all of the organization
    :param codes: only meter points of these codes; None means all
    """
    found = models.Series.objects.filter(organization_id=scoping.current().organization_id, code=series_code)
    if site_ids is not None:
        found = found.filter(meter_point__site_id__in=list(site_ids))
    if codes is not None:
        found = found.filter(meter_point__code__in=list(codes))
    rows: Any = found.order_by("meter_point__sort_code", "id").values_list(
        "meter_point_id",
        "meter_point__public_id",
        "meter_point__code",
        "meter_point__name",
        "meter_point__site_id",
        "meter_point__node_id",
        "virtualmeter__id",
    )
    return [
        Candidate(pk, public_id, code, name, site_id, node_id, virtual is not None)
        for pk, public_id, code, name, site_id, node_id, virtual in rows[:most]
    ]


def fed_by(*, meter_point: uuid.UUID) -> list[VirtualRow]:
    """This will return the virtual meters that a formula in force computes from a meter point, by name."""
    organization_id = scoping.current().organization_id
    named = (Q(**{f"{each}__meter_point__public_id": meter_point}) for each in ("series", "warm", "cold"))
    fed = models.VirtualTerm.objects.filter(
        functools.reduce(operator.or_, named), organization_id=organization_id
    ).values("formula__virtual_id")
    found = _virtual().filter(pk__in=fed).order_by("series__meter_point__sort_name", "id")
    return [_row(each, 0) for each in found]


def uses_of_inputs(*, meter_point: uuid.UUID, period: Period, at: datetime) -> tuple[InputUse, ...]:
    """This will return what each row of the formulas in force gave in a period of at most MOST_INPUT_DAYS UTC days.

    A slot is due when it ended a step ago. Each row is rounded by itself, so that rows may differ from the meter's sum
    by a unit of its scale.

    :raises VirtualNotFound: when the organization has no such virtual meter
    """
    _row_shown, shown = get_virtual(meter_point=meter_point)
    organization_id = scoping.current().organization_id
    series = models.Series.objects.get(organization_id=organization_id, meter_point_id=_point_id(meter_point))
    formula = deriving.load_formulas(organization_id=organization_id, series_ids=[series.pk])[series.pk]
    first = (period.start.astimezone(UTC).date() - _EPOCH).days
    until = min(-(-(period.end - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(days=1)), first + MOST_INPUT_DAYS)
    stored = _blocks(formula.inputs, first, until)
    found = []
    in_force = [each for each in shown if each.is_in_force]
    for place, (version, known) in enumerate(zip(formula.versions, in_force, strict=True)):
        starts = max(period.start, known.starts_at)
        ends = min([period.end, *(each.starts_at for each in in_force[place + 1 : place + 2])])
        if starts >= ends:
            continue
        part = Period(starts, ends)
        for term, told in zip(version.terms, known.terms, strict=True):
            found.append(_use(formula, term, told, series, stored, range(first, until), part, at))
    return tuple(found)


def _use(
    formula: formulas.Formula,
    term: formulas.Term,
    told: TermRow,
    series: models.Series,
    stored: Mapping[int, Mapping[int, formulas.Block]],
    days: Sequence[int],
    part: Period,
    at: datetime,
) -> InputUse:
    step = timedelta(minutes=formula.step)
    used = missing = due = 0
    for day in days:
        numbers, quality = formulas.compute(formula, day, stored.get(day, {}), only=term)
        base = datetime.combine(_EPOCH + timedelta(days=day), time(0), tzinfo=UTC)
        first = max(-((base - part.start) // step), 0)
        until = min(max(-((base - part.end) // step), 0), len(numbers))
        used += int(numbers[first:until].sum())
        ended = min(max((at - step - base) // step, first), until)
        due += max(ended - first, 0)
        missing += int(np.count_nonzero(quality[first:ended] == Quality.MISSING)) if ended > first else 0
    return InputUse(told, Decimal(used).scaleb(-series.decimals, context=rounding.EXACT), missing, due)


def _blocks(series_ids: Collection[int], first: int, until: int) -> dict[int, dict[int, formulas.Block]]:
    rows = models.SeriesDay.objects.filter(
        organization_id=scoping.current().organization_id,
        series_id__in=list(series_ids),
        day__gte=_EPOCH + timedelta(days=first),
        day__lt=_EPOCH + timedelta(days=until),
    ).order_by("day", "revision")
    found: dict[int, dict[int, formulas.Block]] = defaultdict(dict)
    for series_id, day, step, data, quality in rows.values_list("series_id", "day", "step", "values", "quality"):
        decoded = blocks.decode(bytes(data), None if quality is None else bytes(quality), step)
        found[(day - _EPOCH).days][series_id] = formulas.Block(step, *decoded)
    return found


def _point_id(meter_point: uuid.UUID) -> int:
    return models.MeterPoint.objects.get(organization_id=scoping.current().organization_id, public_id=meter_point).pk


def _virtual() -> QuerySet[models.VirtualMeter]:
    return models.VirtualMeter.objects.filter(organization_id=scoping.current().organization_id).select_related(
        "series__meter_point__site"
    )


def _terms(formula_ids: Sequence[int]) -> dict[int, list[TermRow]]:
    found = defaultdict(list)
    for each in (
        models.VirtualTerm.objects.filter(
            organization_id=scoping.current().organization_id, formula_id__in=list(formula_ids)
        )
        .select_related("series__meter_point", "warm__meter_point", "cold__meter_point")
        .order_by("formula_id", "place")
    ):
        point = each.series.meter_point if each.series is not None else None
        found[each.formula_id].append(
            TermRow(
                factor=Fraction(each.numerator, each.denominator),
                hours=formulas.Hours(each.weekdays, each.from_minute, each.until_minute),
                meter_point=point.public_id if point else None,
                code=point.code if point else "",
                name=point.name if point else "",
                site_id=point.site_id if point else None,
                series_id=each.series_id,
                heat=_heat(each),
            )
        )
    return found


def _plain(number: Decimal) -> Decimal:
    """Without zeros at its end: 999.700000 is 999.7."""
    return Decimal(f"{number.normalize(rounding.EXACT):f}")


def _heat(term: models.VirtualTerm) -> HeatShown | None:
    if term.warm is None or term.cold is None or term.density is None or term.specific_heat is None:
        return None
    sides = {
        each.code: Side(point.public_id, point.code, point.name, point.site_id)
        for each, point in ((each, each.meter_point) for each in (term.warm, term.cold))
    }
    return HeatShown(
        sides[values.TEMPERATURE_FLOW],
        sides[values.TEMPERATURE_RETURN],
        _plain(term.density),
        _plain(term.specific_heat),
    )


def _row(virtual: models.VirtualMeter, inputs: int) -> VirtualRow:
    series = virtual.series
    point = series.meter_point
    return VirtualRow(
        id=virtual.pk,
        public_id=point.public_id,
        code=point.code,
        name=point.name,
        site_id=point.site_id,
        site_public_id=point.site.public_id,
        site_name=point.site.name,
        service=values.Service(point.service),
        role=values.PointRole(point.role),
        purpose=values.VirtualPurpose(virtual.purpose),
        series_code=series.code,
        unit=Unit(series.unit),
        inputs=inputs,
    )
