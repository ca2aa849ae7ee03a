"""Reads of print files, and of what goes into one: in the order of the units, as letters are carried round a house."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from meterbook.billing import models, values
from meterbook.billing.queries import printed_notes
from meterbook.billing.queries.runs import find_run
from meterbook.customers.values import AccountMode
from meterbook.foundation import queue, scoping
from meterbook.kernel import order

MAKE_PRINT_FILE = "billing.make_print_file"  # the job


@dataclass(frozen=True)
class PrintRow:
    """A print file: `done` of `bills` and `notes` together are set; `file_id` is there when it can be fetched.

    One that `has_failed` is not tried again.
    """

    public_id: uuid.UUID
    run_public_id: uuid.UUID
    is_everything: bool
    requested_at: datetime
    requested_by: str
    part: int
    parts: int
    bills: int
    done: int
    file_id: uuid.UUID | None
    has_failed: bool = False
    notes: int = 0

    @property
    def documents(self) -> int:
        """How many bills and credit notes it holds."""
        return self.bills + self.notes

    @property
    def is_ready(self) -> bool:
        """Whether it can be fetched."""
        return self.file_id is not None


class PrintNotFound(LookupError):
    """There is no such print file in this organization."""


def list_prints(*, run_public_id: uuid.UUID, limit: int = 12) -> list[PrintRow]:
    """This will return the print files of a run, the newest first, the parts of one in their order."""
    prints = _prints().filter(run__public_id=run_public_id)
    rows = [_row(each) for each in prints.order_by("-requested_at", "part", "id")[:limit] if _is_reached(each)]
    waiting = [str(each.public_id) for each in rows if not each.is_ready]
    failed = queue.given_up(
        MAKE_PRINT_FILE, organization_id=scoping.current().organization_id, by="print_id", wanted=waiting
    )
    return [dataclasses.replace(each, has_failed=str(each.public_id) in failed) for each in rows]


def get_print(*, public_id: uuid.UUID) -> PrintRow:
    """This will return one print file.

    :raises PrintNotFound: when it is not there or belongs to another organization
    """
    found = _prints().filter(public_id=public_id).first()
    if found is None or not _is_reached(found):
        raise PrintNotFound(_("There is no such print file."))
    return _row(found)


def _is_reached(found: models.PrintFile) -> bool:
    """Whether each document of a file is within reach: who sees one account of a site gets no bills of others."""
    if scoping.reach() is None:
        return True
    bills = models.Bill.objects.filter(organization_id=found.organization_id, public_id__in=found.bill_ids)
    notes = models.CreditNote.objects.filter(organization_id=found.organization_id, public_id__in=found.note_ids)
    return bills.count() + notes.count() == len(found.bill_ids)


@dataclass(frozen=True)
class UnprintedBill:
    """An issued bill that is in no print file."""

    public_id: uuid.UUID
    run_public_id: uuid.UUID
    site_id: int
    site_name: str
    first_day: date
    issued_at: datetime


def unprinted_bills(
    *, public_ids: Collection[uuid.UUID], run_public_id: uuid.UUID | None = None
) -> list[UnprintedBill]:
    """This will return those of the bills that are in no print file that is made, the newest run first.

    :param run_public_id: only those of the run
    """
    organization_id = scoping.current().organization_id
    bills = models.Bill.objects.filter(organization_id=organization_id, public_id__in=public_ids)
    if run_public_id is not None:
        bills = bills.filter(run__public_id=run_public_id)
    found = list(bills.select_related("run__site").order_by("-run__days", "id"))
    files = models.PrintFile.objects.filter(
        organization_id=organization_id, run_id__in={each.run_id for each in found}, file_id__isnull=False
    )
    printed = {bill for ids in files.order_by("id").values_list("bill_ids", flat=True) for bill in ids}
    return [
        UnprintedBill(
            each.public_id,
            each.run.public_id,
            each.run.site_id,
            each.run.site.name,
            each.run.days.lower,
            each.issued_at,
        )
        for each in found
        if each.public_id not in printed
    ]


def count_mailed(*, run_public_id: uuid.UUID) -> int:
    """This will return how many drafts of a run are for customers with an e-mail address."""
    members = models.RunMember.objects.filter(
        organization_id=scoping.current().organization_id,
        run__public_id=run_public_id,
        state=values.MemberState.DRAFTED,
    )
    return members.exclude(account__customer__email="").exclude(account__mode=AccountMode.INTERNAL).count()


def printed_bills(
    *, run_public_id: uuid.UUID, is_everything: bool, also: Collection[uuid.UUID] = ()
) -> list[uuid.UUID]:
    """This will return the issued bills that go into a print file: see `printed_documents`."""
    documents = printed_documents(run_public_id=run_public_id, is_everything=is_everything, also=also)
    return [each.public_id for each in documents if not each.is_note]


@dataclass(frozen=True)
class Printed:
    """A bill or a credit note that goes on paper."""

    public_id: uuid.UUID
    account_id: int
    account_number: str
    is_note: bool


def printed_documents(
    *, run_public_id: uuid.UUID, is_everything: bool, also: Collection[uuid.UUID] = ()
) -> list[Printed]:
    """This will return what goes into a print file, by unit, that without a unit last by account.

    Units are in the order people count them: 2-9 comes before 2-10. Credit notes (`printed_notes` says which ones) and
    the bills that were issued instead lie on the bills of their account.

    Bills that the calendar calls too small are posted and not sent, on paper neither (B-37): the next one carries them.

    :param is_everything: all of them; else those of customers without an e-mail address
    :param also: bills and credit notes that cannot be sent although the customer has an address
    :raises meterbook.billing.queries.runs.RunNotFound: when there is no such run
    """
    run = find_run(run_public_id)
    bills = _printed(run, is_everything, also)
    notes = printed_notes.notes_of(run, is_everything=is_everything, also=also)
    fields = ("public_id", "account_id", "account__number")
    found = [Printed(pk, account, number, True) for pk, account, number in notes.order_by("id").values_list(*fields)]
    anew = printed_notes.new_bills_of(run, notes)
    for rows in (anew, bills):
        listed = rows.order_by("id").values_list(*fields)
        found += [Printed(pk, account, number, False) for pk, account, number in listed]
    units = _units(run, notes)
    return sorted(found, key=lambda each: _place(each, units))


def count_printed(*, run_public_id: uuid.UUID) -> tuple[int, int]:
    """This will return how many bills of a run go on paper for want of an e-mail address, and how many there are."""
    run = find_run(run_public_id)
    paper, everything = (_printed(run, each).count() for each in (False, True))
    return paper, everything


def _printed(run: models.BillRun, is_everything: bool, also: Collection[uuid.UUID] = ()) -> QuerySet[models.Bill]:
    bills = models.Bill.objects.filter(organization_id=scoping.current().organization_id, run=run)
    if is_everything:
        return bills
    sent = bills.exclude(account__mode=AccountMode.INTERNAL)  # cost centers read theirs on the screen
    return _without_small(run, sent.filter(Q(account__customer__email="") | Q(public_id__in=also)))


def _without_small(run: models.BillRun, bills: QuerySet[models.Bill]) -> QuerySet[models.Bill]:
    small = None if run.calendar is None else run.calendar.small_below
    return bills if small is None else bills.exclude(draft__total__gt=-small, draft__total__lt=small)


def count_small(*, run_public_id: uuid.UUID) -> int:
    """This will return how many issued bills of a run are too small to be sent, as its calendar says."""
    run = find_run(run_public_id)
    bills = models.Bill.objects.filter(organization_id=scoping.current().organization_id, run=run)
    return bills.count() - _without_small(run, bills).count()


def _units(run: models.BillRun, notes: QuerySet[models.CreditNote]) -> dict[int, str]:
    """The first unit of each account; that of a credit note by what its bill had billed."""
    organization_id = scoping.current().organization_id
    shares = models.RunShare.objects.filter(organization_id=organization_id, run=run, meter_point__node__isnull=False)
    credited = models.CreditedShare.objects.filter(
        organization_id=organization_id,
        run__in=notes.values("bill__run"),
        account__in=notes.values("account"),
        meter_point__node__isnull=False,
    )
    found: dict[int, str] = {}
    for rows in (shares, credited):
        for account_id, code in rows.order_by("id").values_list("account_id", "meter_point__node__code"):
            if account_id not in found or order.natural(code) < order.natural(found[account_id]):
                found[account_id] = code
    return found


def _place(document: Printed, units: dict[int, str]) -> tuple[bool, Sequence[object], Sequence[object], int]:
    """Sorting is stable: of an account notes come before bills, as they were issued."""
    unit = order.natural(units.get(document.account_id, ""))
    number = order.natural(document.account_number)
    return document.account_id not in units, unit, number, document.account_id


def _prints() -> QuerySet[models.PrintFile]:
    prints = models.PrintFile.objects.filter(organization_id=scoping.current().organization_id)
    return prints.select_related("run").defer("bill_ids")


def _row(found: models.PrintFile) -> PrintRow:
    return PrintRow(
        public_id=found.public_id,
        run_public_id=found.run.public_id,
        is_everything=found.is_everything,
        requested_at=found.requested_at,
        requested_by=found.requested_by,
        part=found.part,
        parts=found.parts,
        bills=found.bills - len(found.note_ids),
        notes=len(found.note_ids),
        done=found.done,
        file_id=found.file_id,
    )
