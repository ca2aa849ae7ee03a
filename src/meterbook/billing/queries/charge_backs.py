"""The journal of charge-backs: what cost centers were charged, against what was recovered, as the ledger posted it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from django.db.models import QuerySet, Sum

from meterbook.billing import content, models
from meterbook.billing.queries.amounts import money
from meterbook.customers import queries as customer_queries
from meterbook.foundation import scoping
from meterbook.kernel.money import Money
from meterbook.ledger import queries as ledger_queries
from meterbook.ledger import values as ledger_values


class JournalLine(NamedTuple):
    """One side of a posting: a debit is positive, a credit negative; `service` is empty for the cost center's own.

    `number` is that of the statement, or of what took it back; `source` the public id of the statement.
    """

    posted_date: date
    number: str
    source: uuid.UUID
    transaction: uuid.UUID
    cost_center: customer_queries.AccountRow
    account_code: str
    service: str
    amount: Money


class CurrencyCheck(NamedTuple):
    """The journal of a currency: debits and credits sum to zero, and cost centers bear what their statements say."""

    currency: str
    debits: Money
    credits: Money
    charged: Money
    statements: Money

    @property
    def is_balanced(self) -> bool:
        """Whether debits and credits sum to zero."""
        return not (self.debits + self.credits).amount

    @property
    def is_equal(self) -> bool:
        """Whether what was charged is what statements, less those taken back, come to."""
        return self.charged == self.statements


@dataclass(frozen=True)
class Journal:
    """Charge-backs posted on the days [starts_on, ends_on)."""

    starts_on: date
    ends_on: date
    lines: tuple[JournalLine, ...]
    checks: tuple[CurrencyCheck, ...]

    @property
    def is_sound(self) -> bool:
        """Whether it balances to zero and equals the statements, in each currency."""
        return all(each.is_balanced and each.is_equal for each in self.checks)


class Recovered(NamedTuple):
    """What a cost center was charged for a service: of the lines of a journal, the sum."""

    cost_center: customer_queries.AccountRow
    service: str
    amount: Money


def journal_of_charge_backs(
    *, starts_on: date, ends_on: date, site_id: int | None = None, without_sites: frozenset[int] = frozenset()
) -> Journal:
    """This will return what was posted for cost centers on the days [starts_on, ends_on), in the order of posting.

    :param site_id: only cost centers of this site
    """
    found = customer_queries.cost_centers(site_id=site_id, without_sites=without_sites)
    centers = {each.receivable_id: each for each in found}
    posted = ledger_queries.transactions_on(account_ids=centers, starts_on=starts_on, ends_on=ends_on)
    lines = [line for row in posted for line in _lines(row, centers)]
    stated = _stated([each.id for each in centers.values()], starts_on, ends_on)
    checks = [
        _check(currency, lines, stated) for currency in sorted({each.amount.currency for each in lines} | {*stated})
    ]
    return Journal(starts_on, ends_on, tuple(lines), tuple(checks))


def recovered(lines: Iterable[JournalLine]) -> list[Recovered]:
    """This will sum up a journal by cost center and service: what each of them bears is positive."""
    sums: dict[tuple[str, str, str], Recovered] = {}
    for each in lines:
        if each.service:
            key = each.cost_center.number, each.service, each.amount.currency
            before = sums.get(key)
            amount = -each.amount if before is None else before.amount - each.amount
            sums[key] = Recovered(each.cost_center, each.service, amount)
    return [sums[each] for each in sorted(sums)]


def _lines(
    row: ledger_values.TransactionRow, centers: Mapping[int, customer_queries.AccountRow]
) -> Iterable[JournalLine]:
    whose = next(centers[each.account_id] for each in row.entries if each.account_id in centers)
    for each in row.entries:
        kind, *rest = content.parts_of_code(each.account_code)
        service = rest[1] if kind == content.RECOVERY else ""
        yield JournalLine(
            *(row.posted_date, row.text, row.source_id, row.public_id, whose, each.account_code, service, each.amount)
        )


def _stated(account_ids: Sequence[int], starts_on: date, ends_on: date) -> dict[str, Money]:
    """What the statements of these days come to by currency, less those that were taken back in them."""
    organization_id = scoping.current().organization_id
    bills = models.Bill.objects.filter(
        organization_id=organization_id, account_id__in=account_ids, bill_date__gte=starts_on, bill_date__lt=ends_on
    )
    notes = models.CreditNote.objects.filter(
        organization_id=organization_id, account_id__in=account_ids, note_date__gte=starts_on, note_date__lt=ends_on
    )
    sums: dict[str, Money] = {}
    for currency, amount in [*_sums(bills, "draft__currency", "draft__total"), *_sums(notes, "currency", "total")]:
        sums[currency] = sums.get(currency, Money.zero(currency)) + amount
    return sums


def _sums(
    rows: QuerySet[models.Bill] | QuerySet[models.CreditNote], currency: str, total: str
) -> list[tuple[str, Money]]:
    found = rows.order_by(currency).values_list(currency).annotate(sum=Sum(total))
    return [(code, money(amount, code)) for code, amount in found]


def _check(currency: str, lines: Iterable[JournalLine], stated: Mapping[str, Money]) -> CurrencyCheck:
    zero = Money.zero(currency)
    own = [each for each in lines if each.amount.currency == currency]
    return CurrencyCheck(
        currency=currency,
        debits=sum((each.amount for each in own if each.amount.amount > 0), zero),
        credits=sum((each.amount for each in own if each.amount.amount < 0), zero),
        charged=sum((each.amount for each in own if not each.service), zero),
        statements=stated.get(currency, zero),
    )
