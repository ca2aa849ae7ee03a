"""Files with several columns of values: meters side by side, or the registers of one meter."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, replace

from django.utils.translation import gettext as _

from meterbook.kernel.quantity import Dimension, Unit
from meterbook.metering import values
from meterbook.metering.importing import guessing, units
from meterbook.metering.importing.mapping import Kind, Mapping
from meterbook.metering.importing.problems import refuse
from meterbook.metering.importing.tables import MOST_COLUMNS, MOST_ROWS, Table

MOST_CELLS = 2 * MOST_ROWS
_BACK = re.compile(r"export|return|feed.?in|fed in|inject|inyec|vertid|excedent|einspeis|(?<!\d)2\.8\.", re.IGNORECASE)
_TARIFF = re.compile(
    r"(?<![a-z0-9])t([1-4])(?![a-z0-9])|(?<!\d)1\.8\.([1-4])(?!\d)|tarif\w*\s?([1-4])(?!\d)", re.IGNORECASE
)
_MAXIMUM = re.compile(r"(?<![a-z])(mdi|max\w*|m[aá]x\w*)(?![a-z])|(?<!\d)[19]\.6\.", re.IGNORECASE)
_OF_POWER = (Dimension.POWER, Dimension.APPARENT_POWER)


@dataclass(frozen=True)
class Target:
    """Where one column goes: the code of a meter point ("": that of the mapping, or of the row), and a quantity."""

    column: str
    point: str
    series: str


def written(targets: Iterable[Target]) -> str:
    """This will write targets as a mapping holds them: JSON, [[column, meter point, quantity], ...]; "" without any."""
    listed = [astuple(each) for each in targets]
    return json.dumps(listed, ensure_ascii=False) if listed else ""


def read(text: str) -> tuple[Target, ...]:
    """This will read what `written` wrote, or a person.

    :raises FileInvalid: when it is no such list, names a quantity that there is not, or one register twice
    """
    if not text:
        return ()
    try:
        listed = json.loads(text, parse_float=str, parse_int=str)
    except (ValueError, RecursionError):
        listed = None
    if not isinstance(listed, list) or not all(_is_target(each) for each in listed):
        raise refuse(
            _("The columns are no list of column, meter point and quantity."),
            _("Write them as %(example)s.") % {"example": '[["Import", "MP-1", "energy_import"]]'},
            column=_("columns"),
        )
    found = tuple(Target(*(part.strip() for part in each)) for each in listed)
    for each in found:
        if each.series not in values.series_types():
            raise refuse(
                _("“%(given)s” is no possible choice.") % {"given": each.series},
                _("Choose one of: %(known)s.") % {"known": ", ".join(values.series_types())},
                column=each.column,
            )
    _require_once([each.column.casefold() for each in found], found)
    _require_once([(each.point, each.series) for each in found], found)
    return found


def codes_of(name: str) -> tuple[str, ...]:
    """This will return the codes that a column may name: “MP-7 (kWh)” is MP-7, “MP-7 kvarh” as well."""
    name = name.strip()
    without = re.sub(r"\s*[(\[][^)\]]*[)\]]\s*$", "", name)
    return tuple(dict.fromkeys((name, without, without.rpartition(" ")[0].strip(" -:/"), without.split(" ")[0])))


def series_of(name: str, counted: str) -> str:
    """This will return the quantity that the name of a column tells, else what its meter counts first.

    :param counted: the main quantity of the meter point
    """
    unit = units.of_name(name)
    is_back = _BACK.search(name) is not None
    if counted == "energy_import" and _MAXIMUM.search(name) and (unit is None or unit.dimension in _OF_POWER):
        is_apparent = (unit is not None and unit.dimension is Dimension.APPARENT_POWER) or "9.6." in name
        return values.MAXIMUM_SERIES[1 if is_apparent else 0]
    if unit in (Unit.KVARH, Unit.VARH):
        return "energy_reactive_export" if is_back else "energy_reactive_import"
    if unit in (Unit.KVAH, Unit.VAH):
        return "energy_apparent"
    if counted == "heat" and unit is not None and unit.dimension is Dimension.VOLUME:
        return "volume"
    if counted != "energy_import":
        return counted
    tariff = _TARIFF.search(name)
    if tariff is not None and not is_back:
        return f"energy_import_t{next(each for each in tariff.groups() if each)}"
    return "energy_export" if is_back else counted


def split(mapping: Mapping, table: Table) -> tuple[Mapping, ...]:
    """This will return a mapping for each column that has a target, or the mapping itself.

    What was named for the whole file holds for each column where it can: a unit only where the column tells none of its
    own, and for quantities that it measures.

    :raises FileInvalid: when a target cannot be, or there are too many values
    """
    found = read(mapping.columns)
    if not found:
        return (mapping,)
    if len(found) > MOST_COLUMNS or len(found) * len(table.rows) > MOST_CELLS:
        raise refuse(_("The file has more than %(most)s values.") % {"most": MOST_CELLS}, _("Split it by time."))
    for each in found:
        guessing.place_of(table, each.column)
        if not (each.point or mapping.point or mapping.point_column):
            raise refuse(
                _("It is not said which meter point the values belong to."),
                _("Name a meter point, or a column of codes."),
                column=each.column,
            )
    return tuple(_own(mapping, each, table) for each in found)


def alike(mapping: Mapping, first: Mapping) -> Mapping:
    """This will return a mapping with what the first column of the same file showed about its times."""
    return replace(
        mapping,
        time_column=first.time_column,
        time_format=first.time_format,
        zone=first.zone,
        delimiter=first.delimiter,
        sheet=first.sheet,
    )


def said(columns: Sequence[str], notes: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """This will return the notes of all columns: what all of them say once, the rest with its column."""
    if len(notes) == 1:
        return tuple(notes[0])
    common = [each for each in notes[0] if all(each in others for others in notes)]
    own = [
        f"{column}: {each}"
        for column, listed in zip(columns, notes, strict=True)
        for each in listed
        if each not in common
    ]
    return (*common, *own)


def _own(mapping: Mapping, target: Target, table: Table) -> Mapping:
    kind, place = values.series_type(target.series), guessing.place_of(table, target.column)
    told = (target.column, table.units[place] if place < len(table.units) else "")
    is_told = any(units.of_name(each) is not None for each in told)
    has_unit = not is_told and bool(mapping.unit) and Unit(mapping.unit).dimension is kind.unit.dimension
    return replace(
        mapping,
        columns="",
        value_column=target.column,
        series=target.series,
        point=target.point or mapping.point,
        point_column="" if target.point else mapping.point_column,
        unit=mapping.unit if has_unit else "",
        kind=mapping.kind if kind.is_energy_like else Kind.REGISTERS,
    )


def _is_target(listed: object) -> bool:
    return isinstance(listed, list) and len(listed) == 3 and all(isinstance(each, str) for each in listed)


def _require_once(keys: Sequence[object], targets: Sequence[Target]) -> None:
    seen: set[object] = set()
    for key, each in zip(keys, targets, strict=True):
        if key in seen:
            raise refuse(
                _("Two columns go to one register, or one column goes to two."),
                _("Give each column a meter point and a quantity of its own."),
                column=each.column,
            )
        seen.add(key)
