"""Credit notes on paper: with the next print file of their site, on the bill that was issued instead, once."""

from __future__ import annotations

import io
import uuid
from collections.abc import Collection
from datetime import timedelta

import pypdf
import pytest

from meterbook.billing import models, operations, queries
from meterbook.billing.operations import correcting
from meterbook.billing.queries import printed_notes
from meterbook.documents import queries as document_queries
from meterbook.foundation import scoping
from meterbook.kernel.actor import Actor
from tests.factories import billing, corrections

ACTOR, CHECKER = Actor.system("test"), Actor.user(0, "checker", source="")
DECIDED = corrections.LATER + timedelta(days=1)


def credited(made: corrections.Billed, *, email: str = "") -> models.CreditNote:
    """The bill of the bakery is taken back, and billed anew by 10 kWh more."""
    corrections.misread(made, counts=1_000)
    bill = corrections.bill_of(made)
    with scoping.scope([made.owner], actor=ACTOR):
        customer = bill.account.customer
        customer.email = email
        customer.save(update_fields=["email"])
        proposed = correcting.propose_correction(actor=ACTOR, at=DECIDED, bill=bill.public_id, reason="misread")
        return correcting.approve_correction(actor=CHECKER, at=DECIDED, correction=proposed.public_id)


def asked(
    run: models.BillRun, *, is_everything: bool = False, also: Collection[uuid.UUID] = ()
) -> tuple[models.PrintFile, list[str]]:
    """A print file, made, and the numbers of its documents, in the order of the pages."""
    with scoping.scope([run.organization_id], actor=ACTOR):
        (wanted,) = operations.print_bills(
            actor=ACTOR, at=DECIDED, run=run.public_id, is_everything=is_everything, also=also
        )
    operations.make_print_file(organization_id=run.organization_id, actor=ACTOR, at=DECIDED, print_id=wanted.public_id)
    with scoping.scope([run.organization_id], actor=ACTOR):
        row = queries.get_print(public_id=wanted.public_id)
        assert row.file_id is not None
        assert (row.done, row.bills + row.notes) == (row.documents, len(wanted.bill_ids))
        _file, data = document_queries.file_content(public_id=row.file_id)
    feet = [page.extract_text().split(" \u00b7 ")[-2].split()[-1] for page in pypdf.PdfReader(io.BytesIO(data)).pages]
    return wanted, list(dict.fromkeys(feet))


@pytest.mark.spec("B-76")
def test_a_note_lies_on_the_new_bill_in_the_next_file_of_the_site_and_in_no_other() -> None:
    made = corrections.billed(billing.place(code="HR"))
    note = credited(made)
    assert note.replacement is not None
    with scoping.scope([made.owner], actor=ACTOR):
        before = printed_notes.paper_of(note=note.public_id)
        anew = models.BillRun.objects.get(organization_id=made.owner, pk=note.replacement.run_id)
        assert printed_notes.count_printed_notes(run_public_id=made.run.public_id) == 1
    original, florist = corrections.bill_of(made).number, corrections.bill_of(made, "Florist").number

    file, numbers = asked(made.run)

    assert numbers == [note.number, note.replacement.number, original, florist]
    assert file.note_ids == [note.public_id]
    assert before == printed_notes.OnPaper(anew.public_id, None)
    with scoping.scope([made.owner], actor=ACTOR):
        assert printed_notes.paper_of(note=note.public_id) == printed_notes.OnPaper(made.run.public_id, DECIDED)
        other = models.BillRun.objects.get(organization_id=made.owner, pk=made.run.pk)
        other.pk, other.public_id = None, uuid.uuid4()
        other.save(force_insert=True)
        assert printed_notes.count_printed_notes(run_public_id=other.public_id) == 0  # it went with the first file
    assert asked(made.run)[1] == numbers  # made again, it is the same
    assert asked(anew)[1] == [note.number, note.replacement.number]


@pytest.mark.spec("B-76")
def test_who_has_an_address_gets_paper_only_without_a_mail_server_or_with_all_bills() -> None:
    made = corrections.billed(billing.place(code="HR"))
    note = credited(made, email="baker@harbor.example")

    with scoping.scope([made.owner], actor=ACTOR):
        assert printed_notes.paper_of(note=note.public_id) is None
        assert printed_notes.count_printed_notes(run_public_id=made.run.public_id) == 0
    assert note.number not in asked(made.run)[1]
    assert asked(made.run, also=[note.public_id])[1][0] == note.number
    assert note.number in asked(made.run, is_everything=True)[1]
