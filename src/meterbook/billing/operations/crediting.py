"""Credit a bill and bill anew, in the caller's transaction: all of it, or nothing.

The original stays as it is: its row, its content, its file. The new bill is drafted and issued by the same code as any
other, in a run of its own; the time that the original had billed goes over to it, so nothing is billed twice.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from meterbook.billing import content, events, models, values
from meterbook.billing.calculating import chunks, facts
from meterbook.billing.correcting import credit_notes
from meterbook.billing.operations import collecting, drafting, issuing, planning, printing, recomputing, reserving
from meterbook.billing.queries import credit_notes as note_queries
from meterbook.customers import values as customer_values
from meterbook.documents import issuing as document_issuing
from meterbook.documents import numbering as document_numbering
from meterbook.documents import operations as document_operations
from meterbook.documents import queries as document_queries
from meterbook.documents import registering as document_registering
from meterbook.documents import values as document_values
from meterbook.foundation import events as foundation_events
from meterbook.foundation import scoping
from meterbook.kernel import civil
from meterbook.kernel.actor import Actor
from meterbook.ledger import posting

OUTDATED = gettext_noop(
    "Readings, tariffs or contracts changed since this was proposed. Reject it, and propose it again."
)


class CorrectionOutdated(ValueError):
    """The bill would come out differently from what was proposed; reject the correction, and propose it again."""


def credit(
    *, actor: Actor, at: datetime, correction: models.Correction, bill: models.Bill, result: recomputing.Result
) -> models.CreditNote:
    """This will issue the credit note of a bill (with draft, account, run and site), and the bill that replaces it."""
    day = civil.local_date(at, ZoneInfo(bill.run.site.time_zone))
    public_id = uuid.uuid4()
    number, prefix, sequence = _take_number(bill, day)
    posted = _reverse(actor, at, bill, day, number, public_id)
    _hand_over(bill)
    replacement = None if result.made is None else _bill_anew(actor, at, correction, bill, result, day)
    plain = json.loads(bytes(bill.draft.content))
    data = credit_notes.build(
        credit_notes.Credited(
            plain,
            str(bill.public_id),
            bill.number,
            bill.digest,
            bill.bill_date,
            bill.due_date,
            correction.reason,
        )
    )
    note = models.CreditNote.objects.create(
        organization_id=bill.organization_id,
        public_id=public_id,
        bill=bill,
        replacement=replacement,
        correction=correction,
        account_id=bill.account_id,
        number=number,
        prefix=prefix,
        sequence=sequence,
        content=data,
        digest=content.issue_digest(
            content_digest=hashlib.sha256(data).hexdigest(), number=number, bill_date=day, due_date=day
        ),
        currency=bill.draft.currency,
        net=-bill.draft.net,
        total=-bill.draft.total,
        note_date=day,
        issued_at=at,
        transaction_id=posted,
    )
    _make_known(actor, at, note)
    foundation_events.publish(events.CreditNoteIssued(organization_id=note.organization_id, note_id=str(public_id)))
    return note


def issue_pdf(*, actor: Actor, at: datetime, note: uuid.UUID) -> document_queries.IssuedFileRow:
    """This will return the PDF of a credit note, made, signed and kept when it is first asked for.

    :raises meterbook.billing.queries.credit_notes.CreditNoteNotFound: when the organization has none of that public id
    """
    found = note_queries.get_credit_note(public_id=note)
    row = models.CreditNote.objects.select_related("account__customer").get(
        organization_id=scoping.current().organization_id, public_id=note
    )
    return document_issuing.issue_file(
        actor=actor,
        at=at,
        source_id=note,
        content=found.content,
        code=content.verification_code(found.digest),
        language=printing.language_of(found.content),
        customer_id=row.account.customer.public_id,
    )


def _make_known(actor: Actor, at: datetime, note: models.CreditNote) -> None:
    """Whoever checks the bill learns that it was taken back, and which documents stand now."""
    document = document_registering.NewDocument(
        kind=document_values.DocumentKind.CREDIT_NOTE,
        source_id=note.public_id,
        account_id=note.account_id,
        number=note.number,
        document_date=note.note_date,
        due_date=None,
        currency=note.currency,
        total=note.total,
        digest=note.digest,
    )
    document_registering.register(at=at, documents=[document])
    bill = note.bill.public_id
    printing.ensure_registered(bill)
    marks = [(document_values.Mark.CREDITED, note.number)]
    if note.replacement is not None:
        marks.append((document_values.Mark.REPLACED, note.replacement.number))
    for mark, number in marks:
        document_registering.mark(actor=actor, at=at, source_id=bill, mark=mark, number=number)


def _take_number(bill: models.Bill, day: date) -> tuple[str, str, int]:
    """What takes a charge-back statement back is named after it, and stands in no series either."""
    if bill.account.mode == customer_values.AccountMode.INTERNAL:
        return f"{bill.number}{document_values.REVERSED}", "", -bill.pk
    kind = document_values.DocumentKind.CREDIT_NOTE
    start = document_numbering.find_start(kind=kind, place=bill.run.site.code, year=day.year)
    (sequence,) = document_operations.take_numbers(
        kind=kind, prefix=start.prefix, count=1, first_number=start.first_number
    )
    return document_queries.number_text(start.prefix, sequence), start.prefix, sequence


def _reverse(actor: Actor, at: datetime, bill: models.Bill, day: date, number: str, public_id: uuid.UUID) -> int | None:
    if bill.transaction_id is None:
        return None
    reversal = posting.reverse(
        actor=actor,
        at=at,
        transaction_id=bill.transaction_id,
        reason=number,
        key=f"credit-note:{public_id}",
        posted_date=day,
    )
    return reversal.id


def _hand_over(bill: models.Bill) -> None:
    """The time that the bill had billed is free again; what it was stays known."""
    shares = models.RunShare.objects.filter(
        organization_id=bill.organization_id, run_id=bill.run_id, account_id=bill.account_id
    )
    models.CreditedShare.objects.bulk_create(
        models.CreditedShare(
            organization_id=each.organization_id,
            run_id=each.run_id,
            account_id=each.account_id,
            meter_point_id=each.meter_point_id,
            contract_id=each.contract_id,
            tariff_id=each.tariff_id,
            during=each.during,
        )
        for each in shares.order_by("id")
    )
    shares.delete()


def _hand_over_shared(bill: models.Bill, run: models.BillRun) -> None:
    """What it bears of shared costs is billed by the new bill: sheets are not divided again."""
    charges = models.PoolCharge.objects.filter(
        organization_id=bill.organization_id, run_id=bill.run_id, account_id=bill.account_id
    )
    shares = list(charges.order_by("id").values_list("share_id", flat=True))
    charges.delete()
    models.PoolCharge.objects.bulk_create(
        models.PoolCharge(organization_id=run.organization_id, run=run, account_id=bill.account_id, share_id=each)
        for each in shares
    )


def _outcome(bill: models.Bill, result: recomputing.Result) -> chunks.Outcome:
    if result.made is None:
        raise CorrectionOutdated(_(OUTDATED))
    return chunks.Outcome({bill.account_id: result.made}, {}, {bill.account_id: result.stamp}, {})


def _bill_anew(
    actor: Actor,
    at: datetime,
    correction: models.Correction,
    bill: models.Bill,
    result: recomputing.Result,
    day: date,
) -> models.Bill:
    own = bill.run
    run = models.BillRun.objects.create(
        organization_id=bill.organization_id,
        site=own.site,
        days=own.days,
        exact=own.exact,
        state=values.RunState.APPROVED,
        due_days=own.due_days,
        started_at=correction.proposed_at,
        started_by_id=correction.proposed_by_id,
        started_by=correction.proposed_by,
        approved_at=at,
        approved_by_id=actor.id,
        approved_by=actor.label,
        is_approved_alone=correction.is_decided_alone,
        bill_date=day,
        priced_on=facts.run_of(own).bill_date,
        due_date=day + timedelta(days=own.due_days),
        account_ids=[bill.account_id],
        is_correction=True,
    )
    models.RunMember.objects.create(
        organization_id=run.organization_id,
        run=run,
        account_id=bill.account_id,
        position=1,
        chunk=0,
        state=values.MemberState.DRAFTED,
    )
    models.RunChunk.objects.create(organization_id=run.organization_id, run=run, number=0, is_done=True)
    collecting.store_shares(run, result.shares)
    _hand_over_shared(bill, run)
    drafting.insert(facts.run_of(run), {bill.account_id: 1}, _outcome(bill, result))
    issuing.open_ledger_accounts(actor=actor, at=at, run=run)
    reserving.reserve(run)
    planning.move(run, values.RunState.ISSUING)
    while issuing.issue_next(actor=actor, at=at, run=run):
        pass
    planning.move(run, values.RunState.DELIVERED)
    issuing.close(actor=actor, at=at, run=run)
    return models.Bill.objects.get(organization_id=run.organization_id, run=run)
