"""What portions came to, added up; parts that several workers priced are put together again."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from meterbook.billing.calculating import facts, measured
from meterbook.billing.queries.amounts import money
from meterbook.billing.whatif import asked as asking
from meterbook.billing.whatif import history, pricing
from meterbook.customers import queries as customer_queries
from meterbook.kernel.money import Money
from meterbook.metering.values import Service
from meterbook.tariffs.rating.document import TariffDocument, Text

_LineKey = tuple[str, str, int | None, str]


@dataclass
class Account:
    """What an account came to; see `asking.AccountResult`."""

    bills: int = 0
    months: int = 0
    before: Decimal = Decimal(0)
    after: Decimal = Decimal(0)
    is_touched: bool = False
    troubles: list[asking.Trouble] = field(default_factory=list)

    @property
    def written(self) -> list[list[Any]]:
        """Its troubles as JSON can hold them; see `troubles_of`."""
        return [[each.first_day.isoformat(), each.until_day.isoformat(), list(each.reasons)] for each in self.troubles]


def troubles_of(written: Iterable[Sequence[Any]]) -> list[asking.Trouble]:
    """This will read troubles as they were written."""
    return [
        asking.Trouble(date.fromisoformat(first), date.fromisoformat(until), reasons)
        for first, until, reasons in written
    ]


@dataclass
class _Line:
    text: Text
    unit: str
    is_use: bool
    quantity: Decimal = Decimal(0)
    amount: Decimal = Decimal(0)
    accounts: set[int] = field(default_factory=set)
    others: int = 0  # accounts of other parts


class Sums:
    """Adds portions up; `elsewhere` counts accounts that are left out because they have another currency."""

    def __init__(self, chosen: facts.Tariff | None) -> None:
        self._chosen = chosen
        self.accounts: dict[int, Account] = defaultdict(Account)
        self._months: dict[date, list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0), Decimal(0)])
        self._lines: dict[_LineKey, _Line] = {}
        self._names: dict[tuple[str, str], Text] = {}
        self._services: set[Service] = set()
        self.elsewhere = 0

    @property
    def has_any(self) -> bool:
        """Whether anything was added."""
        return bool(self.accounts)

    def add(self, portion: history.Portion, found: pricing.Compared) -> None:
        """This will add what a portion came to."""
        month = self._months[portion.run.first_day.replace(day=1)]
        for account_id in portion.accounts:
            own = self.accounts[account_id]
            if account_id in found.held:
                reasons = found.held[account_id][: asking.NAMED]
                own.troubles.append(asking.Trouble(portion.run.first_day, portion.run.until_day, reasons))
                continue
            before, after = found.before[account_id], found.after[account_id]
            own.before, own.after = own.before + before, own.after + after
            own.bills, own.months = own.bills + bool(portion.issued), own.months + (not portion.issued)
            month[0], month[1], month[2] = month[0] + 1, month[1] + before, month[2] + after
        for piece in pricing.touched(found.priced.pieces, self._chosen):
            if piece.share.account_id not in found.held:
                self.accounts[piece.share.account_id].is_touched = True
                self._services.add(piece.point.service)
                self._note(piece, found.priced.rated[id(piece)][1].lines)

    def _note(self, piece: measured.Piece, lines: Sequence[Any]) -> None:
        code, document = piece.tariff.code, piece.version.document
        for line in lines:
            tier, period = line.trace.get("tier"), line.trace.get("period", "")
            key = code, line.component, tier, period if isinstance(period, str) else ""
            own = self._lines.get(key)
            if own is None:
                text = line.text if key[3] and tier is None else self._name(code, document, line.component)
                own = self._lines[key] = _Line(text, line.unit, line.unit == document.unit.value)
            own.amount += line.amount
            if own.is_use and "/" not in line.quantity:
                own.quantity += Decimal(line.quantity)
            if line.amount:
                own.accounts.add(piece.share.account_id)

    def _name(self, code: str, document: TariffDocument, component: str) -> Text:
        if (code, component) not in self._names:
            self._names |= {(code, each.code): each.name for each in document.components}
        return self._names[code, component]

    def plain(self) -> dict[str, Any]:
        """This will return all but the accounts as JSON can hold it, amounts as text; see `merged`."""
        return {
            "months": {month.isoformat(): [str(each) for each in own] for month, own in self._months.items()},
            "lines": [
                [
                    list(key),
                    dict(each.text),
                    each.unit,
                    each.is_use,
                    str(each.quantity),
                    str(each.amount),
                    len(each.accounts) + each.others,
                ]
                for key, each in self._lines.items()
            ],
            "services": sorted(self._services),
            "elsewhere": self.elsewhere,
        }

    @classmethod
    def merged(cls, parts: Iterable[Mapping[str, Any]]) -> Sums:
        """This will put parts together (`plain`), none of which has an account of another."""
        made = cls(None)
        for part in parts:
            made._take(part)
        return made

    def _take(self, part: Mapping[str, Any]) -> None:
        for day, figures in part["months"].items():
            month = self._months[date.fromisoformat(day)]
            month[:] = [own + Decimal(each) for own, each in zip(month, figures, strict=True)]
        for (code, component, tier, period), text, unit, is_use, quantity, amount, accounts in part["lines"]:
            line = self._lines.setdefault((code, component, tier, period), _Line(text, unit, is_use))
            line.quantity, line.amount = line.quantity + Decimal(quantity), line.amount + Decimal(amount)
            line.others += accounts
        self._services |= {Service(each) for each in part["services"]}
        self.elsewhere += part["elsewhere"]

    def months(self, currency: str) -> tuple[asking.MonthResult, ...]:
        """This will return the months, in their order."""
        return tuple(
            asking.MonthResult(month, int(count), money(before, currency), money(after, currency))
            for month, (count, before, after) in sorted(self._months.items())
            if count
        )

    def lines(self, currency: str) -> tuple[asking.LineResult, ...]:
        """This will return what components bring."""
        return tuple(
            asking.LineResult(
                tariff=code,
                text=own.text,
                tier=tier,
                unit=own.unit,
                quantity=own.quantity if own.is_use else None,
                amount=money(own.amount, currency),
                accounts=len(own.accounts) + own.others,
            )
            for (code, _component, tier, _period), own in self._lines.items()
        )

    @property
    def services(self) -> tuple[Service, ...]:
        """Those whose meter points get the chosen prices."""
        return tuple(sorted(self._services))

    def result(self, accounts: Mapping[int, customer_queries.AccountRow], currency: str) -> asking.Result:
        """This will write it for readers, amounts in the decimals of the currency."""
        rows = [account_result(accounts[key], own, currency) for key, own in self.accounts.items()]
        rows.sort(key=lambda each: (-each.change.amount, each.number))
        return asking.Result(
            currency=currency,
            accounts=tuple(rows),
            months=self.months(currency),
            lines=self.lines(currency),
            elsewhere=self.elsewhere,
            services=self.services,
            counts=Counter(each.verdict for each in rows),
        )


def account_result(account: customer_queries.AccountRow, own: Account, currency: str) -> asking.AccountResult:
    """This will write an account for readers."""

    def told(amount: Decimal) -> Money:
        return money(amount, currency)

    return asking.AccountResult(
        public_id=account.public_id,
        number=account.number,
        customer_name=account.customer_name,
        site_name=account.site_name,
        bills=own.bills,
        months=own.months,
        is_touched=own.is_touched,
        before=told(own.before),
        after=told(own.after),
        troubles=tuple(own.troubles),
    )
