"""Which credit notes go on paper, and with the bills of which run.

A note waits for the next print file of its site, and stays with the run that it was printed with. The bill that was
issued instead goes with it: one letter holds both. The run of that bill can be printed at once, too.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from meterbook.billing import models
from meterbook.billing.queries.runs import find_run
from meterbook.customers.values import AccountMode
from meterbook.foundation import scoping


@dataclass(frozen=True)
class OnPaper:
    """Where a credit note is printed: with the run; `requested_at` once a print file of it was asked for."""

    run_public_id: uuid.UUID
    requested_at: datetime | None


def count_printed_notes(*, run_public_id: uuid.UUID, also: Collection[uuid.UUID] = ()) -> int:
    """This will return how many credit notes go into the print file of a run.

    :param also: notes that cannot be sent although the customer has an address
    :raises meterbook.billing.queries.runs.RunNotFound: when there is no such run
    """
    return notes_of(find_run(run_public_id), is_everything=False, also=also).count()


def paper_of(*, note: uuid.UUID, also: Collection[uuid.UUID] = ()) -> OnPaper | None:
    """This will tell where a credit note is printed; None where it goes by e-mail and nobody had it printed.

    :param also: see `count_printed_notes`
    """
    organization_id = scoping.current().organization_id
    files = models.PrintFile.objects.filter(organization_id=organization_id, note_ids__contains=[note])
    file = files.select_related("run").order_by("-requested_at", "-id").first()
    if file is not None:
        return OnPaper(file.run.public_id, file.requested_at)
    notes = models.CreditNote.objects.filter(organization_id=organization_id, public_id=note)
    found = notes.filter(_needs_paper(also)).select_related("bill__run", "replacement__run").first()
    if found is None:
        return None
    return OnPaper((found.replacement or found.bill).run.public_id, None)


def notes_of(
    run: models.BillRun, *, is_everything: bool, also: Collection[uuid.UUID] = ()
) -> QuerySet[models.CreditNote]:
    """This will return the credit notes that go into a print file of a run.

    :param is_everything: also those of customers with an address, of bills of the run
    :param also: see `count_printed_notes`
    """
    notes = models.CreditNote.objects.filter(organization_id=run.organization_id)
    own = Q(replacement__run=run)
    if run.is_correction:
        return notes.filter(own if is_everything else own & _needs_paper(also))
    files = models.PrintFile.objects.filter(organization_id=run.organization_id, run__site=run.site_id)
    lists = files.exclude(run=run).order_by("id").values_list("note_ids", flat=True)
    taken = {each for ids in lists for each in ids}
    waiting = Q(bill__run__site=run.site_id) & ~Q(public_id__in=taken) & _needs_paper(also)
    return notes.filter(waiting | Q(bill__run=run) if is_everything else waiting)


def new_bills_of(run: models.BillRun, notes: QuerySet[models.CreditNote]) -> QuerySet[models.Bill]:
    """This will return the bills of other runs that were issued instead of those that credit notes take back."""
    bills = models.Bill.objects.filter(organization_id=run.organization_id, replaces__in=notes)
    return bills.exclude(run=run)


def _needs_paper(also: Collection[uuid.UUID]) -> Q:
    """Cost centers read theirs on the screen."""
    unreached = Q(account__customer__email="") | Q(public_id__in=also)
    return unreached & ~Q(account__mode=AccountMode.INTERNAL)
