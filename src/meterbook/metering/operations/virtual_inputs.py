"""What the rows of a formula name: meters of one quantity, or water with the temperatures of both sides (B-54)."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from meterbook.foundation import scoping
from meterbook.kernel import water
from meterbook.kernel.quantity import Unit
from meterbook.metering import formulas, models, values

MOST_ROWS = 200
LARGEST = 10**9  # of a factor's numerator and denominator
FACTOR_PLACES = 6  # of density and specific heat
_HEAT = values.COUNTED_SERIES[values.Service.COOLING]


class FormulaUnfit(ValueError):
    """The formula cannot be computed; the message says what to change."""


@dataclass(frozen=True)
class HeatOfWater:
    """Makes a row the heat or cold that water carried: volume x temperature difference x density x specific heat.

    The temperatures are those of the meter itself unless other meter points are named: `flow` and `returned`. For
    cooling the water returns warmer, else it flows in warmer. Density in kg/m3, specific heat in kJ/(kg K).
    """

    flow: uuid.UUID | None = None
    returned: uuid.UUID | None = None
    density: Decimal = water.DENSITY
    specific_heat: Decimal = water.SPECIFIC_HEAT


@dataclass(frozen=True)
class FormulaRow:
    """One row: `factor` (signed, exact) times the series of a meter point; without one, that many units an hour.

    With `heat` the meter point measures water, and the row is what it carried.
    """

    factor: Fraction
    meter_point: uuid.UUID | None = None
    hours: formulas.Hours = formulas.ALWAYS
    heat: HeatOfWater | None = None


@dataclass(frozen=True)
class Input:
    """The series of a row; `warm` and `cold` where it is water."""

    series: models.Series
    warm: models.Series | None = None
    cold: models.Series | None = None

    @property
    def ids(self) -> set[int]:
        """The series that the row is computed from."""
        return {each.pk for each in (self.series, self.warm, self.cold) if each is not None}


def find(rows: Sequence[FormulaRow], catalogue: values.SeriesType, service: values.Service) -> list[Input | None]:
    """This will return the series of each row, when all of them can be added up; None for a constant.

    :raises FormulaUnfit: when they cannot
    """
    _check(rows, catalogue)
    points = _points(rows)
    codes = {catalogue.code, *values.CARRYING, values.TEMPERATURE_FLOW, values.TEMPERATURE_RETURN}
    series = {
        (each.meter_point.public_id, each.code): each
        for each in models.Series.objects.filter(
            organization_id=scoping.current().organization_id,
            meter_point_id__in={each.pk for each in points.values()},
            code__in=codes,
        )
        .select_related("meter_point")
        .order_by("id")
    }
    found = _Finder(points, series)
    return [
        None
        if row.meter_point is None
        else Input(found.of(row.meter_point, (catalogue.code,)))
        if row.heat is None
        else found.water(row.meter_point, row.heat, service)
        for row in rows
    ]


def together(inputs: Collection[Input | None]) -> set[int]:
    """This will return the series of all rows."""
    return set[int]().union(*(each.ids for each in inputs if each is not None))


@dataclass(frozen=True)
class _Finder:
    points: Mapping[uuid.UUID, models.MeterPoint]
    series: Mapping[tuple[uuid.UUID, str], models.Series]

    def of(self, point: uuid.UUID, codes: Sequence[str]) -> models.Series:
        """The series of a meter point: the first of the codes that it has, in the catalogue's unit."""
        for code in codes:
            found = self.series.get((point, code))
            if found is not None and Unit(found.unit) is values.series_type(code).unit:
                return found
        raise FormulaUnfit(
            _("“%(name)s” does not measure %(quantity)s; take meters of one quantity.")
            % {
                "name": self.points[point].name,
                "quantity": str(values.series_type(codes[0]).caption).lower(),
            }
        )

    def water(self, point: uuid.UUID, heat: HeatOfWater, service: values.Service) -> Input:
        """Water with both temperatures, the warmer side first."""
        carrier = self.of(point, values.CARRYING)
        flow = self.of(heat.flow or point, (values.TEMPERATURE_FLOW,))
        returned = self.of(heat.returned or point, (values.TEMPERATURE_RETURN,))
        warm, cold = (returned, flow) if service is values.Service.COOLING else (flow, returned)
        return Input(carrier, warm, cold)


def _check(rows: Sequence[FormulaRow], catalogue: values.SeriesType) -> None:
    if not any(each.meter_point is not None for each in rows):
        raise FormulaUnfit(_("A formula needs at least one meter; a constant alone has no time of its own."))
    if len(rows) > MOST_ROWS:
        raise FormulaUnfit(
            ngettext("A formula has at most %(most)s row.", "A formula has at most %(most)s rows.", MOST_ROWS)
            % {"most": MOST_ROWS}
        )
    if any(not each.factor for each in rows):
        raise FormulaUnfit(_("A row with the factor 0 adds nothing; take it away, or give it another factor."))
    if any(max(abs(each.factor.numerator), each.factor.denominator) > LARGEST for each in rows):
        raise FormulaUnfit(_("A factor is too large or too fine; write it with fewer digits."))
    heats = [each.heat for each in rows if each.heat is not None]
    if heats and catalogue.code != _HEAT:
        raise FormulaUnfit(_("Only heat and cold are computed from flow and temperatures; choose another service."))
    if any(not _is_possible(each) for heat in heats for each in (heat.density, heat.specific_heat)):
        raise FormulaUnfit(_("Density and specific heat lie between 0.000001 and 100,000; water has 999.7 and 4.1954."))


def _is_possible(number: Decimal) -> bool:
    is_fine = number.is_finite() and number == round(number, FACTOR_PLACES)
    return is_fine and 0 < number <= 100_000


def _points(rows: Sequence[FormulaRow]) -> dict[uuid.UUID, models.MeterPoint]:
    wanted = {each.meter_point for each in rows if each.meter_point is not None}
    for heat in (each.heat for each in rows if each.heat is not None):
        wanted |= {each for each in (heat.flow, heat.returned) if each is not None}
    points = models.MeterPoint.objects.filter(
        organization_id=scoping.current().organization_id, public_id__in=wanted
    ).order_by("id")
    known = {each.public_id: each for each in points}
    if len(known) < len(wanted):
        raise FormulaUnfit(_("A meter of the formula is not there any more; choose another one."))
    return known
