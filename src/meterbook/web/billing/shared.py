"""Shared costs on the page of a bill, and of whoever bears them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from meterbook.billing.queries import pools as pool_queries
from meterbook.billing.queries import reasons as reason_queries
from meterbook.documents.rendering import shared
from meterbook.web.billing import shared_words as pool_words
from meterbook.web.billing import words


@dataclass(frozen=True)
class SheetLine:
    """An allocation sheet in a list: of which pool, for which days, and what was divided; empty while it waits."""

    public_id: uuid.UUID
    name: str
    days: str
    total: str
    currency: str
    is_replaced: bool
    pool: uuid.UUID
    is_put_off: bool
    reasons: tuple[reason_queries.Reason, ...]


@dataclass(frozen=True)
class Line:
    """What somebody bears of a pool; `sheet` is the id of its allocation sheet."""

    name: str
    member: str
    words: str
    total: str
    part: str
    percent: str
    amount: str
    quantity: str
    sheet: str
    days: str = ""
    currency: str = ""


def read(content: Mapping[str, Any]) -> tuple[Line, ...]:
    """This will return the shares that a bill's content tells of."""
    return tuple(_line(each, content["currency"]) for each in content.get("shared_costs", ()))


def borne(account_ids: Sequence[int]) -> tuple[Line, ...]:
    """This will return what accounts bore last of each pool."""
    return tuple(
        _line(each.told, each.currency, days=pool_words.days(each.first_day, each.until_day))
        for each in pool_queries.borne_by(account_ids=account_ids)
    )


def sheets_of(run: uuid.UUID) -> tuple[SheetLine, ...]:
    """This will return the sheets that a run made."""
    return tuple(
        SheetLine(
            row.public_id,
            pool.name,
            pool_words.days(row.first_day, row.until_day),
            "" if row.total is None else words.amount(str(row.total), row.currency),
            row.currency,
            is_replaced,
            pool.public_id,
            row.is_put_off,
            row.reasons,
        )
        for row, pool, is_replaced in pool_queries.sheets_of_run(run=run)
    )


def _line(told: Mapping[str, Any], currency: str, days: str = "") -> Line:
    quantity = ""
    if told.get("quantity"):
        quantity = f"{words.number(told['quantity'])}\u00a0{pool_words.unit(told['quantity_unit'])}"
    member = told.get("member", {})
    return Line(
        name=shared.named(told, words.language()),
        member=member.get("name") or member.get("code", ""),
        words=pool_words.share(told),
        total=words.amount(told["total"], currency),
        part=words.amount(told.get("part", told["total"]), currency),
        percent=words.tidy(told["percent"]) if told.get("percent") else "",
        amount=words.amount(told["amount"], currency),
        quantity=quantity,
        sheet=told["sheet"]["id"],
        days=days,
        currency=currency,
    )
