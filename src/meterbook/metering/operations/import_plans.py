"""What importing a file would store: its columns based on the registers that are there. Reads only; needs a scope."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
from django.utils.translation import gettext as _

from meterbook.foundation import scoping
from meterbook.kernel import quantity
from meterbook.kernel.quantity import Dimension, Unit
from meterbook.metering import models, values
from meterbook.metering.importing import cells, daily, files, guessing, instants, parsing, registers, tables
from meterbook.metering.importing.mapping import ISO, SERIAL, STEPS, UNIX, Gaps, Kind, Label, Mapping, Midnight
from meterbook.metering.importing.parsing import Column
from meterbook.metering.importing.problems import Problems, refuse
from meterbook.metering.importing.registers import NOTHING_KNOWN, Known, Readings
from meterbook.metering.queries import series as series_queries
from meterbook.sites import models as site_models


@dataclass(frozen=True)
class PointPlan:
    """The new readings of one meter point. `point` and `series_id` are None where they are made with the import."""

    column: Column
    point: models.MeterPoint | None
    series_id: int | None
    readings: Readings
    unchanged: int
    dirty_from: datetime
    dirty_until: datetime
    total: Decimal | None  # the sum of all intervals, in the mapping's unit


@dataclass(frozen=True)
class ImportPlan:
    """All of a file: its completed mapping, what was assumed, and the registers of meters that are made with it."""

    rows: int
    mapping: Mapping
    notes: tuple[str, ...]
    points: tuple[PointPlan, ...]
    decimals: int


@dataclass(frozen=True)
class ParsedFile:
    """The rows of a file by meter point, before registers are looked at. One unit of it is `factor` of the series."""

    rows: int
    mapping: Mapping
    notes: tuple[str, ...]
    columns: tuple[Column, ...]
    points: dict[str, models.MeterPoint]
    factor: Fraction
    problems: Problems

    @property
    def span(self) -> tuple[datetime, datetime] | None:
        """The first and the final instant of all rows."""
        columns = [each for each in self.columns if each.lines]
        if not columns:
            return None
        first, final = min(each.starts[0] for each in columns), max(each.ends[-1] for each in columns)
        return instants.instant_of(first), instants.instant_of(final)


@dataclass(frozen=True)
class _Target:
    """The register at a meter point that takes the readings of a column."""

    installation: models.Installation
    register: models.InstallationRegister
    counts: Fraction  # counts of the register in one unit of the file


def read(
    *,
    content: bytes,
    mapping: Mapping,
    new_meters_at: site_models.Site | None = None,
    site_ids: frozenset[int] | None = None,
) -> ParsedFile:
    """This will read a file; nothing is changed, and no reading is looked at.

    :param new_meters_at: the site of meter points that are not there yet; None: such a code is a fault
    :param site_ids: where the person may import; None: everywhere
    :raises uploads.UploadRefused: when the file is no table
    :raises FileInvalid: when its mapping cannot be used; faults of rows are kept for `plan`
    """
    _require_known(mapping)
    table = files.read(content, delimiter=mapping.delimiter, sheet=mapping.sheet)
    completed, notes = guessing.complete(mapping, table)
    kind = values.series_type(completed.series)
    _require_unit(completed, kind)
    problems = Problems()
    known = _points(table, completed, site_ids)
    zones = _zones(completed, known, new_meters_at)
    columns = parsing.parse(table, completed, zone_of=zones, problems=problems)
    if completed.kind == Kind.DAILY:
        columns = [daily.to_intervals(each, completed, problems) for each in columns]
    more = _notes_of(columns)
    factor = _factor(completed, kind)
    return ParsedFile(len(table.rows), completed, notes + more, tuple(columns), known, factor, problems)


def _notes_of(columns: list[Column]) -> tuple[str, ...]:
    """What was passed over or assumed in the rows themselves."""
    gaps, missing, repeated, paired = (
        sum(getattr(each, name) for each in columns) for name in ("gaps", "missing", "repeated", "paired")
    )
    notes = (
        (gaps, _("%(count)s gaps are taken as nothing used.")),
        (missing, _("%(count)s rows say that there is no value; they are passed over.")),
        (repeated, _("%(count)s rows say the same as the one before them; they are passed over.")),
        (
            paired,
            _("%(count)s rows of the hour that clocks show twice stand in pairs; the first of each is the earlier."),
        ),
    )
    return tuple(words % {"count": count} for count, words in notes if count)


def _factor(mapping: Mapping, kind: values.SeriesType) -> Fraction:
    """How many of the series' units one of the file's is. A mean power over an interval is energy: kW x hours."""
    unit = Unit(mapping.unit)
    if _is_mean_power(mapping, kind):
        return quantity.factor(unit, Unit.KW) * quantity.factor(Unit.KWH, kind.unit) * Fraction(mapping.step, 60)
    return quantity.factor(unit, kind.unit)


def _is_mean_power(mapping: Mapping, kind: values.SeriesType) -> bool:
    is_power = Unit(mapping.unit).dimension is Dimension.POWER and kind.unit.dimension is Dimension.ENERGY
    return is_power and mapping.kind == Kind.INTERVALS


def plan(parsed: ParsedFile) -> ImportPlan:
    """This will work out what importing a file would store; nothing is changed.

    :raises FileInvalid: with every fault by row
    """
    new = [each for each in parsed.columns if each.point not in parsed.points]
    decimals = registers.decimals_of(new, parsed.factor)
    counts = parsed.factor * 10**decimals
    points = tuple(
        _plan_point(each, parsed.mapping, parsed.points.get(each.point), counts, parsed.problems)
        for each in parsed.columns
        if each.lines
    )
    parsed.problems.require_none()
    return ImportPlan(parsed.rows, parsed.mapping, parsed.notes, points, decimals)


def _require_known(mapping: Mapping) -> None:
    """What a person typed is checked before the file is read."""
    choices: tuple[tuple[str, str, type[Kind] | type[Label] | type[Midnight] | type[Gaps] | type[Unit]], ...] = (
        (_("kind"), mapping.kind, Kind),
        (_("label"), mapping.label, Label),
        (_("midnight"), mapping.midnight, Midnight),
        (_("missing intervals"), mapping.gaps, Gaps),
        (_("unit"), mapping.unit, Unit),
    )
    for name, given, known in choices:
        if given and given not in {each.value for each in known}:
            _refuse_choice(name, given, [each.value for each in known])
    if mapping.series not in values.series_types():
        _refuse_choice(_("series"), mapping.series, list(values.series_types()))
    if mapping.step and mapping.step not in STEPS:
        _refuse_choice(_("interval in minutes"), str(mapping.step), [str(each) for each in STEPS])
    if mapping.decimal_separator not in ("", ".", ","):
        _refuse_choice(_("decimal separator"), mapping.decimal_separator, [".", ","])
    if len(mapping.delimiter) > 1 or mapping.delimiter in ("\n", "\r", '"'):
        _refuse_choice(_("delimiter"), mapping.delimiter, [";", ",", "|", _("a tabulator")])
    form, _mark, step = mapping.time_format.partition(cells.NUMBERED)
    is_known = form in ("", ISO, SERIAL, UNIX) or ("%" in form and "%Z" not in form)
    if not is_known or (step and step not in map(str, STEPS)):
        _refuse_choice(_("form of times"), mapping.time_format, [ISO, SERIAL, UNIX, "%d/%m/%Y %H:%M"])


def _refuse_choice(name: str, given: str, known: list[str]) -> None:
    raise refuse(
        _("“%(given)s” is no possible choice.") % {"given": given},
        _("Choose one of: %(known)s.") % {"known": ", ".join(known)},
        column=name,
    )


def _require_unit(mapping: Mapping, kind: values.SeriesType) -> None:
    if Unit(mapping.unit).dimension is not kind.unit.dimension and not _is_mean_power(mapping, kind):
        raise refuse(
            _("%(unit)s does not measure what the series “%(series)s” holds.")
            % {"unit": Unit(mapping.unit).symbol, "series": kind.caption},
            _("Choose a unit that converts to %(unit)s, or another series.") % {"unit": kind.unit.symbol},
            column=mapping.value_column,
        )
    if mapping.adds_up and not kind.is_energy_like:
        raise refuse(
            _("The series “%(series)s” is no counter, so that nothing adds up to it.") % {"series": kind.caption},
            _("Import its values as what was shown at an instant."),
            column=mapping.value_column,
        )


def _points(table: tables.Table, mapping: Mapping, site_ids: frozenset[int] | None) -> dict[str, models.MeterPoint]:
    if not mapping.point and not mapping.point_column:
        raise refuse(
            _("It is not said which meter point the values belong to."), _("Name a meter point, or a column of codes.")
        )
    codes = {mapping.point}
    if mapping.point_column:
        place = guessing.place_of(table, mapping.point_column)
        codes = {str(row[place]).strip() for row in table.rows if place < len(row)}
    found = models.MeterPoint.objects.filter(
        organization_id=scoping.current().organization_id, code__in=codes
    ).select_related("site")
    return {each.code: each for each in found if site_ids is None or each.site_id in site_ids}


def _zones(
    mapping: Mapping, known: dict[str, models.MeterPoint], new_meters_at: site_models.Site | None
) -> Callable[[str], ZoneInfo | None]:
    named = _zone(mapping.zone) if mapping.zone else None

    def zone_of(code: str) -> ZoneInfo | None:
        point = known.get(code)
        if point is not None:
            return named or point.zone
        return None if new_meters_at is None else named or ZoneInfo(new_meters_at.time_zone)

    return zone_of


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise refuse(
            _("“%(zone)s” is not a time zone.") % {"zone": name},
            _("Take a name such as Europe/Madrid, or Etc/GMT-1 for UTC+1 all year."),
        ) from error


def _plan_point(
    column: Column, mapping: Mapping, point: models.MeterPoint | None, new_counts: Fraction, problems: Problems
) -> PointPlan:
    first, until = instants.instant_of(column.starts[0]), instants.instant_of(column.ends[-1])
    target = _target(point, column, mapping, first, until, problems) if point is not None else None
    counts = target.counts if target is not None else new_counts
    readings = registers.readings_of(column, mapping, counts, problems)
    known = _known(target, first, until) if target is not None else NOTHING_KNOWN
    new, unchanged = registers.continue_from(known, readings, column, mapping, problems)
    total = sum(column.values, Decimal(0)) if mapping.adds_up else None
    return PointPlan(
        column=column,
        point=point,
        series_id=target.register.series_id if target is not None else None,
        readings=new,
        unchanged=unchanged,
        dirty_from=min(first, instants.instant_of(known.before[0])) if known.before else first,
        dirty_until=instants.instant_of(known.after[0]) if known.after else until,
        total=total,
    )


def _target(
    point: models.MeterPoint, column: Column, mapping: Mapping, first: datetime, until: datetime, problems: Problems
) -> _Target | None:
    """The register that served the point for the whole time of the column, with one multiplier."""
    registers_there = models.InstallationRegister.objects.filter(
        organization_id=point.organization_id, installation__meter_point=point, series__code=mapping.series
    ).select_related("installation", "series")
    register = next((each for each in registers_there if _serves(each.installation, first, until)), None)
    span = {"code": point.code, "start": parsing.local(first, column.zone), "end": parsing.local(until, column.zone)}
    if register is None:
        problems.add(
            column.lines[0],
            "",
            _("At %(code)s no one meter counted this from %(start)s to %(end)s.") % span,
            _("Split the file where the meter was exchanged; time before its installation cannot be imported into it."),
        )
        return None
    series = series_queries.list_series(meter_point_ids=[point.pk])
    own = next(each for each in series if each.id == register.series_id)
    scales = series_queries.scales_of(series=[own])[own.id]
    scale = series_queries.scale_at(scales, first)
    if scale is None or (scale.ends_at is not None and scale.ends_at < until):
        problems.add(
            column.lines[0],
            "",
            _("The multiplier of %(code)s changed between %(start)s and %(end)s.") % span,
            _("Split the file at that time."),
        )
        return None
    if mapping.adds_up:
        counts = quantity.factor(Unit(mapping.unit), own.unit) / scale.fraction
    else:
        counts = quantity.factor(Unit(mapping.unit), Unit(register.unit)) * 10**register.decimals
    return _Target(register.installation, register, counts)


def _serves(installation: models.Installation, first: datetime, until: datetime) -> bool:
    during = installation.during
    return bool(during.lower <= first and (during.upper is None or until <= during.upper))


def _known(target: _Target, first: datetime, until: datetime) -> Known:
    """Readings of this meter only: what another meter showed at the point tells nothing about this register."""
    installation, register = target.installation, target.register
    stored = models.Reading.objects.filter(
        organization_id=register.organization_id, series_id=register.series_id, at__gte=installation.during.lower
    )
    if installation.during.upper is not None:
        stored = stored.filter(at__lt=installation.during.upper)
    before = stored.filter(at__lte=first).order_by("-at", "source").values_list("at", "value").first()
    after = stored.filter(at__gt=until).order_by("at", "source").values_list("at", "value").first()
    inside = stored.filter(at__gte=first, at__lte=until).order_by("at", "source").values_list("at", "value")
    by_instant: dict[int, int] = {}
    for at, value in inside:
        by_instant.setdefault(instants.microseconds(at), value)
    if before is None and register.opening is not None:
        before = (installation.during.lower, register.opening)
    return Known(
        before=_pair(before),
        at=np.array(list(by_instant), np.int64),
        value=np.array(list(by_instant.values()), np.int64),
        after=_pair(after),
    )


def _pair(row: tuple[datetime, int] | None) -> tuple[int, int] | None:
    return None if row is None else (instants.microseconds(row[0]), row[1])
