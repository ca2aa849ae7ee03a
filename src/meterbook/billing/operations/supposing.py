"""What issued bills would come to if a meter had counted otherwise: how much was charged too little or too much."""

from __future__ import annotations

import json
import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from meterbook.billing import content, models
from meterbook.billing.calculating import facts
from meterbook.billing.content import settlements
from meterbook.billing.correcting import supposed as supposed_bills
from meterbook.billing.correction_values import Mode, Outcome
from meterbook.billing.operations import correcting, recomputing
from meterbook.billing.queries import amounts
from meterbook.foundation import scoping
from meterbook.kernel.money import Money
from meterbook.kernel.period import Period
from meterbook.metering.deriving.supposing import Supposed


@dataclass(frozen=True)
class AffectedBill:
    """An issued bill, and what it would come to; `now` None: that cannot be calculated.

    `is_too_old`: more would be asked for, for days that are older than may be billed.
    """

    public_id: uuid.UUID
    number: str
    account_number: str
    first_day: date
    until_day: date
    before: Money
    now: Money | None
    is_too_old: bool

    @property
    def final_day(self) -> date:
        """The last day that it charges."""
        return date.fromordinal(self.until_day.toordinal() - 1)

    @property
    def change(self) -> Money | None:
        """What would be more."""
        return None if self.now is None else self.now - self.before

    @property
    def is_offered(self) -> bool:
        """Whether a credit note and a new bill would be issued for it."""
        return self.change is not None and bool(self.change.amount) and not self.is_too_old


@dataclass(frozen=True)
class Effect:
    """The bills, oldest first, and by currency what they charge too little (positive) and too much (negative).

    Sums leave out what is too old to be asked for.
    """

    bills: tuple[AffectedBill, ...]

    @property
    def more(self) -> tuple[Money, ...]:
        """What tenants would be asked for besides, by currency."""
        return _sums(each.change for each in self.bills if each.is_offered and each.change and each.change.amount > 0)

    @property
    def less(self) -> tuple[Money, ...]:
        """What tenants would get back, by currency; not positive."""
        return _sums(each.change for each in self.bills if each.is_offered and each.change and each.change.amount < 0)


def _sums(changes: object) -> tuple[Money, ...]:
    found: dict[str, Decimal] = defaultdict(Decimal)
    for each in changes:  # type: ignore[attr-defined]
        found[each.currency] += each.amount
    return tuple(amounts.money(found[code], code) for code in sorted(found))


def bills_in(*, meter_point_id: int, period: Period) -> list[models.Bill]:
    """This will return the issued bills that charged a part of a time at a meter point and stand, oldest first."""
    organization_id = scoping.current().organization_id
    pairs = set(
        models.RunShare.objects.filter(
            organization_id=organization_id,
            meter_point_id=meter_point_id,
            during__overlap=DateTimeTZRange(period.start, period.end, "[)"),
        ).values_list("run_id", "account_id")
    )
    rows = models.Bill.objects.filter(
        organization_id=organization_id,
        run_id__in={run for run, _account in pairs},
        account_id__in={account for _run, account in pairs},
        credit_note__isnull=True,
    ).select_related("draft", "run__site", "account")
    return [each for each in rows.order_by("run__days", "id") if (each.run_id, each.account_id) in pairs]


def effect_of(*, meter_point_id: int, period: Period, supposed: Sequence[Supposed], at: datetime) -> Effect:
    """This will calculate the bills of a time at a meter point as if a supposition held; nothing changes.

    :param supposed: the intervals that would be; none: what is known now counts
    """
    bills = bills_in(meter_point_id=meter_point_id, period=period)
    by_run: dict[int, list[models.Bill]] = defaultdict(list)
    for each in bills:
        by_run[each.run_id].append(each)
    found: dict[int, Decimal | None] = {}
    for own in by_run.values():
        found |= _supposed(own, supposed) if supposed else _known(own)
    return Effect(tuple(_affected(each, found[each.pk], at) for each in bills))


def _supposed(bills: Sequence[models.Bill], supposed: Sequence[Supposed]) -> dict[int, Decimal | None]:
    run, accounts = bills[0].run, [each.account_id for each in bills]
    shares = recomputing.present_shares(run, accounts)
    outcome = supposed_bills.Supposer(facts.run_of(run), shares, supposed).calculate(accounts)
    return {each.pk: _total(each, outcome.contents.get(each.account_id)) for each in bills}


def _total(bill: models.Bill, made: content.Content | None) -> Decimal | None:
    if made is None:
        return None
    before = json.loads(bytes(bill.draft.content))
    return settlements.settle(made, before.get(settlements.KEY, ())).total  # what it settled stays settled


def _known(bills: Sequence[models.Bill]) -> dict[int, Decimal | None]:
    results = recomputing.compute(bills, Mode.CORRECT)
    return {
        each.pk: each.draft.total if results[each.pk].outcome is Outcome.SAME else results[each.pk].total
        for each in bills
    }


def _affected(bill: models.Bill, total: Decimal | None, at: datetime) -> AffectedBill:
    cut = correcting.cut_before(bill, at)
    is_more = total is not None and total > bill.draft.total
    currency, days = bill.draft.currency, bill.run.days
    return AffectedBill(
        public_id=bill.public_id,
        number=bill.number,
        account_number=bill.account.number,
        first_day=days.lower,
        until_day=days.upper,
        before=amounts.money(bill.draft.total, currency),
        now=None if total is None else amounts.money(total, currency),
        is_too_old=is_more and cut is not None and days.upper <= cut,
    )
