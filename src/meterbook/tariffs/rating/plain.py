"""Rating results as plain values for JSON: numbers as exact text."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from meterbook.tariffs.rating.lines import Rated


def described(rated: Rated, *, language: str = "en") -> dict[str, Any]:
    """This will return a rating result as plain values, numbers as text."""
    return {
        "currency": rated.currency,
        "periods": [
            {
                "code": each.code,
                "text": _said(each.text, language),
                "quantity": written(each.quantity),
                "intervals": each.intervals,
            }
            for each in rated.periods
        ],
        "lines": [
            {
                "code": each.code,
                "text": _said(each.text, language),
                "quantity": each.quantity,
                "unit": each.unit,
                "price": written(each.price),
                "exact": written(each.exact),
                "amount": written(each.amount),
                "trace": each.trace,
            }
            for each in rated.lines
        ],
        "net": written(rated.net),
        "taxes": [
            {
                "code": each.code,
                "text": _said(each.text, language),
                "rate": written(each.rate),
                "base": written(each.base),
                "amount": written(each.amount),
            }
            for each in rated.taxes
        ],
        "tax": written(rated.total - rated.net),
        "total": written(rated.total),
    }


def written(number: Decimal) -> str:
    """This will write a number out, never with an exponent: 0.00000001, not 1E-8."""
    return f"{number:f}"


def _said(text: Mapping[str, str], language: str) -> str:
    return text.get(language, text["en"])
