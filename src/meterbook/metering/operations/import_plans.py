"""What importing a file would store: its columns based on the registers that are there. Reads only; needs a scope."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils.translation import gettext as _

from meterbook.foundation import scoping
from meterbook.kernel import quantity
from meterbook.kernel.quantity import Unit
from meterbook.metering import models, values
from meterbook.metering.importing import (
    daily,
    differences,
    files,
    guessing,
    instants,
    parsing,
    registers,
    tables,
    targets,
)
from meterbook.metering.importing.differences import Differences
from meterbook.metering.importing.mapping import Kind, Mapping
from meterbook.metering.importing.parsing import Column
from meterbook.metering.importing.problems import Problems, refuse
from meterbook.metering.importing.registers import NOTHING_KNOWN, Readings
from meterbook.metering.operations import import_choices, import_known
from meterbook.metering.queries import series as series_queries
from meterbook.sites import models as site_models


@dataclass(frozen=True)
class Target:
    """The register at a meter point that takes the readings of a column."""

    register: models.InstallationRegister
    scale: series_queries.RegisterScale
    counts: Fraction  # counts of the register in one unit of the file


@dataclass(frozen=True)
class PointPlan:
    """The new readings of one register. `point` and `series_id` are None where they are made with the import; the new
    register has `decimals`.
    """

    column: Column
    mapping: Mapping
    decimals: int
    point: models.MeterPoint | None
    series_id: int | None
    readings: Readings
    unchanged: int
    dirty_from: datetime
    dirty_until: datetime
    total: Decimal | None  # the sum of all intervals, in the mapping's unit
    differences: Differences | None = None  # what the file says otherwise than is stored
    target: Target | None = None  # the register, when it is there

    @property
    def apart(self) -> Readings:
        """The new readings that do not hang on a correction of what is stored."""
        return self.readings if self.differences is None else self.differences.apart


@dataclass(frozen=True)
class ImportPlan:
    """All of a file: its completed mapping, what was assumed, and what comes to each register."""

    rows: int
    mapping: Mapping
    notes: tuple[str, ...]
    points: tuple[PointPlan, ...]


@dataclass(frozen=True)
class ParsedPart:
    """The values of one column of a file by meter point. One unit of it is `factor` of the series."""

    mapping: Mapping
    notes: tuple[str, ...]
    columns: tuple[Column, ...]
    factor: Fraction


@dataclass(frozen=True)
class ParsedFile:
    """The columns of a file, before registers are looked at; `points` are the meter points that are there."""

    rows: int
    mapping: Mapping
    parts: tuple[ParsedPart, ...]
    points: dict[str, models.MeterPoint]
    problems: Problems

    @property
    def notes(self) -> tuple[str, ...]:
        """What was assumed."""
        return targets.said([each.mapping.value_column for each in self.parts], [each.notes for each in self.parts])

    @property
    def span(self) -> tuple[datetime, datetime] | None:
        """The first and the final instant of all rows."""
        columns = [each for part in self.parts for each in part.columns if each.lines]
        if not columns:
            return None
        first, final = min(each.starts[0] for each in columns), max(each.ends[-1] for each in columns)
        return instants.instant_of(first), instants.instant_of(final)


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
    import_choices.require_known(mapping)
    table = files.read(content, delimiter=mapping.delimiter, sheet=mapping.sheet)
    problems, wanted = Problems(), targets.split(mapping, table)
    known = _points(table, wanted, site_ids)
    parts: list[ParsedPart] = []
    for each in wanted:
        whole = targets.alike(each, parts[0].mapping) if parts else each
        parts.append(_part(table, whole, known, new_meters_at, problems))
    completed = parts[0].mapping
    if mapping.columns:
        completed = replace(mapping, time_column=completed.time_column, time_format=completed.time_format)
    return ParsedFile(len(table.rows), completed, tuple(parts), known, problems)


def _part(
    table: tables.Table,
    mapping: Mapping,
    known: dict[str, models.MeterPoint],
    new_meters_at: site_models.Site | None,
    problems: Problems,
) -> ParsedPart:
    completed, notes = guessing.complete(mapping, table)
    kind = values.series_type(completed.series)
    import_choices.require_unit(completed, kind)
    zones = _zones(completed, known, new_meters_at)
    columns = parsing.parse(table, completed, zone_of=zones, problems=problems)
    if completed.kind == Kind.DAILY:
        columns = [daily.to_intervals(each, completed, problems) for each in columns]
    return ParsedPart(completed, notes + _notes_of(columns), tuple(columns), _factor(completed, kind))


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
    if import_choices.is_mean_power(mapping, kind):
        return quantity.factor(unit, Unit.KW) * quantity.factor(Unit.KWH, kind.unit) * Fraction(mapping.step, 60)
    return quantity.factor(unit, kind.unit)


def plan(parsed: ParsedFile, *, correcting: bool = False, series_id: int | None = None) -> ImportPlan:
    """This will work out what importing a file would store; nothing is changed.

    :param correcting: values that differ from stored ones are differences of the plan, else they are faults
    :param series_id: only what comes to this series
    :raises FileInvalid: with every fault by row
    """
    found: list[PointPlan] = []
    for part in parsed.parts:
        new = [each for each in part.columns if each.point not in parsed.points]
        decimals = registers.decimals_of(new, part.factor)
        found += [
            _plan_point(each, part, parsed.points.get(each.point), decimals, parsed.problems, correcting=correcting)
            for each in part.columns
            if each.lines and (series_id is None or _is_of(each, part.mapping, parsed.points, series_id))
        ]
    parsed.problems.require_none()
    return ImportPlan(parsed.rows, parsed.mapping, parsed.notes, tuple(found))


def _is_of(column: Column, mapping: Mapping, points: dict[str, models.MeterPoint], series_id: int) -> bool:
    point = points.get(column.point)
    return (
        point is not None
        and models.Series.objects.filter(
            organization_id=point.organization_id, meter_point=point, code=mapping.series, pk=series_id
        ).exists()
    )


def _points(
    table: tables.Table, mappings: Sequence[Mapping], site_ids: frozenset[int] | None
) -> dict[str, models.MeterPoint]:
    codes: set[str] = set()
    for mapping in mappings:
        if not mapping.point and not mapping.point_column:
            raise refuse(
                _("It is not said which meter point the values belong to."),
                _("Name a meter point, or a column of codes."),
            )
        codes |= {mapping.point} if not mapping.point_column else set()
    for name in {each.point_column for each in mappings} - {""}:
        place = guessing.place_of(table, name)
        codes |= {str(row[place]).strip() for row in table.rows if place < len(row)}
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
    column: Column,
    part: ParsedPart,
    point: models.MeterPoint | None,
    decimals: int,
    problems: Problems,
    *,
    correcting: bool,
) -> PointPlan:
    mapping = part.mapping
    first, until = instants.instant_of(column.starts[0]), instants.instant_of(column.ends[-1])
    target = _target(point, column, mapping, first, until, problems) if point is not None else None
    counts = target.counts if target is not None else part.factor * 10**decimals
    readings = registers.readings_of(column, mapping, counts, problems)
    known = import_known.known(target.register, first, until) if target is not None else NOTHING_KNOWN
    found = differences.find(known, readings, column, mapping, counts, problems) if correcting else None
    if found is None:
        new, unchanged = registers.continue_from(known, readings, column, mapping, problems)
    else:
        new, unchanged = found.new, found.unchanged
    total = sum(column.values, Decimal(0)) if mapping.adds_up else None
    return PointPlan(
        column=column,
        mapping=mapping,
        decimals=decimals,
        point=point,
        series_id=target.register.series_id if target is not None else None,
        readings=new,
        unchanged=unchanged,
        dirty_from=min(first, instants.instant_of(known.before[0])) if known.before else first,
        dirty_until=instants.instant_of(known.after[0]) if known.after else until,
        total=total,
        differences=found,
        target=target,
    )


def _target(
    point: models.MeterPoint, column: Column, mapping: Mapping, first: datetime, until: datetime, problems: Problems
) -> Target | None:
    """The register that served the point for the whole time of the column, with one multiplier."""
    registers_there = list(
        models.InstallationRegister.objects.filter(
            organization_id=point.organization_id, installation__meter_point=point, series__code=mapping.series
        ).select_related("installation__meter", "series")
    )
    if not registers_there:
        problems.add(
            0,
            mapping.value_column,
            _("The meter at %(code)s has no register for “%(series)s”.")
            % {"code": point.code, "series": values.series_type(mapping.series).caption},
            _("Add the register on the page of the meter, or choose another quantity."),
        )
        return None
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
    return Target(register, scale, counts)


def _serves(installation: models.Installation, first: datetime, until: datetime) -> bool:
    during = installation.during
    return bool(during.lower <= first and (during.upper is None or until <= during.upper))
