"""Workbooks with buildings for tests."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

from openpyxl import Workbook

SITES = ("Code", "Name", "Time zone", "Currency", "Language")
PLACES = ("Code", "Name", "Kind", "Site", "Inside", "Area")
POINTS = ("Code", "Name", "Service", "Role", "Site", "Place", "Meter serial number", "Model", "Gateway address",
          "Gateway port", "Unit address")  # fmt: skip
SITE = ("HM", "Harbor Mall", "Europe/Madrid", "EUR", "en")
Rows = Sequence[Sequence[Any]]


def workbook(sheets: Mapping[str, Rows]) -> bytes:
    """This will make an XLSX file of sheets; the first row of each is its header."""
    book = Workbook()
    assert book.active is not None
    book.remove(book.active)
    for name, rows in sheets.items():
        page = book.create_sheet(name)
        for row in rows:
            page.append(list(row))
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def building(*, sites: Rows = (SITE,), places: Rows = (), points: Rows = ()) -> bytes:
    """This will make a workbook with our usual columns."""
    return workbook({"Sites": [SITES, *sites], "Places": [PLACES, *places], "Meter points": [POINTS, *points]})


def large(*, units: int = 1_000, points: int = 1_200) -> bytes:
    """This will make a mall: floors of fifty units, a meter behind gateways for each unit, and more without one."""
    floors = [(f"F{number}", f"Floor {number}", "Floor", "HM", "B1", None) for number in range(-(-units // 50))]
    shops = [
        (f"U{number:04}", f"Shop {number}", "Unit", "HM", f"F{number // 50}", 40.5 + number % 7)
        for number in range(units)
    ]
    meters: list[tuple[Any, ...]] = []
    for number in range(points):
        place = f"U{number % units:04}"
        if number < units:
            reached = ("eastron_sdm630", f"127.0.0.{1 + number // 200}", 5020, 1 + number % 200)
            meters.append(
                (f"E{number:04}", f"Shop {number}", "Electricity", None, "HM", place, f"SN{number}", *reached)
            )
        else:
            meters.append((f"W{number:04}", f"Water {number}", "Cold water", None, "HM", place, f"SN{number}"))
    return building(places=[("B1", "Mall", "Building", "HM", None, 90_000), *floors, *shops], points=meters)
