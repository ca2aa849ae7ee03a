"""What banks hold, as the traces of lines tell it to the bills after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from meterbook.tariffs.rating.inputs import NOTHING_BANKED, Banked
from meterbook.tariffs.rating.lines import Line

STATE = "bank_state"  # of a trace: what the next bill goes on from
TAKEN = "bank_taken"  # of a trace: the component whose bank was taken over, which holds nothing since
_SUMS = ("balance", "imported", "exported", "earned")


def before(known: Mapping[str, Banked], component: str, continues: str) -> Banked:
    """This will return what a component's bank holds at first: its own, and that of a component that it continues."""
    own = known.get(component, NOTHING_BANKED)
    return added(own, known[continues]) if continues in known else own


def taken(known: Mapping[str, Banked], continues: str) -> dict[str, str]:
    """This will return what a trace says of a bank that is taken over; nothing where there is none."""
    return {TAKEN: continues} if continues in known else {}


def left(found: Sequence[Line]) -> dict[str, dict[str, Any]]:
    """This will return what lines leave in banks, by component, as `written` put it down."""
    gone = {each.trace[TAKEN]: written(NOTHING_BANKED) for each in found if TAKEN in each.trace}
    return gone | {each.component: each.trace[STATE] for each in found if STATE in each.trace}


def written(held: Banked) -> dict[str, Any]:
    """This will write down what a bank holds, without what is nothing."""
    found: dict[str, Any] = {"balance": str(held.balance)}
    if held.year_from is not None:
        found["year_from"] = held.year_from.isoformat()
    found |= {key: str(getattr(held, key)) for key in ("imported", "exported", "earned") if getattr(held, key)}
    if held.periods:
        found["periods"] = {code: str(value) for code, value in held.periods.items()}
    return found


def added(one: Banked, other: Banked, *, sign: int = 1) -> Banked:
    """This will return what two banks hold together (with -1: without the other), period by period.

    The year is that of the first of them that has one.
    """
    sums = {key: getattr(one, key) + sign * getattr(other, key) for key in _SUMS}
    codes = sorted(one.periods.keys() | other.periods.keys())
    periods = {code: one.periods.get(code, Decimal(0)) + sign * other.periods.get(code, Decimal(0)) for code in codes}
    kept = {code: value for code, value in periods.items() if value}
    return Banked(year_from=one.year_from or other.year_from, periods=kept, **sums)
