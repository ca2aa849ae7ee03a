"""Say on a sheet, and on each share of it, that key values or costs are estimates: readings may change them all."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from meterbook.billing.pools.sheets import Plain, Sheet

ESTIMATED = "ESTIMATED"


def mark(sheet: Sheet, rows: Collection[str], *, is_cost_estimated: bool = False) -> Sheet:
    """This will mark the rows of these keys, and all shares, since each rests on what the others used.

    Nothing is changed where nothing is estimated.
    """
    if not rows and not is_cost_estimated:
        return sheet
    parts = [
        {**part, "rows": [{**row, "is_estimated": True} if row["key"] in rows else row for row in part["rows"]]}
        for part in sheet.content["parts"]
    ]
    content: Plain = {**sheet.content, "parts": parts, "flags": sorted({*sheet.content["flags"], ESTIMATED})}
    charges = tuple(replace(each, told={**each.told, "is_estimated": True}) for each in sheet.charges)
    return Sheet(content, charges)
