"""Packages: a price for each one begun."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

from meterbook.kernel import rounding
from meterbook.tariffs.rating import lines
from meterbook.tariffs.rating.account import Account
from meterbook.tariffs.rating.document import Component
from meterbook.tariffs.rating.lines import Line


def line(
    account: Account,
    component: Component,
    used: Fraction,
    size: Decimal,
    price: Decimal,
    trace: dict[str, Any],
    more: str = "",
    text: dict[str, str] | None = None,
) -> Line:
    """This will price packages begun: 121 in packages of 10 are 13."""
    begun = used / Fraction(size)
    mode = rounding.RoundingMode.FLOOR if component.package_down else rounding.RoundingMode.CEILING
    count = max(rounding.divide(begun.numerator, begun.denominator, mode), 0)
    return lines.line(
        account.plan,
        component,
        quantity=str(count),
        unit=lines.ONCE,
        price=price,
        exact=count * Fraction(price),
        trace={**trace, "package": str(size), "used": str(lines.decimal(used))},
        more=more,
        text=text,
    )
