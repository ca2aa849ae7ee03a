"""Which column of a file names the meter points, or which columns are named by them: the form begins with that."""

from __future__ import annotations

from dataclasses import replace

from meterbook.metering import operations as metering_operations
from meterbook.metering import queries as metering_queries
from meterbook.metering.importing import targets
from meterbook.metering.values import COUNTED_SERIES


def with_points(shape: metering_operations.FileShape) -> metering_operations.FileShape:
    """This will choose the columns that are named by codes of meter points, else the first column whose first cells are
    all such codes, where none was chosen.

    Needs a running scope.
    """
    mapping = shape.mapping
    if not (mapping.point or mapping.point_column or mapping.columns) and (beside := _side_by_side(shape)):
        return replace(shape, mapping=replace(mapping, columns=targets.written(beside)))
    is_even = all(len(cells) == len(shape.columns) for cells in shape.sample)
    if mapping.point or mapping.point_column or mapping.columns or not shape.sample or not is_even:
        return shape
    others = {*mapping.time_column.split("+"), mapping.value_column}
    columns = {
        name: {cells[place].strip() for cells in shape.sample}
        for place, name in enumerate(shape.columns)
        if name not in others
    }
    codes = {each.code for each in metering_queries.points_by_code(codes=set().union(*columns.values()))}
    found = next((name for name, cells in columns.items() if cells <= codes), "")
    return replace(shape, mapping=replace(mapping, point_column=found))


def _side_by_side(shape: metering_operations.FileShape) -> list[targets.Target]:
    """A column for each meter point: the first code in its name that there is. One such column may be chance."""
    named = {name: targets.codes_of(name) for name in shape.columns}
    known = metering_queries.points_by_code(codes={code for each in named.values() for code in each})
    points = {each.code: each for each in known}
    found = []
    for name, codes in named.items():
        point = next((points[code] for code in codes if code in points), None)
        if point is not None:
            series = targets.series_of(name, COUNTED_SERIES[point.service])
            found.append(targets.Target(name, point.code, series))
    keys = {(each.point, each.series) for each in found}
    return found if len(found) > 1 and len(keys) == len(found) else []
