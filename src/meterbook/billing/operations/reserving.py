"""The numbers of an approved run, taken at once: which chunk has which, and whether each has become that of a bill."""

from __future__ import annotations

from datetime import date

from django.db import connection
from django.db.models import Min, QuerySet, Sum
from django.utils.translation import gettext as _

from meterbook.billing import models, values
from meterbook.customers import values as customer_values
from meterbook.documents import numbering as document_numbering
from meterbook.documents import operations as document_operations
from meterbook.documents import values as document_values

# What a chunk still has to issue, and how many of it get numbers of the series.
WAITING = """
SELECT m.chunk, count(*), count(*) FILTER (WHERE a.mode <> %s)
FROM billing_runmember m JOIN customers_account a ON a.id = m.account_id
WHERE m.organization_id = %s AND m.run_id = %s AND m.state = %s
GROUP BY m.chunk
ORDER BY m.chunk
"""


class RunIncomplete(RuntimeError):
    """A run has drafts without a bill, or bills whose numbers leave a gap; it cannot be closed."""


def reserve(run: models.BillRun) -> None:
    """This will take the numbers of a locked run's bills and divide them among its chunks, in the order of positions.

    In the transaction that lets the run be issued: afterwards nothing but issuing is left to do with it.
    """
    bill_date, _due_date = dates(run)
    with connection.cursor() as cursor:
        internal, drafted = customer_values.AccountMode.INTERNAL, values.MemberState.DRAFTED
        cursor.execute(WAITING, [internal, run.organization_id, run.pk, drafted])
        waiting: list[tuple[int, int, int]] = cursor.fetchall()
    numbered = sum(numbers for _chunk, _bills, numbers in waiting)
    kind = document_values.DocumentKind.BILL
    start = document_numbering.find_start(kind=kind, place=run.site.code, year=bill_date.year)
    following = 0
    if numbered:
        following = document_operations.take_numbers(
            kind=kind, prefix=start.prefix, count=numbered, first_number=start.first_number
        ).start
    chunks = models.RunChunk.objects.filter(organization_id=run.organization_id, run=run)
    chunks.exclude(number__in=[chunk for chunk, _bills, _numbers in waiting]).update(is_issued=True)
    portion, together = 0, 0
    for chunk, bills, numbers in waiting:
        if not together or together + bills > values.MOST_ACCOUNTS_A_CHUNK:
            portion, together = chunk, 0
        together += bills
        chunks.filter(number=chunk).update(
            is_issued=False, first_sequence=following or None, numbers=numbers, portion=portion
        )
        following += numbers


def has_all(run: models.BillRun, bills: QuerySet[models.Bill]) -> bool:
    """This will tell whether each number that was reserved is that of a bill; they were taken in one row."""
    chunks = models.RunChunk.objects.filter(organization_id=run.organization_id, run=run, numbers__gt=0)
    taken = chunks.aggregate(numbers=Sum("numbers"), first=Min("first_sequence"))
    if not taken["numbers"]:
        return True
    first, numbers = taken["first"], int(taken["numbers"])
    return numbers == bills.filter(sequence__gte=first, sequence__lt=first + numbers).count()


def dates(run: models.BillRun) -> tuple[date, date]:
    """This will return on which day the bills of an approved run are issued, and until when they are due."""
    if run.bill_date is None or run.due_date is None:
        raise RunIncomplete(_("The run was not approved."))
    return run.bill_date, run.due_date
