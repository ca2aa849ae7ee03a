"""Reads of recalculations, corrections and credit notes."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from meterbook.billing import correction_values as values
from meterbook.billing import models
from meterbook.billing.correction_values import CorrectionState, LineCause, Mode, Outcome
from meterbook.billing.queries.amounts import money
from meterbook.billing.queries.reasons import Reason
from meterbook.customers.values import AccountMode
from meterbook.foundation import scoping
from meterbook.kernel.money import Money


class RecalculationNotFound(LookupError):
    """There is no such recalculation in this organization."""


class CorrectionNotFound(LookupError):
    """There is no such correction in this organization."""


@dataclass(frozen=True)
class Rules:
    """What an organization set about corrections and disputes."""

    back_billing_months: int | None = None
    acknowledge_days: int = values.ACKNOWLEDGE_DAYS
    decide_days: int = values.DECIDE_DAYS
    most_open: int = values.MOST_OPEN


@dataclass(frozen=True)
class LineRow:
    """A line that differs; None: there is no such line."""

    meter_point: str
    text: Mapping[str, str]
    unit: str
    quantity_before: str
    quantity_now: str
    price_before: str
    price_now: str
    before: Money | None
    now: Money | None
    difference: Money
    causes: tuple[LineCause, ...]


@dataclass(frozen=True)
class Differences:
    """How a bill differs from what it would be: lines, and the sums; positive is more now."""

    lines: tuple[LineRow, ...]
    causes: tuple[LineCause, ...]
    net: Money
    tax: Money
    total: Money
    printed: tuple[str, ...]
    is_identical: bool
    held: tuple[Reason, ...] = ()


@dataclass(frozen=True)
class ResultRow:
    """A bill of a recalculation."""

    id: int
    bill_public_id: uuid.UUID
    number: str
    account_number: str
    customer_name: str
    first_day: date
    until_day: date
    outcome: Outcome
    before: Money
    now: Money | None
    differences: Differences | None
    is_credited: bool

    @property
    def change(self) -> Money | None:
        """What is more now; None where it is not known."""
        return None if self.now is None else self.now - self.before


@dataclass(frozen=True)
class RecalculationRow:
    """A recalculation; the sums are over the bills that were compared."""

    id: int
    public_id: uuid.UUID
    mode: Mode
    version_id: int | None
    version_text: str  # by code, where the version is gone
    asked_at: datetime
    asked_by: str
    bills: int
    done: int
    site_name: str
    zone: ZoneInfo
    outcomes: Mapping[Outcome, int]
    before: Money
    now: Money

    @property
    def change(self) -> Money:
        """What is more now, over the bills that were compared."""
        return self.now - self.before

    @property
    def is_done(self) -> bool:
        """Whether all bills are compared."""
        return self.done >= self.bills


@dataclass(frozen=True)
class CorrectionRow:
    """A decision about a bill."""

    public_id: uuid.UUID
    bill_public_id: uuid.UUID
    number: str
    account_number: str
    customer_name: str
    site_id: int
    state: CorrectionState
    reason: str
    before: Money
    now: Money | None
    differences: Differences | None
    proposed_at: datetime
    proposed_by: str
    proposed_by_id: int | None
    decided_at: datetime | None
    decided_by: str
    is_decided_alone: bool
    credit_note: uuid.UUID | None
    zone: ZoneInfo
    is_internal: bool = False


def correction_rules() -> Rules:
    """This will return what the organization set, or what holds where it set nothing."""
    found = models.CorrectionRules.objects.filter(organization_id=scoping.current().organization_id).first()
    if found is None:
        return Rules()
    return Rules(found.back_billing_months, found.acknowledge_days, found.decide_days, found.most_open)


def get_recalculation(*, public_id: uuid.UUID) -> RecalculationRow:
    """This will return a recalculation with its sums.

    :raises RecalculationNotFound: when it is not there or belongs to another organization
    """
    found = _recalculations().filter(public_id=public_id).first()
    if found is None:
        raise RecalculationNotFound(_("There is no such recalculation."))
    return _recalculation(found)


def list_recalculations(*, site_ids: Collection[int] | None = None, limit: int = 50) -> list[RecalculationRow]:
    """This will return recalculations, the newest first."""
    rows = _recalculations()
    if site_ids is not None:
        rows = rows.filter(site_id__in=site_ids)
    return [_recalculation(each) for each in rows.order_by("-asked_at", "-id")[:limit]]


def results_of(*, recalculation_id: int, offset: int = 0, limit: int = 100) -> list[ResultRow]:
    """This will return bills of a recalculation, those that differ first."""
    rows = models.RecalculatedBill.objects.filter(
        organization_id=scoping.current().organization_id, recalculation_id=recalculation_id
    ).select_related("bill__run", "bill__account__customer", "bill__credit_note")
    order = {Outcome.DIFFERENT: 0, Outcome.HELD: 1, Outcome.NOT_KEPT: 2, Outcome.WAITING: 3, Outcome.SAME: 4}
    ids = sorted(
        rows.order_by("id").values_list("id", "outcome", "bill__run__days"),
        key=lambda each: (order[Outcome(each[1])], each[2].lower, each[0]),
    )
    wanted = [each for each, _outcome, _days in ids[offset : offset + limit]]
    found = {each.pk: _result(each) for each in rows.filter(pk__in=wanted)}
    return [found[each] for each in wanted]


def get_correction(*, public_id: uuid.UUID) -> CorrectionRow:
    """This will return a decision about a bill.

    :raises CorrectionNotFound: when it is not there or belongs to another organization
    """
    found = _corrections().filter(public_id=public_id).first()
    if found is None:
        raise CorrectionNotFound(_("There is no such correction."))
    return _correction(found)


def list_corrections(
    *, state: CorrectionState | None = None, site_ids: Collection[int] | None = None, limit: int = 100
) -> list[CorrectionRow]:
    """This will return decisions about bills, those that wait first, then the newest."""
    rows = _corrections()
    if state is not None:
        rows = rows.filter(state=state)
    if site_ids is not None:
        rows = rows.filter(bill__run__site_id__in=site_ids)
    found = [_correction(each) for each in rows.order_by("-proposed_at", "-id")[:limit]]
    return sorted(found, key=lambda each: each.state is not CorrectionState.PROPOSED)


def corrections_of(*, bill: uuid.UUID) -> list[CorrectionRow]:
    """This will return the decisions about a bill, the newest first."""
    return [_correction(each) for each in _corrections().filter(bill__public_id=bill).order_by("-proposed_at", "-id")]


def differences_of(*, replacement: uuid.UUID) -> Differences | None:
    """This will return how a bill differs from the one that it replaces; None where it replaces none."""
    found = _corrections().filter(creditnote__replacement__public_id=replacement).first()
    return None if found is None else differences(found.differences, found.currency)


def _recalculations() -> QuerySet[models.Recalculation]:
    rows = models.Recalculation.objects.filter(organization_id=scoping.current().organization_id)
    return rows.select_related("site")


def _recalculation(row: models.Recalculation) -> RecalculationRow:
    own = models.RecalculatedBill.objects.filter(organization_id=row.organization_id, recalculation=row)
    outcomes: dict[Outcome, int] = {}
    before = now = Decimal(0)
    for outcome, total_before, total_now in own.order_by("id").values_list("outcome", "total_before", "total_now"):
        outcomes[Outcome(outcome)] = outcomes.get(Outcome(outcome), 0) + 1
        if total_now is not None:
            before, now = before + total_before, now + total_now
    return RecalculationRow(
        id=row.pk,
        public_id=row.public_id,
        mode=Mode(row.mode),
        version_id=row.version_id,
        version_text=row.version_text,
        asked_at=row.asked_at,
        asked_by=row.asked_by,
        bills=row.bills,
        done=row.done,
        site_name=row.site.name,
        zone=ZoneInfo(row.site.time_zone),
        outcomes=outcomes,
        before=money(before, row.site.currency),
        now=money(now, row.site.currency),
    )


def _result(row: models.RecalculatedBill) -> ResultRow:
    bill = row.bill
    return ResultRow(
        id=row.pk,
        bill_public_id=bill.public_id,
        number=bill.number,
        account_number=bill.account.number,
        customer_name=bill.account.customer.name,
        first_day=bill.run.days.lower,
        until_day=bill.run.days.upper,
        outcome=Outcome(row.outcome),
        before=money(row.total_before, row.currency),
        now=None if row.total_now is None else money(row.total_now, row.currency),
        differences=differences(row.differences, row.currency),
        is_credited=getattr(bill, "credit_note", None) is not None,
    )


def differences(plain: Mapping[str, Any], currency: str) -> Differences | None:
    """This will read what is kept of a comparison; None where nothing is."""
    if not plain:
        return None
    held = Reason.read(plain.get("held", []))
    return Differences(
        lines=tuple(_line(each, currency) for each in plain.get("lines", ())),
        causes=tuple(map(LineCause, plain.get("causes", ()))),
        net=_amount(plain.get("net", "0"), currency),
        tax=_amount(plain.get("tax", "0"), currency),
        total=_amount(plain.get("total", "0"), currency),
        printed=tuple(plain.get("printed", ())),
        is_identical=plain.get("is_identical", False),
        held=held,
    )


def _line(plain: Mapping[str, Any], currency: str) -> LineRow:
    before, now = plain["before"], plain["now"]
    return LineRow(
        meter_point=plain["meter_point"],
        text=plain["text"],
        unit=plain["unit"],
        quantity_before=plain["quantity_before"],
        quantity_now=plain["quantity_now"],
        price_before=plain["price_before"],
        price_now=plain["price_now"],
        before=None if before is None else _amount(before, currency),
        now=None if now is None else _amount(now, currency),
        difference=money(Decimal(now or 0) - Decimal(before or 0), currency),
        causes=tuple(map(LineCause, plain["causes"])),
    )


def _amount(text: str, currency: str) -> Money:
    return money(Decimal(text), currency)


def _corrections() -> QuerySet[models.Correction]:
    rows = models.Correction.objects.filter(organization_id=scoping.current().organization_id)
    return rows.select_related("bill__run__site", "account__customer", "creditnote").defer("creditnote__content")


def _correction(row: models.Correction) -> CorrectionRow:
    note = getattr(row, "creditnote", None)
    return CorrectionRow(
        public_id=row.public_id,
        bill_public_id=row.bill.public_id,
        number=row.bill.number,
        account_number=row.account.number,
        customer_name=row.account.customer.name,
        site_id=row.bill.run.site_id,
        state=CorrectionState(row.state),
        reason=row.reason,
        before=money(row.total_before, row.currency),
        now=None if row.total_now is None else money(row.total_now, row.currency),
        differences=differences(row.differences, row.currency),
        proposed_at=row.proposed_at,
        proposed_by=row.proposed_by,
        proposed_by_id=row.proposed_by_id,
        decided_at=row.decided_at,
        decided_by=row.decided_by,
        is_decided_alone=row.is_decided_alone,
        credit_note=None if note is None else note.public_id,
        zone=ZoneInfo(row.bill.run.site.time_zone),
        is_internal=row.account.mode == AccountMode.INTERNAL,
    )
