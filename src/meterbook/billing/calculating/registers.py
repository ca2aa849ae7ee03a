"""What registers showed at the ends of a bill's time, and where a meter, its multiplier or its count changed between.

The intervals are the truth: where no reading stands exactly at a boundary, its value follows from the reading at the
other end and the intervals between, or from the straight line between its neighbors.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from typing import NamedTuple

from django.db.models import Q

from meterbook.billing import content
from meterbook.billing.calculating import boundaries, facts, hanging, neighbors, usage
from meterbook.billing.calculating.hanging import Hanging
from meterbook.foundation import many, scoping
from meterbook.kernel import rounding
from meterbook.kernel.period import Period
from meterbook.kernel.quality import Quality
from meterbook.metering import models as metering_models
from meterbook.metering import ratios
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
class _Part:
    """A segment whose ends may not be known yet."""

    hanging: Hanging
    change: ratios.Change[datetime]
    period: Period
    previous: content.Register | None
    present: content.Register | None

    @property
    def factor(self) -> Fraction:
        """How many times it counts, corrected by a test of the meter where there was one."""
        change = self.change
        return change.factor if change.corrected_by == 1 else change.factor * change.corrected_by


class Stretch(NamedTuple):
    """A meter that hung for all of a time, with one multiplier and readings at both ends; nothing happened between."""

    meter: Hanging
    multiplier: Fraction
    previous: content.Register
    present: content.Register
    quantity: int


class Registers:
    """Registers of a chunk's series and their values at the instants that matter."""

    def __init__(
        self, hung: dict[int, list[Hanging]], found: boundaries.Boundaries, known: dict[Key, content.Register]
    ) -> None:
        self._hanging = hung
        self._found = found
        self._known = known
        self._beside: dict[Key, neighbors.Pair] = {}
        self._stretches: dict[tuple[int, Period], Stretch | None] = {}

    @classmethod
    def load(cls, wanted: Sequence[tuple[facts.Series, Period]]) -> Registers:
        """This will load what is needed for these series and periods, in nine queries or less."""
        ids = sorted({series.id for series, _period in wanted})
        whole = Period(min(each.start for _s, each in wanted), max(each.end for _s, each in wanted))
        hung = hanging.load(ids, whole)
        ends = {(series.id, at) for series, each in wanted for at in (each.start, each.end)}
        ends |= {
            (series.id, change.at)
            for series, each in wanted
            for meter in hung.get(series.id, [])
            for change in meter.changes
            if change.shown is None and meter.start < change.at and each.start < change.at < each.end
        }
        bounds = boundaries.load(hung, ids, whole)
        found = cls(hung, bounds, _readings(ids, sorted({at for _id, at in ends}), bounds))
        found._beside = neighbors.beside(sorted(ends - found._known.keys()))
        return found

    def segments(self, series: facts.Series, period: Period, total: int) -> tuple[content.Segment, ...]:
        """This will return the segments of a period; `total` is the sum of its intervals in the series' scale.

        Nothing where a value cannot be known at all: a register without any reading.
        """
        parts = self._parts(series, period)
        open_ends = [each for each in parts if each.previous is None or each.present is None]
        known = {place: _segments(each, series) for place, each in enumerate(parts) if each not in open_ends}
        rest = total - sum(each.quantity for own in known.values() for each in own)
        found = []
        for place, part in enumerate(parts):
            if place in known:
                found += known[place]
                continue
            # Of several unknown ends only the final one follows from the intervals.
            is_final = part is open_ends[-1]
            settled = self._settle(series, part, rest if is_final else None)
            if settled is None:
                return ()
            # Of the registers as they are shown; what rounding leaves over is the meter point's adjustment.
            rest -= _quantity(settled, series)
            past = _past_its_end(settled)
            if past is not None:  # before this bill began: what follows begins later than at zero
                following = replace(parts[place + 1], previous=past)
                parts[place + 1] = following
                if place + 1 in known:
                    known[place + 1] = _segments(following, series)
                continue
            found += _segments(settled, series)
        return tuple(found)

    def stretch(self, series: facts.Series, period: Period) -> Stretch | None:
        """This will return what a period's only segment is made from; None where it has several, or is not so plain."""
        key = series.id, period
        if key not in self._stretches:
            self._stretches[key] = self._stretch(series, period)
        return self._stretches[key]

    def _stretch(self, series: facts.Series, period: Period) -> Stretch | None:
        hung = self._hanging.get(series.id, ())
        if len(hung) != 1 or len(hung[0].changes) != 1 or self._found.of.get(series.id):
            return None
        meter, change = hung[0], hung[0].changes[0]
        if max(change.at, meter.start) > period.start or (meter.end is not None and meter.end < period.end):
            return None
        previous = self._begin(series, meter, period.start, change)
        present = self._end(series, meter, period.end, None)
        if previous is None or present is None or change.corrected_by != 1:
            return None
        if meter.wrap is not None and present.value < previous.value:
            return None
        factor = _times(change.factor, meter.scale(series))
        quantity = content.quantity_of(previous.value, present.value, factor)
        return Stretch(meter, change.factor, previous, present, quantity)

    def inputs(self, series: facts.Series, period: Period) -> list[object]:
        """This will write down what segments of a period are made from: meters, multipliers, values at the ends."""
        plain = self.stretch(series, period)
        if plain is not None:
            ends = (_written(plain.previous), _written(plain.present))
            return [_kind(plain.meter), _text_of(plain.multiplier), *ends]
        words: list[object] = []
        for each in self._parts(series, period):
            change = each.change
            words += [_kind(each.hanging), _text_of(change.factor), _text_of(change.corrected_by), change.test]
            words += [each.period.start, each.period.end]
            words += [None if shown is None else _written(shown) for shown in (each.previous, each.present)]
        return [*words, *(self._beside.get((series.id, at)) for at in (period.start, period.end))]

    def _parts(self, series: facts.Series, period: Period) -> list[_Part]:
        parts = []
        for meter in self._hanging.get(series.id, []):
            end = period.end if meter.end is None else min(meter.end, period.end)
            for place, change in enumerate(meter.changes):
                following = meter.changes[place + 1] if place + 1 < len(meter.changes) else None
                start = max(change.at, meter.start, period.start)
                until = end if following is None else min(following.at, end)
                if start >= until:
                    continue
                begin, present = self._begin(series, meter, start, change), self._end(series, meter, until, following)
                parts += self._cut(series, _Part(meter, change, Period(start, until), begin, present))
        return parts

    def _cut(self, series: facts.Series, part: _Part) -> list[_Part]:
        """A stretch of one multiplier, cut where the counter started anew or went past its end (B-01)."""
        found, previous, start, end = [], part.previous, part.period.start, part.period.end
        for each in self._found.inside(series.id, part.period):
            quality = Quality.ESTIMATED if each.kind == boundaries.RESET else Quality.VALID
            before = content.Register(each.at, each.before, quality, each.kind)
            found.append(replace(part, period=Period(start, each.at), previous=previous, present=before))
            previous, start = content.Register(each.at, each.after, Quality.VALID, each.kind), each.at
        if not found:
            return [part]
        if start < end:
            return [*found, replace(part, period=Period(start, end), previous=previous, present=part.present)]
        bound = self._found.at(series.id, end)
        if bound is not None and bound.shown != bound.after:  # past its end just before the stretch was over
            shown = content.Register(end, bound.shown, Quality.VALID, bound.kind)
            found.append(replace(part, period=found[-1].period, previous=previous, present=shown))
        return found

    def _begin(
        self, series: facts.Series, meter: Hanging, start: datetime, change: ratios.Change[datetime]
    ) -> content.Register | None:
        if start == meter.start and meter.opening is not None:
            return content.Register(start, meter.opening, Quality.VALID, EXCHANGE)
        if start == change.at and change.shown is not None:
            return content.Register(start, change.shown, Quality.VALID, EXCHANGE)
        return self._known.get((series.id, start))

    def _end(
        self, series: facts.Series, meter: Hanging, until: datetime, following: ratios.Change[datetime] | None
    ) -> content.Register | None:
        if until == meter.end and meter.closing is not None:
            quality = Quality.ESTIMATED if meter.is_closing_estimated else Quality.VALID
            return content.Register(until, meter.closing, quality, EXCHANGE)
        if following is not None and until == following.at and following.shown is not None:
            return content.Register(until, following.shown, Quality.VALID, EXCHANGE)
        return self._known.get((series.id, until))

    def _settle(self, series: facts.Series, part: _Part, rest: int | None) -> _Part | None:
        """Both ends known: by the intervals (`rest`), else by the line between the neighboring readings."""
        previous, present = part.previous, part.present
        counts = None if rest is None else Fraction(rest) / (part.factor * part.hanging.scale(series))
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
        if present.source != boundaries.ROLLOVER or previous.value < 0:
            previous = _within(previous, part)
        return replace(part, previous=previous, present=_within(present, part))

    def _line(self, series: facts.Series, at: datetime) -> content.Register | None:
        beside = self._beside.get((series.id, at))
        if beside is None:
            return None
        start, low, end, high = beside
        bound = self._found.at(series.id, end)
        reached = high if bound is None else bound.reached
        return _worked_out(at, low + (reached - low) * _share(at, start, end))


_QUALITIES, _SOURCES = {each.value: each for each in Quality}, {each.value: each.name for each in Source}
_text_of = functools.lru_cache(maxsize=256)(str)  # of fractions, of which meters of a building have few


def _kind(meter: Hanging) -> tuple[object, ...]:
    return meter.serial, meter.model, meter.register, meter.unit, meter.decimals, meter.wrap


def _written(shown: content.Register) -> tuple[object, ...]:
    return shown.at, shown.value, shown.quality, shown.source


@functools.lru_cache(maxsize=256)
def _times(one: Fraction, other: Fraction) -> Fraction:
    return one * other


def _past_its_end(part: _Part) -> content.Register | None:
    """What the counter had come to after its end, where it passed that before the part begins; else None."""
    previous, present = part.previous, part.present
    if previous is None or present is None or present.source != boundaries.ROLLOVER:
        return None
    return None if previous.value < present.value else previous._replace(value=previous.value - present.value)


def _within(register: content.Register, part: _Part) -> content.Register:
    """What was worked out as the display shows it, which goes no further than the end of the counter."""
    wrap = part.hanging.wrap
    if wrap is None or register.source is not None:
        return register
    return register._replace(value=register.value % wrap)


def _share(at: datetime, start: datetime, end: datetime) -> Fraction:
    microsecond = datetime.resolution
    return Fraction((at - start) // microsecond, (end - start) // microsecond)


def _worked_out(at: datetime, value: Fraction) -> content.Register:
    return content.Register(at, rounding.divide(value.numerator, value.denominator), Quality.INTERPOLATED, None)


def _at_its_end(part: _Part) -> list[tuple[content.Register, content.Register]]:
    """Both ends of a settled part; twice where its counter went past its end on the way, and nobody found out when."""
    if part.previous is None or part.present is None:
        raise ValueError("a segment is settled before it is written")
    previous, present, wrap = part.previous, part.present, part.hanging.wrap
    if wrap is None or present.value >= previous.value or present.source == boundaries.ROLLOVER:
        return [(previous, present)]
    at = present.at
    end, begin = (content.Register(at, each, Quality.VALID, boundaries.ROLLOVER) for each in (wrap, 0))
    return [(previous, end), (begin, present)]


def _quantity(part: _Part, series: facts.Series) -> int:
    return sum(each.quantity for each in _segments(part, series))


def _segments(part: _Part, series: facts.Series) -> list[content.Segment]:
    meter, factor = part.hanging, part.factor * part.hanging.scale(series)
    return [
        content.Segment(
            serial=meter.serial,
            model=meter.model,
            register=meter.register,
            unit=meter.unit.value,
            decimals=meter.decimals,
            previous=previous,
            present=present,
            difference=present.value - previous.value,
            multiplier=part.change.factor,
            quantity=content.quantity_of(previous.value, present.value, factor),
            corrected_by=part.change.corrected_by,
            test=part.change.test,
        )
        for previous, present in _at_its_end(part)
    ]


def _readings(
    series_ids: list[int], instants: list[datetime], found: boundaries.Boundaries
) -> dict[Key, content.Register]:
    corrected = _corrected(series_ids, instants)
    known: dict[Key, content.Register] = {}
    parameters = {"organization": scoping.current().organization_id, "series": series_ids, "at": instants}
    for series_id, at, value, quality, source in usage.fetch(AT, parameters):
        key = (series_id, at)
        if key not in known and key not in corrected and not found.is_doubted(series_id, at):
            known[key] = content.Register(at, value, _QUALITIES[quality], _SOURCES[source])
    known.update({key: value for key, value in corrected.items() if value is not None})
    return known


def _corrected(series_ids: list[int], instants: list[datetime]) -> dict[Key, content.Register | None]:
    """Values that a person set, and None for readings that a person took out; the fact recorded last holds."""
    rows = metering_models.Correction.objects.filter(
        many.among("series_id", series_ids),
        Q(kind__in=neighbors.OF_INSTANTS),
        organization_id=scoping.current().organization_id,
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
