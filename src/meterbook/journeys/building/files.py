"""A building's workbook: upload it, see what it would do, import it all or nothing, or discard it."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from meterbook.acquisition import networks
from meterbook.acquisition import operations as acquisition_operations
from meterbook.audit import chain as audit_chain
from meterbook.audit import operations as audit_operations
from meterbook.foundation import operation
from meterbook.journeys.building import book, present, replacing, rules, sheets, writing
from meterbook.journeys.building.planning import Plan
from meterbook.kernel.actor import Actor
from meterbook.sites import models as site_models
from meterbook.sites import queries as site_queries
from meterbook.sites.operations import bulk as site_bulk
from meterbook.sites.operations import finding as site_finding


@dataclass(frozen=True)
class Imported:
    """What an import made and changed, as `planning.Plan.counts`; `dismissed` are faulty workbooks that it replaced."""

    counts: dict[str, int]
    dismissed: tuple[str, ...] = ()


class BuildingChanged(ValueError):
    """The tree changed since the workbook was looked at: it would do something else now. Look again."""


class BuildingFaulty(ValueError):
    """The workbook has faults; nothing was written."""


class BuildingDone(ValueError):
    """The workbook was imported before; upload it again to import it again."""


@operation.operation
def upload_workbook(*, actor: Actor, at: datetime, content: bytes, name: str) -> uuid.UUID:
    """This will keep a workbook until it is imported or discarded.

    :raises book.WorkbookRefused: when it is no workbook, or too large
    """
    book.require_workbook(content)
    digest = hashlib.sha256(content).hexdigest()
    kept = site_bulk.keep_building_file(at=at, name=name, content=content, digest=digest, author=actor.label)
    audit_operations.record(
        actor=actor,
        at=at,
        action="sites:upload_building",
        subject=kept,
        before=None,
        after={"sha256": digest, "size": len(content)},
    )
    return kept.public_id


def check_workbook(*, public_id: uuid.UUID, language: str, allowed: networks.AllowedNetworks) -> Plan:
    """This will tell what importing a workbook would do, or what is wrong with it; nothing is changed.

    :param language: whose decimal mark numbers have that are written as text
    :raises sites.queries.BuildingFileNotFound: when there is no such workbook
    :raises book.WorkbookRefused: when it cannot be read
    """
    row, content = site_queries.get_building_file(public_id=public_id)
    return _plan(content, present.load(), language, allowed, row.uploaded_at)


@operation.operation
def import_workbook(
    *,
    actor: Actor,
    at: datetime,
    public_id: uuid.UUID,
    expected: str,
    language: str,
    allowed: networks.AllowedNetworks,
) -> Imported:
    """This will write all that a workbook holds, or nothing. The workbook is kept, and its digest stands in the trail.

    Earlier workbooks of the same person for the same sites that have faults, or are the same file, are dismissed.

    :param expected: `Plan.digest` of what was looked at
    :raises sites.queries.BuildingFileNotFound: when there is no such workbook
    :raises BuildingDone: when it was imported before
    :raises BuildingFaulty: when it has faults, by now
    :raises BuildingChanged: when it would do something else than what was looked at
    """
    file = site_bulk.held_building_file(public_id=public_id)
    if file is None:
        raise site_queries.BuildingFileNotFound(_("There is no such workbook. It may have been discarded."))
    if file.imported_at is not None:
        raise BuildingDone(_("This workbook was imported before; upload it again to import it again."))
    site_finding.hold_sites(file.organization_id)
    known = present.load()
    content = bytes(file.content)
    plan = _plan(content, known, language, allowed, file.uploaded_at)
    if plan.total_problems:
        raise BuildingFaulty(_("Nothing was imported: the workbook does not fit any more. See its faults below."))
    if plan.digest != expected:
        raise BuildingChanged(_("The tree was changed meanwhile. See what the workbook does now, then import it."))
    replaced = replacing.replaced(file, content, known, language, allowed)
    try:
        with transaction.atomic():
            writing.write(actor=actor, at=at, plan=plan, present=known, allowed=allowed)
    except (IntegrityError, acquisition_operations.AddressTaken) as error:
        raise BuildingChanged(
            _("Somebody else added one of these codes or addresses just now; nothing was imported. Look again.")
        ) from error
    _finish(actor, at, file, plan)
    for each in replaced:
        _dismiss(actor, at, each, because={"replaced_by": file.digest})
    return Imported(plan.counts, tuple(each.name for each in replaced))


@operation.operation
def discard_workbook(*, actor: Actor, at: datetime, public_id: uuid.UUID) -> None:
    """This will forget a workbook that was not imported.

    :raises sites.queries.BuildingFileNotFound: when there is no such workbook
    :raises BuildingDone: when it was imported before
    """
    file = site_bulk.held_building_file(public_id=public_id)
    if file is None:
        raise site_queries.BuildingFileNotFound(_("There is no such workbook. It may have been discarded."))
    if file.imported_at is not None:
        raise BuildingDone(_("This workbook was imported; it is kept."))
    _dismiss(actor, at, file, because=None)


def _dismiss(actor: Actor, at: datetime, file: site_models.BuildingFile, *, because: dict[str, str] | None) -> None:
    audit_operations.record(
        actor=actor,
        at=at,
        action="sites:discard_building",
        subject=file,
        before={"sha256": file.digest},
        after=because,
    )
    file.delete()


def _plan(
    content: bytes,
    known: present.Present,
    language: str,
    allowed: networks.AllowedNetworks,
    uploaded_at: datetime,
) -> Plan:
    columns = sheets.columns_of(site_queries.list_fields())
    return rules.plan(book.read(content, columns, language), known, columns, allowed, uploaded_at)


def _finish(actor: Actor, at: datetime, file: site_models.BuildingFile, plan: Plan) -> None:
    file.imported_at, file.outcome = at, plan.counts
    file.save(update_fields=["imported_at", "outcome"])
    rows = (
        [sheet, each.is_new, {key: str(value) for key, value in each.values.items() if value is not None}]
        for sheet, entries in plan.entries.items()
        for each in entries
    )
    audit_operations.record(
        actor=actor,
        at=at,
        action="sites:import_building",
        subject=file,
        before=None,
        after={"sha256": file.digest, **plan.counts},
        rows=audit_chain.digest_of_rows(rows),
    )
