"""Which column of a file names the meter points: the form begins with it."""

from __future__ import annotations

from dataclasses import replace

from meterbook.metering import operations as metering_operations
from meterbook.metering import queries as metering_queries


def with_points(shape: metering_operations.FileShape) -> metering_operations.FileShape:
    """This will choose the first column whose first cells are all codes of meter points, where none was chosen.

    Needs a running scope.
    """
    mapping = shape.mapping
    is_even = all(len(cells) == len(shape.columns) for cells in shape.sample)
    if mapping.point or mapping.point_column or not shape.sample or not is_even:
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
