"""Time of a series that no reading ends: from where on, of which register, and whether it may be estimated."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy

from meterbook.foundation import scoping
from meterbook.kernel import quantity, rounding
from meterbook.kernel.period import Period
from meterbook.kernel.quality import Quality
from meterbook.kernel.quantity import Unit
from meterbook.metering import models, values
from meterbook.metering.queries import standing
from meterbook.metering.queries.series import SeriesRow
from meterbook.metering.validation.inputs import CorrectionKind, FindingKind

_NOT_FACTS = (Quality.QUESTIONABLE, Quality.MISSING)


class NoGap(enum.StrEnum):
    """Why there is nothing to estimate."""

    NOT_COUNTED = "NOT_COUNTED"
    LATER = "LATER"
    NO_METER = "NO_METER"
    READ_LATER = "READ_LATER"
    WAITS = "WAITS"
    NO_REGISTER = "NO_REGISTER"
    FILLED = "FILLED"
    MULTIPLIER = "MULTIPLIER"
    MEASURED = "MEASURED"
    SPREAD = "SPREAD"
    FELL = "FELL"


NO_GAP_WORDS = {
    NoGap.NOT_COUNTED: gettext_lazy("Only what a counter shows can be estimated."),
    NoGap.LATER: gettext_lazy("The time has not ended yet."),
    NoGap.NO_METER: gettext_lazy("No meter hung there then."),
    NoGap.READ_LATER: gettext_lazy(
        "A later reading is there: what was used until it is measured, so there is nothing to estimate."
    ),
    NoGap.MEASURED: gettext_lazy(
        "Readings lie at both ends of each interval there: when it was used is measured, so there is nothing to spread."
    ),
    NoGap.SPREAD: gettext_lazy("What was used in that time is spread by the usual shape already; it can be withdrawn."),
    NoGap.FELL: gettext_lazy("The register went back in that time, so that it does not say what was used."),
    NoGap.WAITS: gettext_lazy(
        "Readings came, but something about them waits to be settled on the meter's page; do that first."
    ),
    NoGap.NO_REGISTER: gettext_lazy(
        "No reading lies before it: enter first what the meter showed when the counting began."
    ),
    NoGap.FILLED: gettext_lazy("This time is measured or estimated already; an estimate can be withdrawn first."),
    NoGap.MULTIPLIER: gettext_lazy(
        "The multiplier changed in that time: enter what the meter showed then, or estimate up to that instant first."
    ),
}


class GapRefused(ValueError):
    """The time cannot be estimated; the words say why, and what to do."""

    def __init__(self, why: NoGap) -> None:
        super().__init__(str(NO_GAP_WORDS[why]))
        self.why = why


@dataclass(frozen=True)
class Gap:
    """From the last register that is known to an instant.

    One count is `count` of the series' scale; `most` is the most that the supply can have delivered, in that scale.
    `difference`: a reading lies at its end as well, and so much was used by the register; what is not known is when.
    """

    series: SeriesRow
    period: Period
    register: int
    count: Fraction
    most: int | None
    difference: int | None = None

    def counts(self, used: int) -> int:
        """This will return a quantity in the series' scale as whole counts of the register, rounded half up."""
        raw = used / self.count
        return rounding.divide(raw.numerator, raw.denominator)

    def booked(self, counts: int) -> int:
        """This will return what so many counts are in the series' scale."""
        used = counts * self.count
        return rounding.divide(used.numerator, used.denominator)


def find_gap(*, series: SeriesRow, until: datetime, at: datetime) -> Gap:
    """This will return the time from the last known register to `until`, of the meter that hung there until then.

    :raises GapRefused: when nothing of it is a gap, or something must be done first
    """
    if until > at:
        raise GapRefused(NoGap.LATER)
    register = register_until(series, until)
    segments = segments_of(register)
    known = _last_known(series, register, segments, until)
    if known is None:
        raise GapRefused(NoGap.NO_REGISTER)
    if _waits(series, until):
        raise GapRefused(NoGap.WAITS)
    if _is_read_later(series, register, until):
        raise GapRefused(NoGap.READ_LATER)
    start, shown = known
    start = max(start, _estimated_until(series, start, until))
    if start >= until:
        raise GapRefused(NoGap.FILLED)
    if any(start < each.starts_at < until for each in segments):
        raise GapRefused(NoGap.MULTIPLIER)
    return Gap(
        series,
        Period(start, until),
        shown,
        count_of(series, register, segments, start),
        _most(series, register, start, until),
    )


def register_until(series: SeriesRow, until: datetime) -> models.InstallationRegister:
    """This will return the register that fed a counted series until an instant.

    :raises GapRefused: for a series that does not count, a virtual meter, or a time without one
    """
    if series.kind is not values.SeriesKind.CUMULATIVE:
        raise GapRefused(NoGap.NOT_COUNTED)
    found = (
        models.InstallationRegister.objects.filter(
            organization_id=scoping.current().organization_id,
            series_id=series.id,
            installation__during__contains=until - timedelta.resolution,
        )
        .select_related("installation__meter")
        .first()
    )
    if found is None:
        raise GapRefused(NoGap.NO_METER)
    if found.installation.meter.model_code == values.VIRTUAL:
        raise GapRefused(NoGap.NOT_COUNTED)
    return found


def segments_of(register: models.InstallationRegister) -> list[models.MultiplierSegment]:
    """This will return the multipliers of a meter at its place, in order of time."""
    found = models.MultiplierSegment.objects.filter(
        organization_id=scoping.current().organization_id, installation_id=register.installation_id
    )
    return list(found.order_by("starts_at", "id"))


def readings_of(series: SeriesRow, register: models.InstallationRegister) -> QuerySet[models.Reading]:
    """This will return the readings of a series that are facts, while that meter hung there."""
    during = register.installation.during
    found = models.Reading.objects.filter(
        organization_id=scoping.current().organization_id, series_id=series.id, at__gte=during.lower
    ).exclude(quality__in=_NOT_FACTS)
    return found if during.upper is None else found.filter(at__lt=during.upper)


def set_by_people(
    series: SeriesRow, register: models.InstallationRegister, narrowing: Q
) -> QuerySet[models.Correction]:
    """This will return facts that say what the register showed, also at instants without a reading."""
    during = register.installation.during
    found = models.Correction.objects.filter(
        narrowing,
        organization_id=scoping.current().organization_id,
        series_id=series.id,
        kind=CorrectionKind.SET,
        at__gte=during.lower,
    )
    return found if during.upper is None else found.filter(at__lt=during.upper)


def _last_known(
    series: SeriesRow,
    register: models.InstallationRegister,
    segments: list[models.MultiplierSegment],
    until: datetime,
) -> tuple[datetime, int] | None:
    known = []
    newest = standing.counting(readings_of(series, register).filter(at__lt=until)).order_by("-at", "source")
    if (row := newest.values_list("at", "shown").first()) is not None:
        known.append(row)
    said = set_by_people(series, register, Q(at__lt=until)).order_by("-at", "-recorded_at", "-id").first()
    if said is not None and said.value is not None:
        known.append((said.at, said.value))
    begin = register.installation.during.lower
    if register.opening is not None and begin < until:
        known.append((begin, register.opening))
    known += [
        (each.starts_at, each.registers[str(series.id)])
        for each in segments[1:]
        if each.starts_at < until and str(series.id) in each.registers
    ]
    return max(known, key=lambda each: each[0], default=None)


def _is_read_later(series: SeriesRow, register: models.InstallationRegister, until: datetime) -> bool:
    if register.closing is not None and not register.is_closing_estimated:
        return True
    later = standing.counting(readings_of(series, register).filter(at__gte=until))
    return later.exists() or set_by_people(series, register, Q(at__gte=until)).exists()


def _waits(series: SeriesRow, until: datetime) -> bool:
    found = models.SeriesFinding.objects.filter(
        organization_id=scoping.current().organization_id,
        series_id=series.id,
        kind__in=(FindingKind.GLITCH, FindingKind.RESET_CANDIDATE),
        until=None,
        at__lt=until,
    )
    return found.exists()


def _estimated_until(series: SeriesRow, start: datetime, until: datetime) -> datetime:
    standing_ones: set[tuple[datetime, datetime]] = set()
    facts = models.Correction.objects.filter(
        organization_id=scoping.current().organization_id,
        series_id=series.id,
        kind__in=(CorrectionKind.ESTIMATE, CorrectionKind.WITHDRAW),
        until__gt=start,
    ).order_by("recorded_at", "id")
    row: tuple[str, datetime, datetime]
    for row in facts.values_list("kind", "at", "until"):  # type: ignore[assignment]
        kind, began, ended = row
        if kind == CorrectionKind.ESTIMATE:
            standing_ones.add((began, ended))
        else:
            standing_ones.discard((began, ended))
    return max((ended for began, ended in standing_ones if began < until), default=start)


def count_of(
    series: SeriesRow,
    register: models.InstallationRegister,
    segments: list[models.MultiplierSegment],
    start: datetime,
) -> Fraction:
    """This will return what a count of the register is in the scale of the series from an instant on."""
    multiplier = Fraction(1)
    for each in segments:
        if each.starts_at <= start:
            multiplier = Fraction(each.numerator, each.denominator)
    scale = quantity.factor(Unit(register.unit), series.unit) * Fraction(10) ** (series.decimals - register.decimals)
    return multiplier * scale


def _most(series: SeriesRow, register: models.InstallationRegister, start: datetime, until: datetime) -> int | None:
    rated = register.installation.rated_per_hour
    if rated is None:
        return None
    hours = Fraction((until - start) // timedelta.resolution, timedelta(hours=1) // timedelta.resolution)
    return int(Fraction(rated) * Fraction(10) ** series.decimals * hours * Fraction(6, 5))
