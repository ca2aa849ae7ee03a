"""Files that wait for their mapping: uploaded, looked at, imported or discarded."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from meterbook.audit import operations as audit_operations
from meterbook.documents import uploads
from meterbook.foundation import operation, scoping
from meterbook.kernel.actor import Actor
from meterbook.metering import models
from meterbook.metering.importing import files, guessing
from meterbook.metering.importing.mapping import Mapping
from meterbook.metering.importing.problems import FileInvalid
from meterbook.metering.operations import import_outcomes, import_plans, importing
from meterbook.metering.operations.import_outcomes import ImportOutcome, Reviewing
from meterbook.metering.operations.replacing import Correcting
from meterbook.metering.queries import imports as import_queries

FORGOTTEN_AFTER = timedelta(days=7)


SAMPLE = 5


@dataclass(frozen=True)
class FileShape:
    """What a waiting file looks like: its columns, first rows as text, sheets, and its mapping as far as it shows."""

    columns: tuple[str, ...]
    sample: tuple[tuple[str, ...], ...]
    sheets: tuple[str, ...]
    mapping: Mapping
    notes: tuple[str, ...]


class ImportDone(ValueError):
    """The file was imported before; upload it again to import it again."""


@operation.operation
def upload_import_file(*, actor: Actor, at: datetime, content: bytes, name: str) -> uuid.UUID:
    """This will keep a file until its mapping is right, and forget files that waited for more than a week.

    :raises uploads.UploadRefused: when it is too large or no table
    """
    uploads.require_table_name(name)
    uploads.require_table(content)
    models.ImportFile.objects.filter(
        organization_id=scoping.current().organization_id,
        imported_at__isnull=True,
        uploaded_at__lt=at - FORGOTTEN_AFTER,
    ).delete()
    file = importing.new_file(actor, at, content, name)
    file.content = content
    file.save(update_fields=["content"])
    audit_operations.record(
        actor=actor,
        at=at,
        action="metering:upload_import_file",
        subject=file,
        before=None,
        after={"sha256": file.digest, "size": file.size},
    )
    return file.public_id


@operation.operation
def change_import_mapping(
    *, actor: Actor, at: datetime, public_id: uuid.UUID, mapping: Mapping, new_meters_at: uuid.UUID | None
) -> None:
    """This will keep how a waiting file is to be read. Nothing of the books changes, so that the trail notes nothing.

    :raises queries.ImportNotFound: when there is no such file
    :raises ImportDone: when it was imported before
    """
    file = _waiting(public_id)
    file.mapping, file.new_meters_at = mapping.plain(), importing.site_of(new_meters_at, None)
    file.save(update_fields=["mapping", "new_meters_at"])


def describe_import_file(*, public_id: uuid.UUID) -> FileShape:
    """This will tell what a waiting file looks like, with its mapping completed as far as it can be guessed.

    :raises queries.ImportNotFound: when there is no such file
    :raises ImportDone: when it was imported before
    """
    file = _waiting(public_id)
    given = Mapping.of(file.mapping)
    try:
        table = files.read(_content(file), delimiter=given.delimiter, sheet=given.sheet)
    except FileInvalid:
        return FileShape((), (), (), given, ())
    sample = tuple(tuple(str(cell) for cell in row[: len(table.header)]) for row in table.rows[:SAMPLE])
    columns = tuple(each for each in table.header if each)
    try:
        completed, notes = guessing.complete(given, table)
    except FileInvalid:
        completed, notes = replace(given, delimiter=table.delimiter, sheet=table.sheet), ()
    return FileShape(columns, sample, table.sheets, completed, notes)


def check_import_file(
    *, public_id: uuid.UUID, site_ids: frozenset[int] | None = None, reviewing: Reviewing | None = None
) -> ImportOutcome:
    """This will tell what importing a waiting file by its mapping would store. Needs a running scope.

    :param reviewing: tell values that differ from stored ones; None: they are faults
    :raises queries.ImportNotFound: when there is no such file
    :raises ImportDone: when it was imported before
    :raises problems.FileInvalid: with every fault by row
    """
    file = _waiting(public_id)
    parsed = import_plans.read(
        content=_content(file), mapping=Mapping.of(file.mapping), new_meters_at=file.new_meters_at, site_ids=site_ids
    )
    plan = import_plans.plan(parsed, correcting=reviewing is not None)
    return import_outcomes.outcome_of(plan, _content(file), file.name, {}, reviewing=reviewing)


@operation.operation
def import_file(
    *,
    actor: Actor,
    at: datetime,
    public_id: uuid.UUID,
    site_ids: frozenset[int] | None = None,
    correcting: Correcting | None = None,
) -> ImportOutcome:
    """This will import a waiting file by its mapping, all or nothing, and let go of its content.

    :param correcting: take values that differ from stored ones as a correction; None: they are faults
    :raises queries.ImportNotFound: when there is no such file
    :raises ImportDone: when it was imported before
    :raises problems.FileInvalid: with every fault by row
    :raises entering.CorrectionNotAllowed: when the person may not correct readings of a meter point
    """
    file = _waiting(public_id, for_change=True)
    return importing.run(actor, at, file, _content(file), site_ids, correcting)


@operation.operation
def discard_import_file(*, actor: Actor, at: datetime, public_id: uuid.UUID) -> None:
    """This will forget a waiting file.

    :raises queries.ImportNotFound: when there is no such file
    :raises ImportDone: when it was imported before
    """
    file = _waiting(public_id, for_change=True)
    audit_operations.record(
        actor=actor,
        at=at,
        action="metering:discard_import_file",
        subject=file,
        before={"sha256": file.digest},
        after=None,
    )
    file.delete()


def _waiting(public_id: uuid.UUID, *, for_change: bool = False) -> models.ImportFile:
    files = models.ImportFile.objects.filter(organization_id=scoping.current().organization_id, public_id=public_id)
    file = (files.select_for_update() if for_change else files).first()
    if file is None:
        raise import_queries.ImportNotFound(import_queries.ImportNotFound.__doc__)
    if file.imported_at is not None:
        raise ImportDone(_("The file was imported before; upload it again to import it again."))
    return file


def _content(file: models.ImportFile) -> bytes:
    return bytes(file.content or b"")
