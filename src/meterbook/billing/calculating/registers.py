"""What registers showed at the ends of a bill's time, and where a meter or its multiplier changed in between.

The intervals are the truth: where no reading stands exactly at a boundary, its value follows from the reading at the
other end and the intervals between, or from the straight line between its neighbors.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from typing import Any

from django.db.models import Q

from meterbook.billing import content
from meterbook.billing.calculating import facts, neighbors, usage
from meterbook.foundation import scoping
from meterbook.kernel import quantity, rounding
from meterbook.kernel.period import Period
from meterbook.kernel.quality import Quality
from meterbook.kernel.quantity import Unit
from meterbook.metering import models as metering_models
from meterbook.metering.validation.inputs import CorrectionKind
from meterbook.metering.values import Source

EXCHANGE, CORRECTION = "EXCHANGE", "CORRECTION"
AT = b"""
SELECT series_id, at, value, quality, source FROM metering_reading
WHERE organization_id = %(organization)s AND series_id = ANY(%(series)s::bigint[]) AND at = ANY(%(at)s::timestamptz[])
ORDER BY series_id, at, source
"""
Key = tuple[int, datetime]


@dataclass(frozen=True)
class Hanging:
    """A register of a meter that hung at the point during [start, end); `changes` are its multipliers in order."""

    serial: str
    model: str
    register: str
    unit: Unit
    decimals: int
    wrap: int | None
    start: datetime
    end: datetime | None
    opening: int | None
    closing: int | None
    is_closing_estimated: bool
    changes: tuple[tuple[datetime, Fraction, int | None], ...]

    def scale(self, series: facts.Series) -> Fraction:
        """This will return what one count is in the series' scale, before the multiplier."""
        return quantity.factor(self.unit, series.unit) * Fraction(10) ** (series.decimals - self.decimals)


@dataclass(frozen=True)
class _Part:
    """A segment whose ends may not be known yet."""

    hanging: Hanging
    multiplier: Fraction
    period: Period
    previous: content.Register | None
    present: content.Register | None


class Registers:
    """Registers of a chunk's series and their values at the instants that matter."""

    def __init__(self, hanging: dict[int, list[Hanging]], known: dict[Key, content.Register]) -> None:
        self._hanging = hanging
        self._known = known
        self._beside: dict[Key, tuple[datetime, int, datetime, int]] = {}

    @classmethod
    def load(cls, wanted: Sequence[tuple[facts.Series, Period]]) -> Registers:
        """This will load what is needed for these series and periods, in six queries or less."""
        ids = sorted({series.id for series, _period in wanted})
        whole = Period(min(each.start for _s, each in wanted), max(each.end for _s, each in wanted))
        instants = sorted({instant for _s, each in wanted for instant in (each.start, each.end)})
        found = cls(_hanging(ids, whole), _readings(ids, instants))
        ends = {(series.id, at) for series, each in wanted for at in (each.start, each.end)}
        found._beside = neighbors.beside(sorted(ends - found._known.keys()))
        return found

    def segments(self, series: facts.Series, period: Period, total: int) -> tuple[content.Segment, ...]:
        """This will return the segments of a period; `total` is the sum of its intervals in the series' scale.

        Nothing where a value cannot be known at all: a register without any reading.
        """
        parts = self._parts(series, period)
        open_ends = [each for each in parts if each.previous is None or each.present is None]
        sums = {place: _quantity(each, series) for place, each in enumerate(parts) if each not in open_ends}
        rest = total - sum(sums.values())
        found = []
        for place, part in enumerate(parts):
            if place in sums:
                found.append(_segment(part, sums[place]))
                continue
            # Of several unknown ends only the final one follows from the intervals.
            is_final = part is open_ends[-1]
            settled = self._settle(series, part, rest if is_final else None)
            if settled is None:
                return ()
            # Of the registers as they are shown; what rounding leaves over is the meter point's adjustment.
            amount = _quantity(settled, series)
            rest -= amount
            found.append(_segment(settled, amount))
        return tuple(found)

    def inputs(self, series: facts.Series, period: Period) -> str:
        """This will write down what segments of a period are made from: meters, multipliers, values at the ends."""
        parts = []
        for each in self._parts(series, period):
            meter = each.hanging
            shown = meter.serial, meter.model, meter.register, meter.unit.value, meter.decimals, meter.wrap
            parts.append((*shown, str(each.multiplier), each.period, each.previous, each.present))
        return repr((parts, [self._beside.get((series.id, at)) for at in (period.start, period.end)]))

    def _parts(self, series: facts.Series, period: Period) -> list[_Part]:
        parts = []
        for meter in self._hanging.get(series.id, []):
            end = period.end if meter.end is None else min(meter.end, period.end)
            for place, (starts_at, multiplier, value) in enumerate(meter.changes):
                following = meter.changes[place + 1] if place + 1 < len(meter.changes) else None
                start = max(starts_at, meter.start, period.start)
                until = end if following is None else min(following[0], end)
                if start >= until:
                    continue
                parts.append(
                    _Part(
                        meter,
                        multiplier,
                        Period(start, until),
                        self._begin(series, meter, start, starts_at, value),
                        self._end(series, meter, until, following),
                    )
                )
        return parts

    def _begin(
        self, series: facts.Series, meter: Hanging, start: datetime, changed_at: datetime, value: int | None
    ) -> content.Register | None:
        if start == meter.start and meter.opening is not None:
            return content.Register(start, meter.opening, Quality.VALID, EXCHANGE)
        if start == changed_at and value is not None:
            return content.Register(start, value, Quality.VALID, EXCHANGE)
        return self._known.get((series.id, start))

    def _end(
        self,
        series: facts.Series,
        meter: Hanging,
        until: datetime,
        following: tuple[datetime, Fraction, int | None] | None,
    ) -> content.Register | None:
        if until == meter.end and meter.closing is not None:
            quality = Quality.ESTIMATED if meter.is_closing_estimated else Quality.VALID
            return content.Register(until, meter.closing, quality, EXCHANGE)
        if following is not None and until == following[0] and following[2] is not None:
            return content.Register(until, following[2], Quality.VALID, EXCHANGE)
        return self._known.get((series.id, until))

    def _settle(self, series: facts.Series, part: _Part, rest: int | None) -> _Part | None:
        """Both ends known: by the intervals (`rest`), else by the line between the neighboring readings."""
        previous, present = part.previous, part.present
        counts = None if rest is None else Fraction(rest) / (part.multiplier * part.hanging.scale(series))
        if previous is None and (present is None or counts is None):
            previous = self._line(series, part.period.start)
        if previous is None:
            if present is None or counts is None:
                return None
            previous = _worked_out(part.period.start, present.value - counts)
        if present is None:
            present = (
                self._line(series, part.period.end)
                if counts is None
                else _worked_out(part.period.end, previous.value + counts)
            )
        if present is None:
            return None
        wrap = part.hanging.wrap
        if wrap is not None:
            previous = replace(previous, value=previous.value % wrap)
            present = replace(present, value=present.value % wrap)
        return replace(part, previous=previous, present=present)

    def _line(self, series: facts.Series, at: datetime) -> content.Register | None:
        beside = self._beside.get((series.id, at))
        if beside is None:
            return None
        start, low, end, high = beside
        return _worked_out(at, low + (high - low) * _share(at, start, end))


def _share(at: datetime, start: datetime, end: datetime) -> Fraction:
    microsecond = datetime.resolution
    return Fraction((at - start) // microsecond, (end - start) // microsecond)


def _worked_out(at: datetime, value: Fraction) -> content.Register:
    return content.Register(at, rounding.divide(value.numerator, value.denominator), Quality.INTERPOLATED, None)


def _difference(part: _Part) -> int:
    if part.previous is None or part.present is None:
        raise ValueError("a segment is settled before its difference is taken")
    difference = part.present.value - part.previous.value
    wrap = part.hanging.wrap
    return difference + wrap if difference < 0 and wrap is not None else difference


def _quantity(part: _Part, series: facts.Series) -> int:
    amount = _difference(part) * part.multiplier * part.hanging.scale(series)
    return rounding.divide(amount.numerator, amount.denominator)


def _segment(part: _Part, amount: int) -> content.Segment:
    meter = part.hanging
    difference = _difference(part)
    if part.previous is None or part.present is None:
        raise ValueError("a segment is settled before it is written")
    return content.Segment(
        serial=meter.serial,
        model=meter.model,
        register=meter.register,
        unit=meter.unit.value,
        decimals=meter.decimals,
        previous=part.previous,
        present=part.present,
        difference=difference,
        multiplier=part.multiplier,
        quantity=amount,
    )


def _hanging(series_ids: list[int], period: Period) -> dict[int, list[Hanging]]:
    organization_id = scoping.current().organization_id
    registers = metering_models.InstallationRegister.objects.filter(
        organization_id=organization_id,
        series_id__in=series_ids,
        installation__during__overlap=(period.start, period.end),
    )
    rows = list(
        registers.order_by("installation__during", "id").values_list(
            "series_id",
            "installation_id",
            "installation__during",
            "installation__meter__serial_number",
            "installation__meter__model_code",
            "register_code",
            "unit",
            "decimals",
            "wrap",
            "opening",
            "closing",
            "is_closing_estimated",
        )
    )
    changes: dict[int, list[tuple[datetime, Fraction, Any]]] = defaultdict(list)
    segments = metering_models.MultiplierSegment.objects.filter(
        organization_id=organization_id, installation_id__in={row[1] for row in rows}
    ).order_by("starts_at", "id")
    for installation_id, starts_at, above, below, shown in segments.values_list(
        "installation_id", "starts_at", "numerator", "denominator", "registers"
    ):
        changes[installation_id].append((starts_at, Fraction(above, below), shown))
    found: dict[int, list[Hanging]] = defaultdict(list)
    row: tuple[Any, ...]
    for row in rows:
        series_id, installation_id, during, serial, model, register, unit, decimals, *others = row
        wrap, opening, closing, is_estimated = others
        own = [(at, factor, shown.get(str(series_id))) for at, factor, shown in changes[installation_id]]
        if not own or own[0][0] > during.lower:
            own.insert(0, (during.lower, Fraction(1), None))
        found[series_id].append(
            Hanging(
                serial=serial,
                model=model,
                register=register,
                unit=Unit(unit),
                decimals=decimals,
                wrap=wrap,
                start=during.lower,
                end=during.upper,
                opening=opening,
                closing=closing,
                is_closing_estimated=bool(is_estimated),
                changes=tuple(own),
            )
        )
    return dict(found)


def _readings(series_ids: list[int], instants: list[datetime]) -> dict[Key, content.Register]:
    organization_id = scoping.current().organization_id
    corrected = _corrected(series_ids, instants)
    findings = metering_models.SeriesFinding.objects.filter(
        organization_id=organization_id, series_id__in=series_ids, at__in=instants, kind__in=neighbors.NOT_BELIEVED
    )
    doubted = set(findings.values_list("series_id", "at"))
    found: dict[Key, content.Register] = {}
    parameters = {"organization": organization_id, "series": series_ids, "at": instants}
    for series_id, at, value, quality, source in usage.fetch(AT, parameters):
        key = (series_id, at)
        if key not in found and key not in doubted and key not in corrected:
            found[key] = content.Register(at, value, Quality(quality), Source(source).name)
    found.update({key: value for key, value in corrected.items() if value is not None})
    return found


def _corrected(series_ids: list[int], instants: list[datetime]) -> dict[Key, content.Register | None]:
    """Values that a person set, and None for readings that a person took out; the fact recorded last holds."""
    rows = metering_models.Correction.objects.filter(
        Q(kind__in=neighbors.OF_INSTANTS),
        organization_id=scoping.current().organization_id,
        series_id__in=series_ids,
        at__in=instants,
    ).order_by("recorded_at", "id")
    found: dict[Key, content.Register | None] = {}
    for series_id, kind, at, value in rows.values_list("series_id", "kind", "at", "value"):
        key = (series_id, at)
        if kind == CorrectionKind.RESTORE:
            found.pop(key, None)
        elif kind == CorrectionKind.EXCLUDE or value is None:
            found[key] = None
        else:
            found[key] = content.Register(at, value, Quality.EDITED, CORRECTION)
    return found
