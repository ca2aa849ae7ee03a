"""What the display of a meter shows at an instant: the readings around it, and what lies between them."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from meterbook.foundation import scoping
from meterbook.kernel import rounding
from meterbook.kernel.quantity import Unit
from meterbook.metering import by_hand, capacities, models, values
from meterbook.metering.queries import standing

READ = (values.SeriesKind.CUMULATIVE, values.SeriesKind.MAXIMUM)
NEAR = timedelta(hours=2)  # between readings that lie closer together the display can be worked out


# What is used in an hour at a power of one: a kVA is at least a kW, and a supply is rated by either.
_OF_AN_HOUR = {Unit.KW: Unit.KWH, Unit.KVA: Unit.KWH, Unit.MW: Unit.MWH}


@dataclass(frozen=True)
class Seen:
    """A reading: what the register showed, as an integer of its resolution."""

    at: datetime
    raw: int


@dataclass(frozen=True)
class Face:
    """The register of a meter point that is billed, around an instant; all numbers as the display shows them.

    `exact` is a reading at the instant itself, `before` the newest earlier one, `after` the oldest later one; all three
    only of the meter that hangs there at the instant, and as people corrected them. `most_per_hour` is what the
    supply can deliver, in counts, as it was noted; `assumed_per_hour` what is plausible for such a meter where it was
    not (`capacities`).
    """

    meter_point_id: int
    meter_point_public_id: uuid.UUID
    code: str
    name: str
    service: values.Service
    series_id: int
    serial_number: str
    unit: Unit
    decimals: int
    wrap: int | None
    multiplier: Fraction
    most_per_hour: Fraction | None
    before: Seen | None
    exact: Seen | None
    after: Seen | None
    assumed_per_hour: Fraction | None = None
    series_code: str = ""

    @property
    def is_main(self) -> bool:
        """Whether it is the register of what is billed first, not a further one of the meter."""
        return self.series_code == values.COUNTED_SERIES[self.service]

    @property
    def is_maximum(self) -> bool:
        """Whether it shows the highest since it was reset, so that it need not be more than before."""
        return bool(self.series_code) and values.series_type(self.series_code).is_maximum

    def number(self, raw: int) -> Decimal:
        """This will return an integer of the register as the display shows it: 12345 with 2 decimals is 123.45."""
        return Decimal(raw).scaleb(-self.decimals, context=rounding.EXACT)

    def proposed(self, instant: datetime) -> tuple[int, bool] | None:
        """This will return what the display showed at an instant, and whether it was worked out from both sides.

        Between two readings that lie at most two hours apart it grows evenly, rounded down: from 100 at 10:00 to 107 at
        10:15 it is 104 at 10:10. None where that is not known.
        """
        if self.exact is not None:
            return self.exact.raw, False
        if self.before is None or self.after is None or self.after.at - self.before.at > NEAR:
            return None
        if self.is_maximum:
            return None
        if self.after.raw < self.before.raw:
            return None
        share = Fraction((instant - self.before.at) // timedelta.resolution) / (
            (self.after.at - self.before.at) // timedelta.resolution
        )
        return self.before.raw + int((self.after.raw - self.before.raw) * share), True


def faces_at(*, meter_point_ids: Collection[int], instant: datetime, at: datetime) -> dict[int, Face]:
    """This will return, by meter point, the face of the meter that hangs there at an instant; others are left out.

    :param at: now; what arrived for later instants counts as after
    """
    return {
        point.pk: _face(point, register, instant)
        for point, register in _registers(meter_point_ids, instant)
        if register.series.code == values.COUNTED_SERIES[values.Service(point.service)]
    }


def further_faces_at(*, meter_point_ids: Collection[int], instant: datetime) -> dict[int, tuple[Face, ...]]:
    """This will return, by meter point, the faces of the further registers that people read of such a meter
    (`by_hand`), in their usual order; meter points without one are left out.
    """
    found: dict[int, list[Face]] = {}
    for point, register in _registers(meter_point_ids, instant):
        if _is_read(register) and register.series.code in by_hand.offered(values.Service(point.service))[1:]:
            found.setdefault(point.pk, []).append(_face(point, register, instant))
    return {point_id: tuple(sorted(faces, key=_place)) for point_id, faces in found.items()}


def _place(face: Face) -> int:
    return by_hand.offered(face.service).index(face.series_code)


def face_of(*, meter_point_id: int, series_code: str, instant: datetime) -> Face | None:
    """This will return the face of any register that people read, as `faces_at` does; None where none hangs there then.

    :param series_code: empty: the series that is billed first
    """
    for point, register in _registers([meter_point_id], instant):
        code = series_code or values.COUNTED_SERIES[values.Service(point.service)]
        if register.series.code == code and _is_read(register):
            return _face(point, register, instant)
    return None


def _is_read(register: models.InstallationRegister) -> bool:
    """Whether people read such a register: a counter, or one that keeps the highest."""
    return register.series.kind in READ


def _registers(
    meter_point_ids: Collection[int], instant: datetime
) -> list[tuple[models.MeterPoint, models.InstallationRegister]]:
    organization_id = scoping.current().organization_id
    points = {
        each.pk: each
        for each in models.MeterPoint.objects.filter(
            organization_id=organization_id, pk__in=list(meter_point_ids)
        ).select_related("node")
    }
    registers = (
        models.InstallationRegister.objects.filter(
            organization_id=organization_id,
            installation__meter_point_id__in=points,
            installation__during__contains=instant,
        )
        .select_related("installation__meter", "series")
        .order_by("id")
    )
    return [(points[each.installation.meter_point_id], each) for each in registers]


def _face(point: models.MeterPoint, register: models.InstallationRegister, instant: datetime) -> Face:
    organization_id, installation = point.organization_id, register.installation
    segment = (
        models.MultiplierSegment.objects.filter(
            organization_id=organization_id, installation=installation, starts_at__lte=instant
        )
        .order_by("-starts_at", "-id")
        .first()
    )
    multiplier = Fraction(segment.numerator, segment.denominator) if segment else Fraction(1)
    is_maximum = register.series.kind == values.SeriesKind.MAXIMUM
    rated = installation.rated_per_hour if is_maximum or _is_bounded(point, register) else None
    begin, end = installation.during.lower, installation.during.upper
    readings = models.Reading.objects.filter(
        organization_id=organization_id, series_id=register.series_id, at__gte=begin
    )
    if end is not None:
        readings = readings.filter(at__lt=end)
    before, exact, after = (
        chosen.values_list("at", "shown").first()
        for chosen in (
            standing.counting(readings.filter(at__lt=instant)).order_by("-at", "source"),
            standing.annotated(readings.filter(at=instant)).order_by("source"),
            standing.counting(readings.filter(at__gt=instant)).order_by("at", "source"),
        )
    )
    if before is None and register.opening is not None and begin < instant:
        before = (begin, register.opening)
    return Face(
        meter_point_id=point.pk,
        meter_point_public_id=point.public_id,
        code=point.code,
        name=point.name,
        service=values.Service(point.service),
        series_id=register.series_id,
        serial_number=installation.meter.serial_number,
        unit=Unit(register.unit),
        decimals=register.decimals,
        wrap=register.wrap,
        multiplier=multiplier,
        most_per_hour=None if rated is None else Fraction(rated) * 10**register.decimals / multiplier,
        before=None if before is None else Seen(*before),
        exact=None if exact is None else Seen(*exact),
        after=None if after is None else Seen(*after),
        assumed_per_hour=_assumed(point, register, multiplier) if rated is None else None,
        series_code=register.series.code,
    )


def _is_bounded(point: models.MeterPoint, register: models.InstallationRegister) -> bool:
    """What the supply can deliver is noted for what is billed first: 50 kW say nothing of a heat meter's m³."""
    counted = values.series_type(values.COUNTED_SERIES[values.Service(point.service)])
    return Unit(register.unit).dimension is counted.unit.dimension or register.series.code == counted.code


def _unit_counted(register: models.InstallationRegister) -> Unit:
    """The unit whose use in an hour is what the register shows: a supply of 100 kWh an hour has 100 kW."""
    return _OF_AN_HOUR.get(Unit(register.unit), Unit(register.unit))


def _assumed(point: models.MeterPoint, register: models.InstallationRegister, multiplier: Fraction) -> Fraction | None:
    found = capacities.assumed_per_hour(
        service=values.Service(point.service),
        role=values.PointRole(point.role),
        usage=point.node.usage if point.node is not None else "",
        unit=_unit_counted(register),
    )
    return None if found is None else found * 10**register.decimals / multiplier
