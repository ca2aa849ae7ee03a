"""What is sent and told about recalculations, corrections and credit notes."""

from __future__ import annotations

import uuid
from typing import Annotated

from pydantic import Field

from meterbook.api import values
from meterbook.billing import correction_values
from meterbook.billing.correction_values import CorrectionState, LineCause, Mode, Outcome
from meterbook.billing.queries import corrections as correction_queries
from meterbook.billing.queries import credit_notes as note_queries

Days = Annotated[int, Field(ge=1, le=correction_values.MOST_DAYS)]


class NewRecalculation(values.Given):
    """From what bills are calculated again, and which: of an account, of a run or of a site, with days in a time."""

    mode: Mode
    account: uuid.UUID | None = None
    run: uuid.UUID | None = None
    site: uuid.UUID | None = None
    first_day: values.DayGiven | None = None
    until_day: values.DayGiven | None = None
    tariff_version: uuid.UUID | None = None


class ChangedLine(values.Told):
    """A line that differs, then and now; null: there is no such line. `difference` is what is more now."""

    meter_point: str
    text: str
    unit: str
    quantity_before: str
    quantity_now: str
    price_before: str
    price_now: str
    before: values.Money | None
    now: values.Money | None
    difference: values.Money
    causes: list[LineCause]


class RecalculatedBill(values.Told):
    """What came out for a bill."""

    bill: uuid.UUID
    number: str
    outcome: Outcome
    before: values.Money
    now: values.Money | None
    is_identical: bool
    lines: list[ChangedLine]


class Recalculation(values.Told):
    """Bills calculated again; `done` of `bills` are compared so far. `items` are the first five hundred of them.

    `version` is that of a tariff by which a what-if priced everything; null otherwise, or where it is gone.
    """

    id: uuid.UUID
    mode: Mode
    version: uuid.UUID | None
    asked_at: values.InstantTold
    asked_by: str
    bills: int
    done: int
    before: values.Money
    now: values.Money
    items: list[RecalculatedBill]


class Reasoned(values.Given):
    """Why."""

    reason: values.Note


class BillDecision(values.Given):
    """Whether the bill is kept, or its correction is proposed, and why."""

    keep: bool
    reason: values.Note


class BillCorrection(values.Told):
    """A decision about a bill."""

    id: uuid.UUID
    bill: uuid.UUID
    number: str
    state: CorrectionState
    reason: str
    before: values.Money
    now: values.Money | None
    proposed_at: values.InstantTold
    proposed_by: str
    decided_at: values.InstantTold | None
    decided_by: str
    credit_note: uuid.UUID | None
    lines: list[ChangedLine]


class BillCorrections(values.Told):
    """Those that wait first, then the newest."""

    items: list[BillCorrection]


class CreditNote(values.Told):
    """A bill taken back whole. `replacement` is the bill that was issued instead."""

    id: uuid.UUID
    number: str
    date: str
    total: values.Money
    digest: str
    bill: uuid.UUID
    bill_number: str
    replacement: uuid.UUID | None
    replacement_number: str


class CorrectionRules(values.Told):
    """How far back more may be asked for, deadlines in working days, and how many disputes keep money back."""

    back_billing_months: int | None
    acknowledge_days: int
    decide_days: int
    most_open: int


class NewCorrectionRules(values.Given):
    """See the answer; `back_billing_months` null: no limit."""

    back_billing_months: Annotated[int, Field(ge=1, le=correction_values.MOST_LIMIT)] | None = None
    acknowledge_days: Days
    decide_days: Days
    most_open: Annotated[int, Field(ge=0, le=correction_values.MOST_AT_A_TIME)]


def result(row: correction_queries.ResultRow) -> RecalculatedBill:
    """This will tell what came out for a bill."""
    return RecalculatedBill(
        bill=row.bill_public_id,
        number=row.number,
        outcome=row.outcome,
        before=values.money(row.before),
        now=values.maybe_money(row.now),
        is_identical=row.differences is not None and row.differences.is_identical,
        lines=_lines(row.differences),
    )


def _lines(found: correction_queries.Differences | None) -> list[ChangedLine]:
    if found is None:
        return []
    return [
        ChangedLine(
            meter_point=each.meter_point,
            text=each.text["en"],
            unit=each.unit,
            quantity_before=each.quantity_before,
            quantity_now=each.quantity_now,
            price_before=each.price_before,
            price_now=each.price_now,
            before=values.maybe_money(each.before),
            now=values.maybe_money(each.now),
            difference=values.money(each.difference),
            causes=list(each.causes),
        )
        for each in found.lines
    ]


def correction(row: correction_queries.CorrectionRow) -> BillCorrection:
    """This will tell a decision about a bill."""
    return BillCorrection(
        id=row.public_id,
        bill=row.bill_public_id,
        number=row.number,
        state=row.state,
        reason=row.reason,
        before=values.money(row.before),
        now=values.maybe_money(row.now),
        proposed_at=values.instant(row.proposed_at),
        proposed_by=row.proposed_by,
        decided_at=values.maybe_instant(row.decided_at),
        decided_by=row.decided_by,
        credit_note=row.credit_note,
        lines=_lines(row.differences),
    )


def note(row: note_queries.NoteRow) -> CreditNote:
    """This will tell a credit note."""
    return CreditNote(
        id=row.public_id,
        number=row.number,
        date=row.note_date.isoformat(),
        total=values.money(row.total),
        digest=row.digest,
        bill=row.bill_public_id,
        bill_number=row.bill_number,
        replacement=row.replacement_public_id,
        replacement_number=row.replacement_number,
    )
