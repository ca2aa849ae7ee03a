"""Lines in which two calculations of a bill differ, as pages show them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from meterbook.billing.correction_values import CAUSE_CAPTIONS, LineCause
from meterbook.billing.queries.corrections import Differences, LineRow
from meterbook.kernel.money import Money
from meterbook.web.billing import words


@dataclass(frozen=True)
class Line:
    """A line that differs, as it is shown."""

    name: str
    meter_point: str
    quantity_before: str
    quantity_now: str
    price_before: str
    price_now: str
    before: Money | None
    now: Money | None
    difference: Money
    is_more: bool
    causes: str


def lines(differences: Differences | None) -> list[Line]:
    """This will return the lines that differ."""
    return [_line(each) for each in differences.lines] if differences else []


def causes(found: Sequence[LineCause]) -> str:
    """This will name causes: "Reading, Tariff"."""
    return ", ".join(str(CAUSE_CAPTIONS[each]) for each in found)


def _line(line: LineRow) -> Line:
    return Line(
        name=words.said(line.text),
        meter_point=line.meter_point,
        quantity_before=_counted(line.quantity_before, line.unit),
        quantity_now=_counted(line.quantity_now, line.unit),
        price_before=words.number(line.price_before) if line.price_before else "",
        price_now=words.number(line.price_now) if line.price_now else "",
        before=line.before,
        now=line.now,
        difference=line.difference,
        is_more=line.difference.amount > 0,
        causes=causes(line.causes),
    )


def _counted(quantity: str, unit: str) -> str:
    """A quantity with its unit; empty where there is none to tell."""
    return f"{words.tidy(quantity)}\N{NO-BREAK SPACE}{words.unit_of(unit, quantity)}" if quantity else ""
