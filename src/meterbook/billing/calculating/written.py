"""What bills of one plan say that differs from bill to bill, in columns: numbers, names, digests, postings."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

import numpy as np

from meterbook.billing import content
from meterbook.billing.calculating import headings, measured
from meterbook.billing.calculating.registers import Stretch
from meterbook.billing.content import building, digests, forms
from meterbook.billing.content.forms import Place
from meterbook.kernel import currency as currencies
from meterbook.kernel import rounding
from meterbook.tariffs.rating.columns import Column, Table
from meterbook.tariffs.rating.plan import Plan

_POINT: Place = ("meter_points", 0)
_SEGMENT: Place = (*_POINT, "segments", 0)
_CHARGE: Place = (*_POINT, "charges", 0)
_NAMED: tuple[Place, ...] = (
    ("account",),
    ("customer",),
    ("inputs_digest",),
    (*_POINT, "public_id"),
    (*_POINT, "code"),
    (*_POINT, "name"),
    (*_POINT, "unit_name"),
    (*_POINT, "quantity"),
    (*_POINT, "daily_average"),
    (*_POINT, "adjustment"),
    (*_POINT, "history"),
    (*_SEGMENT, "serial"),
    (*_SEGMENT, "previous", "value"),
    (*_SEGMENT, "present", "value"),
    (*_SEGMENT, "difference"),
    (*_SEGMENT, "quantity"),
    (*_POINT, "reference", "series"),
    (*_POINT, "reference", "revision"),
    (*_POINT, "reference", "digest"),
    (*_CHARGE, "quantity"),
)


class Candidate(NamedTuple):
    """A piece that is all of its account's bill, with its only segment, its blocks and its months."""

    piece: measured.Piece
    stretch: Stretch
    reference: content.Reference
    history: Sequence[content.Month]


@dataclass(frozen=True)
class _Line:
    """A line of all accounts as it is written; `quantity` and `exact` None where all have the same."""

    quantity: list[str] | None
    exact: list[str]
    amount: list[str]


class Writer:
    """Writes what differs; `number` is always the place of an account among those of the table."""

    def __init__(
        self, plan: Plan, table: Table, totals: Sequence[int], tariff: content.TariffFacts, service: str
    ) -> None:
        """Take accounts priced in columns, what each used, and what is the same for all of them."""
        document, days, decimals = plan.document, len(plan.days), plan.scale.decimals
        self._currency, self.totals, self._tariff = document.currency, totals, tariff
        self._places = places = currencies.minor_units(document.currency)
        self._lines = [_line(each, document.decimals, places) for each in table.lines]
        there = [each.is_there[:, None] for each in table.lines]
        self._shapes: list[bytes] = [bytes(each) for each in np.concatenate([*there, table.has_period], axis=1)]
        self._own: dict[bytes, tuple[list[_Line], list[list[str]]]] = {}
        self._taxes = len(table.taxes)
        self._periods = [forms.amounts(own, document.decimals) for own in table.periods.T.tolist()]
        tax = sum((due for _base, due in table.taxes), np.zeros(len(table.net), np.int64))
        self._net, self._total = table.net.tolist(), (table.net + tax).tolist()
        sums = [table.net, table.net, tax, table.net + tax, *(each for own in table.taxes for each in own)]
        self._sums = list(zip(*(forms.amounts(each.tolist(), places) for each in sums), strict=True))
        self._a_day = forms.amounts((rounding.divide(each, days) for each in totals), decimals)
        self._charge = building.charge_words(plan.period, tariff)
        self._postings = list(self._posted(table, [each.code for each in document.taxes], service))

    def _posted(self, table: Table, taxes: Sequence[str], service: str) -> Iterator[tuple[str, list[int]]]:
        """Credits by ledger code, in their order."""
        sums: dict[str, np.ndarray[tuple[int], np.dtype[np.int64]]] = {}
        for each in table.lines:
            code = digests.income_code(self._currency, service, each.component)
            sums[code] = sums.get(code, 0) - np.where(each.is_there, each.amount, 0)
        for tax, (_base, due) in zip(taxes, table.taxes, strict=True):
            code = digests.tax_code(self._currency, tax)
            sums[code] = sums.get(code, 0) - due
        for code, own in sorted(sums.items()):
            yield code, own.tolist()

    def shape(self, number: int) -> bytes:
        """This will return which lines and periods the bill of an account has."""
        return self._shapes[number]

    def places(self, number: int, *, has_last_year: bool) -> list[Place]:
        """This will return where bills of the shape of an account differ, in the order of `values`."""
        found: list[Place] = [*_NAMED, *([(*_POINT, "last_year")] if has_last_year else [])]
        lines, periods = self._own_columns(number)
        found += [(*_CHARGE, "periods", place, "quantity") for place in range(len(periods))]
        for place, line in enumerate(lines):
            names = ("amount",) if line.quantity is None else ("quantity", "exact", "amount")
            found += [(*_CHARGE, "lines", place, name) for name in names]
        found += [(*_CHARGE, "net"), ("net",), ("tax",), ("total",)]
        for place in range(self._taxes):
            found += [("taxes", place, "base"), ("taxes", place, "amount")]
        return found

    def values(self, number: int, one: Candidate, head: headings.Head, inputs: str) -> list[str]:
        """This will return what the bill of an account says at these places, as JSON."""
        piece, stretch, total, used = one.piece, one.stretch, self.totals[number], one.reference
        point, previous, present = piece.point, stretch.previous.value, stretch.present.value
        history = list(map(_month, one.history[-building.HISTORY :]))
        found = [
            head.account,
            head.customer,
            f'"{inputs}"',
            f'"{point.public_id}"',
            forms.text(point.code),
            forms.text(point.name),
            forms.text(point.unit_name),
            str(total),
            self._a_day[number],
            str(total - stretch.quantity),
            f"[{','.join(history)}]",
            forms.text(stretch.meter.serial),
            str(previous),
            str(present),
            str(present - previous),
            str(stretch.quantity),
            f'"{used.series}"',
            str(used.revision),
            f'"{used.digest}"',
            str(total),
            *([_month(one.history[-building.HISTORY - 1])] if has_last_year(one.history) else []),
        ]
        lines, periods = self._own_columns(number)
        found += [each[number] for each in periods]
        for line in lines:
            if line.quantity is not None:
                found += [line.quantity[number], line.exact[number]]
            found.append(line.amount[number])
        found += self._sums[number]
        return found

    def content(self, number: int, one: Candidate, head: headings.Head, form: forms.Form) -> content.Content:
        """This will write the content of an account."""
        inputs = self._inputs(one)
        data = form.written(self.values(number, one, head, inputs))
        net = Decimal(self._net[number]).scaleb(-self._places)
        return content.Content(
            data=data,
            digest=digests.sha256(data),
            inputs_digest=inputs,
            currency=self._currency,
            net=net,
            total=Decimal(self._total[number]).scaleb(-self._places),
            is_estimated=False,
            is_apportioned=False,
            is_vacancy=one.piece.share.contract_id is None,
            postings=tuple((code, own[number]) for code, own in self._postings if own[number]),
            nets=((self._tariff.code, net),),
        )

    def _own_columns(self, number: int) -> tuple[list[_Line], list[list[str]]]:
        """Lines and periods that the bill of an account has."""
        shape = self._shapes[number]
        if shape not in self._own:
            flags = [bool(each) for each in shape]
            lines = [each for each, is_there in zip(self._lines, flags, strict=False) if is_there]
            periods = [each for each, has in zip(self._periods, flags[len(self._lines) :], strict=True) if has]
            self._own[shape] = lines, periods
        return self._own[shape]

    def _inputs(self, one: Candidate) -> str:
        stretch, cut = one.stretch, one.piece.span.cut
        previous, present = stretch.previous, stretch.present
        ends = f"{_text_of(previous.at)} {previous.value} {_text_of(present.at)} {present.value}"
        return building.digest_of(
            [
                building.blocks_words(one.reference, cut, len(one.piece.span.days)),
                f"{stretch.meter.serial} {ends} {_text_of(stretch.multiplier)}",
                self._charge,
            ]
        )


_text_of = functools.lru_cache(maxsize=1_024)(str)  # of instants and multipliers, that most bills of a run share


def has_last_year(history: Sequence[content.Month]) -> bool:
    """This will tell whether a bill names the same month of the year before."""
    before = history[: -building.HISTORY]
    return bool(before) and before[-1].quantity is not None


def _line(column: Column, decimals: int, places: int) -> _Line:
    amount = forms.amounts(column.amount.tolist(), places)
    if column.quantity is None or column.exact is None:
        return _Line(None, [], amount)
    exact = forms.amounts(column.exact.tolist(), column.places)
    return _Line(forms.amounts(column.quantity.tolist(), decimals), exact, amount)


def _month(month: content.Month) -> str:
    quantity = "null" if month.quantity is None else month.quantity
    return f"{_month_head(month.first, month.days, month.is_estimated)}{quantity}}}"


@functools.lru_cache(maxsize=256)
def _month_head(first: date, days: int, is_estimated: bool) -> str:
    flag = "true" if is_estimated else "false"
    named = first.isoformat()[: len("2026-01")]
    return f'{{"days":{days},"is_estimated":{flag},"month":"{named}","quantity":'
