"""Readings from files: what a file would bring, and importing it."""

from __future__ import annotations

import uuid
import zoneinfo
from typing import Annotated, Any

from django.utils.translation import gettext as _
from ninja import File, Form, Router
from ninja.files import UploadedFile
from pydantic import Field

from meterbook.api import entry, problems, values
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import reach
from meterbook.documents import uploads
from meterbook.identity.values import Module
from meterbook.metering import operations as metering_operations
from meterbook.metering import permissions
from meterbook.metering import queries as metering_queries
from meterbook.metering import values as metering_values
from meterbook.metering.importing.mapping import Gaps, Kind, Label, Mapping, Midnight

router = Router(tags=["Imports"])
Column = Annotated[values.Words, Field(max_length=100)]


class ImportForm(values.Given):
    """How a file is read; what stays empty is guessed from it (docs/reference/import-format.md).

    `columns` are several columns of values, of meters side by side or registers of one meter, as JSON:
    [[column, meter point, quantity], ...]; a meter point "" is that of the row, or `point`.

    With `correction_reason` values that differ from stored ones are taken as a correction; without one they are faults.
    """

    dry_run: bool = True
    correction_reason: Annotated[values.Words, Field(max_length=500)] = ""
    new_meters_at: uuid.UUID | None = None
    point: Column = ""
    point_column: Column = ""
    series: Column = "energy_import"
    time_column: Column = ""
    time_format: Column = ""
    value_column: Column = ""
    kind: Kind | None = None
    unit: Column = ""
    decimal_separator: Annotated[str, Field(pattern=r"^[.,]?$")] = ""
    step: Annotated[int, Field(ge=0, le=1_440)] = 0
    label: Label | None = None
    midnight: Midnight | None = None
    zone: Column = ""
    gaps: Gaps = Gaps.REFUSE
    delimiter: Annotated[str, Field(pattern=r"^[;,|\t]?$")] = ""
    sheet: Column = ""
    columns: Annotated[str, Field(max_length=60_000)] = ""


class ImportChange(values.Told):
    """One interval that a file says otherwise than is stored."""

    starts_at: str
    ends_at: str
    before: str
    after: str


class ImportChanges(values.Told):
    """What a file says otherwise: the sums of those intervals in `unit`, the first days and intervals.

    `state`: OFFERED or NOT_ALLOWED in a dry run, TAKEN, or WAITS for a second person. `needs_second`: bills were made
    of that time, and somebody else must approve; `proposal` is what waits for that.
    """

    state: metering_operations.ChangeState
    count: int
    day_count: int
    days: list[str]
    before: str
    after: str
    difference: str
    unit: str
    sample: list[ImportChange]
    needs_second: bool
    proposal: uuid.UUID | None


class ImportedPoint(values.Told):
    """What a file brings to a meter point. `total` is the sum of its new intervals."""

    code: str
    id: str
    is_new: bool
    starts_at: str
    ends_at: str
    rows: int
    inserted: int
    unchanged: int
    total: str
    unit: str
    series: str
    changes: ImportChanges | None


class ImportOutcome(values.Told):
    """What a file brings, or would bring (`is_dry_run`)."""

    file: str
    sha256: str
    is_dry_run: bool
    rows: int
    inserted: int
    unchanged: int
    points: list[ImportedPoint]
    notes: list[str]


class ImportRow(values.Told):
    """A file that was sent; `imported_at` null while it waits for its mapping."""

    id: uuid.UUID
    name: str
    size: int
    sha256: str
    author: str
    uploaded_at: values.InstantTold
    imported_at: values.InstantTold | None


class Imports(values.Told):
    """The newest files."""

    items: list[ImportRow]


@endpoint(
    router,
    "GET",
    "/imports",
    permission=permissions.IMPORT_READINGS,
    module=Module.METERING,
    answers=Imports,
    by_site=True,
)
def list_imports(request: entry.Request) -> Imports:
    """This will return the newest twenty files."""
    return Imports(items=[_row(each) for each in metering_queries.list_imports()])


@endpoint(
    router,
    "GET",
    "/imports/{uuid:file}",
    permission=permissions.IMPORT_READINGS,
    module=Module.METERING,
    answers=ImportRow,
    by_site=True,
)
def get_import(request: entry.Request, file: uuid.UUID) -> ImportRow:
    """This will return one file."""
    return _row(metering_queries.get_import(public_id=file))


@endpoint(
    router,
    "POST",
    "/imports",
    permission=permissions.IMPORT_READINGS,
    module=Module.METERING,
    answers=ImportOutcome,
    by_site=True,
    most_bytes=entry.MOST_UPLOAD_BYTES,
)
def import_readings(
    request: entry.Request, file: Annotated[UploadedFile, File()], given: Annotated[ImportForm, Form()]
) -> ImportOutcome:
    """This will import a CSV or XLSX file, all or nothing; by default it only tells what the file would bring.

    Send `dry_run=false` to store it. The same file again changes nothing. A corrected file is taken with
    `correction_reason`, by those who may correct readings; where bills were made of its time, a second person decides
    (`/meter-points/{id}/proposals/{id}/decide`).
    """
    caller = request.caller
    allowed = caller.access.sites(permissions.IMPORT_READINGS)
    if given.new_meters_at is not None:
        reach.site(request, given.new_meters_at, permissions.IMPORT_READINGS)
    name = values.file_name(file.name or "", 200) or "file"
    uploads.require_table_name(name)
    what: dict[str, Any] = {
        "content": file.read(uploads.MOST_BYTES + 1),
        "name": name,
        "mapping": _mapping(given),
        "new_meters_at": given.new_meters_at,
        "site_ids": allowed,
    }
    reason, correctable = given.correction_reason, caller.access.sites(permissions.CORRECT_READING)
    if given.dry_run:
        reviewing = metering_operations.Reviewing(caller.actor, caller.at, correctable) if reason.strip() else None
        return _outcome(metering_operations.check_import(**what, reviewing=reviewing))
    correcting = metering_operations.Correcting(reason, correctable) if reason.strip() else None
    return _outcome(
        metering_operations.import_readings(actor=caller.actor, at=caller.at, **what, correcting=correcting)
    )


def _mapping(given: ImportForm) -> Mapping:
    if given.zone and given.zone not in zoneinfo.available_timezones():
        raise problems.invalid("/form/zone", _("This is not a time zone; take a name such as Europe/Madrid."))
    if given.series not in metering_values.series_types():
        known = ", ".join(metering_values.series_types())
        raise problems.invalid("/form/series", _("There is no such quantity. Known are %(known)s.") % {"known": known})
    chosen = given.model_dump(exclude={"dry_run", "new_meters_at", "correction_reason"})
    return Mapping.of({name: "" if value is None else value for name, value in chosen.items()})


def _outcome(found: metering_operations.ImportOutcome) -> ImportOutcome:
    return ImportOutcome(
        file=found.file,
        sha256=found.sha256,
        is_dry_run=found.is_dry_run,
        rows=found.rows,
        inserted=found.inserted,
        unchanged=found.unchanged,
        points=[_point(each) for each in found.points],
        notes=[str(each) for each in found.notes],
    )


def _point(found: metering_operations.PointOutcome) -> ImportedPoint:
    return ImportedPoint(
        code=found.code,
        id=found.public_id,
        is_new=found.is_new,
        starts_at=found.starts_at,
        ends_at=found.ends_at,
        rows=found.rows,
        inserted=found.inserted,
        unchanged=found.unchanged,
        total=str(found.total),
        unit=found.unit,
        series=found.series,
        changes=None if found.changes is None else _changes(found.changes),
    )


def _changes(found: metering_operations.ChangedValues) -> ImportChanges:
    told = vars(found) | {
        "state": metering_operations.ChangeState(found.state),
        "days": list(found.days),
        "proposal": found.proposal or None,
    }
    return ImportChanges(**(told | {"sample": [ImportChange(**vars(each)) for each in found.sample]}))


def _row(row: metering_queries.ImportRow) -> ImportRow:
    return ImportRow(
        id=row.public_id,
        name=row.name,
        size=row.size,
        sha256=row.digest,
        author=row.author,
        uploaded_at=values.instant(row.uploaded_at),
        imported_at=values.maybe_instant(row.imported_at),
    )
