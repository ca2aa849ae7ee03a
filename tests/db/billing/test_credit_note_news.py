"""A credit note goes out by mail with its PDF; comparisons count what stands; numbers are reported month by month."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from meterbook.billing import events, models, queries
from meterbook.billing.operations import correcting
from meterbook.billing.queries import numbers
from meterbook.documents import models as document_models
from meterbook.documents.values import DocumentKind
from meterbook.foundation import models as outbox
from meterbook.foundation import scoping
from meterbook.journeys import send_credit_notes
from meterbook.kernel.actor import Actor
from meterbook.notifications import models as notification_models
from meterbook.notifications.values import Kind, MessageState
from tests.factories import billing, corrections, notifications

ACTOR = Actor.system("test")
DECIDED = corrections.LATER + timedelta(days=1)
MARCH = date(2026, 3, 1)


def credited(made: corrections.Billed) -> models.CreditNote:
    """The bill of the bakery is taken back, and billed anew by 10 kWh more."""
    corrections.misread(made, counts=1_000)
    bill = corrections.bill_of(made)
    with scoping.scope([made.owner], actor=ACTOR):
        proposed = correcting.propose_correction(
            actor=ACTOR, at=DECIDED, bill=bill.public_id, reason="The digit was misread."
        )
        return correcting.approve_correction(
            actor=Actor.user(0, "checker", source=""), at=DECIDED, correction=proposed.public_id
        )


def told(made: corrections.Billed, note: models.CreditNote) -> list[notification_models.Message]:
    """The news of the credit note is handed on, twice; and what was queued by it."""
    event = events.CreditNoteIssued(organization_id=made.owner, note_id=str(note.public_id))
    with scoping.scope([made.owner], actor=ACTOR):
        for _again in range(2):
            send_credit_notes.credit_note_issued(event, actor=ACTOR, at=DECIDED)
        found = notification_models.Message.objects.filter(organization_id=made.owner, kind=Kind.CREDIT_NOTE_ISSUED)
        return list(found.select_related("destination").order_by("id"))


def published(made: corrections.Billed) -> int:
    """How often such news was published."""
    with scoping.scope([made.owner], actor=ACTOR):
        return outbox.OutboxEvent.objects.filter(organization_id=made.owner, name=events.CreditNoteIssued.name).count()


@pytest.mark.spec("B-76")
def test_a_credit_note_is_mailed_once_with_its_file() -> None:
    place = billing.place(code="HR")
    made = corrections.billed(place)
    bill = corrections.bill_of(made)
    with scoping.scope([made.owner], actor=ACTOR):
        customer = bill.account.customer
        customer.email = "baker@harbor.example"
        customer.save(update_fields=["email"])
    note = credited(made)
    with notifications.open_network():
        notifications.mail_channel(place.organization, 2525)

        (message,) = told(made, note)

    assert message.destination.address == "baker@harbor.example"
    assert published(made) == 1
    assert message.attachment == f"credit_note:{note.public_id}"
    assert message.state in {MessageState.QUEUED, MessageState.HELD}
    with scoping.scope([made.owner], actor=ACTOR):
        file = send_credit_notes.credit_note_file(str(note.public_id), actor=ACTOR, at=DECIDED)
    assert file.content.startswith(b"%PDF-")
    assert note.number in file.name


def test_who_has_no_address_gets_none() -> None:
    made = corrections.billed(billing.place(code="HR"))
    assert told(made, credited(made)) == []


@pytest.mark.spec("B-76")
def test_the_next_bill_is_compared_with_the_one_that_stands() -> None:
    made = corrections.billed(billing.place(code="HR"))
    credited(made)
    march, april = date(2026, 3, 1), date(2026, 4, 1)
    with scoping.scope([made.owner], actor=ACTOR):
        standing = models.CreditNote.objects.select_related("replacement__draft").get(organization_id=made.owner)

    run = billing.plan(made.place, first_day=march, until_day=april)
    run = billing.advance(run)

    with scoping.scope([made.owner], actor=ACTOR):
        rows = queries.run_members(run_public_id=run.public_id, narrowing=queries.Narrowing()).rows
        before = {each.member.customer_name: each.before for each in rows}
        summary = queries.run_summary(run_public_id=run.public_id)
    assert standing.replacement is not None
    bakery = before["Bakery"]
    assert bakery is not None
    assert bakery.amount == standing.replacement.draft.total
    assert summary.days_before == (date(2026, 2, 1), march)


def report(made: corrections.Billed, month: date = MARCH) -> numbers.NumberReport:
    with scoping.scope([made.owner], actor=ACTOR):
        return numbers.number_report(month=month)


@pytest.mark.spec("B-71")
def test_the_report_of_a_month_has_no_gap_and_names_what_was_taken_back() -> None:
    made = corrections.billed(billing.place(code="HR"))
    note = credited(made)

    found = report(made)

    assert found.is_sound
    assert [(each.kind, each.prefix, each.count, each.first, each.final, each.voids) for each in found.series] == [
        (DocumentKind.BILL, "HR-2026", 3, "HR-2026-000001", "HR-2026-000003", 1),
        (DocumentKind.CREDIT_NOTE, "CN-HR-2026", 1, "CN-HR-2026-000001", "CN-HR-2026-000001", 0),
    ]
    (void,) = found.voids
    assert (void.number, void.note_number, void.instead) == (
        corrections.bill_of(made).number,
        note.number,
        "HR-2026-000003",
    )
    assert report(made, date(2026, 1, 1)).series == ()
    with scoping.scope([made.owner], actor=ACTOR):
        assert numbers.months_with_numbers() == [MARCH]


@pytest.mark.spec("B-71")
def test_a_number_that_lacks_is_told() -> None:
    place = billing.place(code="HR")
    with scoping.scope([place.organization.pk], actor=ACTOR):  # two numbers that no document has
        document_models.NumberSeries.objects.create(
            organization_id=place.organization.pk, kind=DocumentKind.BILL.value, prefix="HR-2026", next_number=3
        )
    made = corrections.billed(place)

    found = report(made)

    (series,) = found.series
    assert not found.is_sound
    assert [(each.first, each.final, each.count) for each in series.lacking] == [
        ("HR-2026-000001", "HR-2026-000002", 2)
    ]
    assert (series.count, series.first) == (2, "HR-2026-000003")
