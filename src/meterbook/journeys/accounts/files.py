"""A workbook of accounts: upload it, see what it would do, import it all or nothing, or discard it."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from meterbook.audit import chain as audit_chain
from meterbook.audit import operations as audit_operations
from meterbook.customers import operations as customer_operations
from meterbook.customers import records, tenancies
from meterbook.foundation import operation, scoping
from meterbook.journeys import models
from meterbook.journeys.accounts import present, rules, sheets, writing
from meterbook.journeys.building import book
from meterbook.journeys.building.planning import Plan
from meterbook.kernel.actor import Actor

MOST_LISTED, MOST_REPLACED = 20, 5  # workbooks that are listed; that are read to see whether an import replaces them
_LOST_RACE = (
    IntegrityError,
    customer_operations.CodeTaken,
    customer_operations.LandlordPresent,
    customer_operations.ContractsOverlap,
    records.CustomerCodeTaken,
    records.CustomerClosed,
    tenancies.EndMisplaced,
)


@dataclass(frozen=True)
class BookRow:
    """A workbook without its bytes. `outcome` counts what it made and changed, once it was imported."""

    public_id: uuid.UUID
    name: str
    digest: str
    author: str
    uploaded_at: datetime
    imported_at: datetime | None
    outcome: Mapping[str, int]


@dataclass(frozen=True)
class Imported:
    """What an import made and changed, as `planning.Plan.counts`; `dismissed` are faulty workbooks that it replaced."""

    counts: dict[str, int]
    dismissed: tuple[str, ...] = ()


class AccountBookNotFound(LookupError):
    """There is no such workbook in this organization."""


class AccountsChanged(ValueError):
    """Customers, accounts or contracts changed since the workbook was looked at: look again."""


class AccountBookFaulty(ValueError):
    """The workbook has faults; nothing was written."""


class AccountBookDone(ValueError):
    """The workbook was imported before; upload it again to import it again."""


def list_workbooks() -> list[BookRow]:
    """This will return the newest twenty workbooks."""
    rows = models.AccountBook.objects.filter(organization_id=scoping.current().organization_id).defer("content")
    return [_row(each) for each in rows.order_by("-uploaded_at", "-id")[:MOST_LISTED]]


def get_workbook(*, public_id: uuid.UUID) -> BookRow:
    """This will return a workbook.

    :raises AccountBookNotFound: when it is not there or belongs to another organization
    """
    return _row(_find(public_id))


@operation.operation
def upload_workbook(*, actor: Actor, at: datetime, content: bytes, name: str) -> uuid.UUID:
    """This will keep a workbook until it is imported or discarded.

    :raises book.WorkbookRefused: when it is no workbook, or too large
    """
    book.require_workbook(content)
    kept = models.AccountBook.objects.create(
        organization_id=scoping.current().organization_id,
        name=name[-200:],
        content=content,
        digest=hashlib.sha256(content).hexdigest(),
        size=len(content),
        author=actor.label[:200],
        uploaded_at=at,
    )
    _record(actor, at, "customers:upload_accounts", kept, None, {"sha256": kept.digest, "size": kept.size})
    return kept.public_id


def check_workbook(*, public_id: uuid.UUID, language: str, at: datetime) -> Plan:
    """This will tell what importing a workbook would do, or what is wrong with it; nothing is changed.

    :param language: of new customers whose row says none, and whose decimal mark numbers have
    :raises AccountBookNotFound: when there is no such workbook
    :raises book.WorkbookRefused: when it cannot be read
    """
    return _plan(bytes(_find(public_id).content), present.load(at), language)


@operation.operation
def import_workbook(*, actor: Actor, at: datetime, public_id: uuid.UUID, expected: str, language: str) -> Imported:
    """This will write all that a workbook holds, or nothing. The workbook is kept, and its digest stands in the trail.

    Earlier workbooks of the same person that have faults, or are the same file, are dismissed.

    :param expected: `Plan.digest` of what was looked at
    :raises AccountBookNotFound: when there is no such workbook
    :raises AccountBookDone: when it was imported before
    :raises AccountBookFaulty: when it has faults, by now
    :raises AccountsChanged: when it would do something else than what was looked at
    """
    file = _find(public_id, for_change=True)
    if file.imported_at is not None:
        raise AccountBookDone(_("This workbook was imported before; upload it again to import it again."))
    known = present.load(at)
    plan = _plan(bytes(file.content), known, language)
    if plan.total_problems:
        raise AccountBookFaulty(_("Nothing was imported: the workbook does not fit any more. See its faults below."))
    if plan.digest != expected:
        raise AccountsChanged(_("Accounts were changed meanwhile. See what the workbook does now, then import it."))
    replaced = _replaced(file, known, language)
    try:
        with transaction.atomic():
            writing.write(actor=actor, at=at, plan=plan, present=known)
    except _LOST_RACE as error:
        raise AccountsChanged(
            _("Somebody else changed one of these customers or accounts just now; nothing was imported. Look again.")
        ) from error
    _finish(actor, at, file, plan)
    for each in replaced:
        _dismiss(actor, at, each, {"replaced_by": file.digest})
    return Imported(plan.counts, tuple(each.name for each in replaced))


@operation.operation
def discard_workbook(*, actor: Actor, at: datetime, public_id: uuid.UUID) -> None:
    """This will forget a workbook that was not imported.

    :raises AccountBookNotFound: when there is no such workbook
    :raises AccountBookDone: when it was imported before
    """
    file = _find(public_id, for_change=True)
    if file.imported_at is not None:
        raise AccountBookDone(_("This workbook was imported; it is kept."))
    _dismiss(actor, at, file, None)


def _replaced(file: models.AccountBook, known: present.Present, language: str) -> list[models.AccountBook]:
    waiting = models.AccountBook.objects.select_for_update().filter(
        organization_id=file.organization_id, author=file.author, imported_at=None, uploaded_at__lte=file.uploaded_at
    )
    found = []
    for each in waiting.exclude(pk=file.pk).order_by("-uploaded_at", "-id")[:MOST_REPLACED]:
        try:
            is_faulty = bool(_plan(bytes(each.content), known, language).total_problems)
        except book.WorkbookRefused:
            is_faulty = True
        if is_faulty or each.digest == file.digest:
            found.append(each)
    return found


def _plan(content: bytes, known: present.Present, language: str) -> Plan:
    return rules.plan(book.read(content, sheets.COLUMNS, language), known, language)


def _finish(actor: Actor, at: datetime, file: models.AccountBook, plan: Plan) -> None:
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
        action="customers:import_accounts",
        subject=file,
        before=None,
        after={"sha256": file.digest, **plan.counts},
        rows=audit_chain.digest_of_rows(rows),
    )


def _dismiss(actor: Actor, at: datetime, file: models.AccountBook, because: dict[str, str] | None) -> None:
    _record(actor, at, "customers:discard_accounts", file, {"sha256": file.digest}, because)
    file.delete()


def _record(
    actor: Actor,
    at: datetime,
    action: str,
    file: models.AccountBook,
    before: Mapping[str, object] | None,
    after: Mapping[str, object] | None,
) -> None:
    audit_operations.record(actor=actor, at=at, action=action, subject=file, before=before, after=after)


def _find(public_id: uuid.UUID, *, for_change: bool = False) -> models.AccountBook:
    rows = models.AccountBook.objects.filter(organization_id=scoping.current().organization_id, public_id=public_id)
    found = (rows.select_for_update() if for_change else rows).first()
    if found is None:
        raise AccountBookNotFound(_("There is no such workbook. It may have been discarded."))
    return found


def _row(found: models.AccountBook) -> BookRow:
    return BookRow(
        public_id=found.public_id,
        name=found.name,
        digest=found.digest,
        author=found.author,
        uploaded_at=found.uploaded_at,
        imported_at=found.imported_at,
        outcome=dict(found.outcome or {}),
    )
