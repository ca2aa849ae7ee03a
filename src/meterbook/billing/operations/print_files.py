"""Bills and credit notes of many customers in one file for the printer, made by a job."""

from __future__ import annotations

import io
import itertools
import uuid
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from django.utils.translation import gettext as _

from meterbook.audit import operations as audit_operations
from meterbook.billing import models, queries
from meterbook.billing.operations import crediting, printing
from meterbook.billing.queries import prints
from meterbook.documents import operations as document_operations
from meterbook.documents import queries as document_queries
from meterbook.documents import values as document_values
from meterbook.foundation import operation, queue, scoping
from meterbook.kernel.actor import Actor

if TYPE_CHECKING:
    import pypdf

PDF = "application/pdf"
BILLS_A_FILE = 1_000  # some 35 MB; a library that puts PDFs together holds them in memory
BILLS_A_STEP = 25  # set in one transaction: what a killed job does again

T = TypeVar("T")


class NothingToPrint(ValueError):
    """The run has no issued bill that goes on paper; take all bills, or issue the run first."""


@operation.operation
def print_bills(
    *, actor: Actor, at: datetime, run: uuid.UUID, is_everything: bool = False, also: Collection[uuid.UUID] = ()
) -> list[models.PrintFile]:
    """This will have jobs put the bills of a run into files for the printer, in the order of the units.

    Credit notes that go with them lie on the bills of their account. One file, or one for every thousand of both.

    :param is_everything: all bills; else those of customers without an e-mail address
    :param also: bills and credit notes that cannot be sent although the customer has an address
    :raises queries.RunNotFound: when the organization has no such run
    :raises NothingToPrint: when there is no such bill
    """
    wanted = prints.printed_documents(run_public_id=run, is_everything=is_everything, also=also)
    if not wanted:
        raise NothingToPrint(_("No issued bill of the run goes on paper; take all bills, or issue the run first."))
    organization_id = scoping.current().organization_id
    owner = models.BillRun.objects.get(organization_id=organization_id, public_id=run)
    pieces = list(_pieces(wanted, BILLS_A_FILE))
    notes = sum(each.is_note for each in wanted)
    files = [
        models.PrintFile.objects.create(
            organization_id=organization_id,
            run=owner,
            is_everything=is_everything,
            requested_at=at,
            requested_by=actor.label,
            part=part,
            parts=len(pieces),
            bill_ids=[each.public_id for each in piece],
            bills=len(piece),
            note_ids=[each.public_id for each in piece if each.is_note],
        )
        for part, piece in enumerate(pieces, start=1)
    ]
    audit_operations.record(
        actor=actor,
        at=at,
        action="billing:print_bills",
        subject=owner,
        before=None,
        after={
            "bills": len(wanted) - notes,
            "credit_notes": notes,
            "is_everything": is_everything,
            "files": len(files),
        },
    )
    for each in files:
        queue.defer(prints.MAKE_PRINT_FILE, organization_id=organization_id, print_id=str(each.public_id))
    return files


def make_print_file(*, organization_id: int, actor: Actor, at: datetime, print_id: uuid.UUID) -> None:
    """This will make a print file that was asked for; one that is there stays as it is. Outside a scope.

    Killed anywhere, the next call ends with the same pages: the PDF of each document is kept when it is first made.

    :raises queries.PrintNotFound: when it is not there or belongs to another organization
    """
    with scoping.scope([organization_id], actor=actor):
        wanted = _find(print_id)
        if wanted.file_id is not None:
            return
    import pypdf  # only the worker needs it

    writer = pypdf.PdfWriter()
    for piece in _pieces(wanted.bill_ids, BILLS_A_STEP):
        with scoping.scope([organization_id], actor=actor):
            _set(actor, at, wanted, piece, writer)
    # Each document brings its typefaces and its profile of colors; the same once is enough.
    writer.compress_identical_objects()
    with scoping.scope([organization_id], actor=actor):
        _keep(actor, at, wanted, writer)


def _set(
    actor: Actor, at: datetime, wanted: models.PrintFile, piece: Sequence[uuid.UUID], writer: pypdf.PdfWriter
) -> None:
    import pypdf

    for document in piece:
        file = (
            crediting.issue_pdf(actor=actor, at=at, note=document)
            if document in wanted.note_ids
            else printing.issue_pdf(actor=actor, at=at, bill=document)
        )
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


def _pieces(documents: Sequence[T], size: int) -> Iterator[list[T]]:
    whole = iter(documents)
    while piece := list(itertools.islice(whole, size)):
        yield piece


def _file_safe(code: str) -> str:
    return "".join(each if each.isascii() and (each.isalnum() or each in "-_") else "_" for each in code)
