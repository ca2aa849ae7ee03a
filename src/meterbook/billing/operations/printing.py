"""Bills as PDF: one when it is first asked for, or many in one file for the printer, made by a job."""

from __future__ import annotations

import io
import itertools
import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import pypdf
from django.utils.translation import gettext as _

from meterbook.audit import operations as audit_operations
from meterbook.billing import models, queries
from meterbook.billing.queries import prints
from meterbook.documents import issuing as document_issuing
from meterbook.documents import operations as document_operations
from meterbook.documents import queries as document_queries
from meterbook.documents import registering as document_registering
from meterbook.documents import values as document_values
from meterbook.documents.rendering import bills as rendering
from meterbook.documents.rendering import words
from meterbook.foundation import operation, queue, scoping
from meterbook.kernel.actor import Actor

PDF = "application/pdf"
BILLS_A_FILE = 1_000  # some 35 MB; a library that puts PDFs together holds them in memory
REGISTERED_AT_ONCE = 10_000
BILLS_A_STEP = 25  # set in one transaction: what a killed job does again


class NothingToPrint(ValueError):
    """The run has no issued bill that goes on paper; take all bills, or issue the run first."""


@operation.operation
def issue_pdf(*, actor: Actor, at: datetime, bill: uuid.UUID) -> document_queries.IssuedFileRow | None:
    """This will return the PDF of an issued bill, made and kept when it is first asked for; None for a draft.

    :raises queries.BillNotFound: when the organization has no such bill
    """
    kind = document_values.DocumentKind.BILL
    # Files belong to no account, so that no wall limits them: whoever reaches the bill reaches its file.
    found = queries.get_bill(public_id=bill)
    if found.number is None or found.bill_date is None or found.due_date is None:
        return None
    file = document_queries.find_file(source_id=bill, kind=kind)
    if file is not None:
        return file
    standing = queries.standing_of(public_id=bill)
    return document_issuing.issue_file(
        actor=actor,
        at=at,
        source_id=bill,
        content=found.content,
        code=found.code or "",
        language=language_of(found.content),
        customer_id=ensure_registered(bill),
        balance=None
        if standing is None
        else rendering.Balance(*(str(each.amount) for each in (standing.previous, standing.since, standing.due))),
    )


def is_reproduced(*, bill: uuid.UUID) -> bool:
    """This will tell whether the PDF of an issued bill, made anew, has the bytes that were signed then (B-73).

    :raises queries.BillNotFound: when the organization has no such bill
    :raises document_queries.IssuedFileNotFound: when no PDF was made of it yet
    """
    found = queries.get_bill(public_id=bill)
    return document_issuing.is_reproduced(source_id=bill, content=found.content, code=found.code or "")


@operation.operation
def register_issued(*, limit: int = REGISTERED_AT_ONCE) -> int:
    """This will register bills from before documents were registered, the oldest first; it answers how many."""
    known = document_registering.registered(kind=document_values.DocumentKind.BILL)
    organization_id = scoping.current().organization_id
    waiting = models.Bill.objects.filter(organization_id=organization_id).exclude(public_id__in=known)
    rows = list(waiting.select_related("draft").order_by("id")[:limit])
    for at, group in itertools.groupby(rows, key=lambda row: row.issued_at):
        document_registering.register(at=at, documents=[_new_document(row) for row in group])
    return len(rows)


def ensure_registered(bill: uuid.UUID) -> uuid.UUID:
    """This will return the customer of a bill, and register it where it was issued before documents were registered."""
    organization_id = scoping.current().organization_id
    row = models.Bill.objects.select_related("draft", "account__customer").get(
        organization_id=organization_id, public_id=bill
    )
    if document_registering.find(source_id=bill) is None:
        document_registering.register(at=row.issued_at, documents=[_new_document(row)])
    return row.account.customer.public_id


def _new_document(row: models.Bill) -> document_registering.NewDocument:
    return document_registering.NewDocument(
        kind=document_values.DocumentKind.BILL,
        source_id=row.public_id,
        account_id=row.account_id,
        number=row.number,
        document_date=row.bill_date,
        due_date=row.due_date,
        currency=row.draft.currency,
        total=row.draft.total,
        digest=row.digest,
    )


@operation.operation
def print_bills(
    *, actor: Actor, at: datetime, run: uuid.UUID, is_everything: bool = False, also: Collection[uuid.UUID] = ()
) -> list[models.PrintFile]:
    """This will have jobs put the bills of a run into files for the printer, in the order of the units.

    One file, or one for every thousand bills.

    :param is_everything: all bills; else those of customers without an e-mail address
    :param also: bills of the run that cannot be sent although the customer has an address
    :raises queries.RunNotFound: when the organization has no such run
    :raises NothingToPrint: when there is no such bill
    """
    wanted = queries.printed_bills(run_public_id=run, is_everything=is_everything, also=also)
    if not wanted:
        raise NothingToPrint(_("No issued bill of the run goes on paper; take all bills, or issue the run first."))
    organization_id = scoping.current().organization_id
    owner = models.BillRun.objects.get(organization_id=organization_id, public_id=run)
    pieces = list(_pieces(wanted, BILLS_A_FILE))
    files = [
        models.PrintFile.objects.create(
            organization_id=organization_id,
            run=owner,
            is_everything=is_everything,
            requested_at=at,
            requested_by=actor.label,
            part=part,
            parts=len(pieces),
            bill_ids=piece,
            bills=len(piece),
        )
        for part, piece in enumerate(pieces, start=1)
    ]
    audit_operations.record(
        actor=actor,
        at=at,
        action="billing:print_bills",
        subject=owner,
        before=None,
        after={"bills": len(wanted), "is_everything": is_everything, "files": len(files)},
    )
    for each in files:
        queue.defer(prints.MAKE_PRINT_FILE, organization_id=organization_id, print_id=str(each.public_id))
    return files


def make_print_file(*, organization_id: int, actor: Actor, at: datetime, print_id: uuid.UUID) -> None:
    """This will make a print file that was asked for; one that is there stays as it is. Outside a scope.

    Killed anywhere, the next call ends with the same pages: the PDF of each bill is kept when it is first made.

    :raises queries.PrintNotFound: when it is not there or belongs to another organization
    """
    with scoping.scope([organization_id], actor=actor):
        wanted = _find(print_id)
        if wanted.file_id is not None:
            return
    writer = pypdf.PdfWriter()
    for piece in _pieces(wanted.bill_ids, BILLS_A_STEP):
        with scoping.scope([organization_id], actor=actor):
            _set(actor, at, wanted, piece, writer)
    # Each bill brings its typefaces and its profile of colors; the same once is enough.
    writer.compress_identical_objects()
    with scoping.scope([organization_id], actor=actor):
        _keep(actor, at, wanted, writer)


def _set(
    actor: Actor, at: datetime, wanted: models.PrintFile, piece: Sequence[uuid.UUID], writer: pypdf.PdfWriter
) -> None:
    for bill in piece:
        file = issue_pdf(actor=actor, at=at, bill=bill)
        if file is not None:
            _row, content = document_queries.file_content(public_id=file.public_id)
            for page in pypdf.PdfReader(io.BytesIO(content)).pages:
                writer.add_page(page)
    wanted.done = wanted.bill_ids.index(piece[-1]) + 1
    wanted.save(update_fields=["done"])


def _keep(actor: Actor, at: datetime, wanted: models.PrintFile, writer: pypdf.PdfWriter) -> None:
    text = io.BytesIO()
    writer.write(text)
    site = wanted.run.site.code
    part = f"-{wanted.part}" if wanted.parts > 1 else ""
    filed = document_operations.file_document(
        actor=actor,
        at=at,
        kind=document_values.DocumentKind.PRINT,
        source_id=wanted.public_id,
        name=f"{_file_safe(site)}-{wanted.run.days.lower:%Y-%m-%d}{part}.pdf",
        media_type=PDF,
        content=text.getvalue(),
    )
    wanted.file_id = filed.public_id
    wanted.save(update_fields=["file_id"])


def _find(print_id: uuid.UUID) -> models.PrintFile:
    found = (
        models.PrintFile.objects.filter(organization_id=scoping.current().organization_id, public_id=print_id)
        .select_related("run__site")
        .first()
    )
    if found is None:
        raise queries.PrintNotFound(_("There is no such print file."))
    return found


def _pieces(bills: Sequence[uuid.UUID], size: int) -> Iterator[list[uuid.UUID]]:
    whole = iter(bills)
    while piece := list(itertools.islice(whole, size)):
        yield piece


def language_of(content: Mapping[str, Any]) -> str:
    """This will return the language that the meter points ask for, else the customer's; English where bills lack it."""
    wanted = str(content.get("language") or (content.get("customer") or {}).get("language", ""))[:2]
    return wanted if wanted in words.LANGUAGES else "en"


def _file_safe(code: str) -> str:
    return "".join(each if each.isascii() and (each.isalnum() or each in "-_") else "_" for each in code)
