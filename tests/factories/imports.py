"""Files with readings for tests."""

from __future__ import annotations

import gzip
import io
import json
import uuid
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from openpyxl import Workbook

import meterbook_lab
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.kernel.actor import Actor
from meterbook.metering import operations
from meterbook.metering.importing.mapping import Mapping

ROOT = Path(__file__).parents[2]
ACTOR = Actor.system("test")
NOW = datetime(2026, 6, 16, 12, tzinfo=UTC)


def csv_file(rows: Iterable[Sequence[object]], *, header: str = "time,kWh") -> bytes:
    """This will make a CSV file of rows below a header."""
    return "\n".join([header, *(",".join(str(cell) for cell in row) for row in rows)]).encode() + b"\n"


def workbook(rows: Iterable[Sequence[Any]], *, header: Sequence[str] = ("time", "kWh"), sheet: str = "Data") -> bytes:
    """This will make an XLSX file of rows below a header."""
    book = Workbook()
    page = book.active
    assert page is not None
    page.title = sheet
    page.append(list(header))
    for row in rows:
        page.append(list(row))
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def steel_year() -> bytes:
    """This will return the steel plant's year of quarter hours, midnight rows dated by the day that ended."""
    return gzip.decompress((Path(meterbook_lab.__file__).parent / "data" / "steel_plant_2018.csv.gz").read_bytes())


def steel_months() -> list[Decimal]:
    """This will return the kWh of its twelve months, as an independent calculation has them."""
    golden = json.loads((ROOT / "tests/golden/steel_plant_2018.json").read_text(encoding="utf-8"))
    return [Decimal(text) for text in golden["month_energy_kwh"]]


def load(
    organization: identity_models.Organization,
    content: bytes,
    mapping: Mapping | None = None,
    *,
    new_meters_at: uuid.UUID | None = None,
) -> operations.ImportOutcome:
    """This will import a file into the meter point MP-1, or as the mapping says; outside a scope."""
    with scoping.scope([organization.pk], actor=ACTOR):
        return operations.import_readings(
            actor=ACTOR,
            at=NOW,
            content=content,
            name="readings.csv",
            mapping=mapping or Mapping(point="MP-1"),
            new_meters_at=new_meters_at,
        )
