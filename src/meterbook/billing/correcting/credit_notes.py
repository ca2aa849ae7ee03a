"""The content of a credit note ("meterbook-credit-note/1"): the mirror of a bill. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from meterbook.billing import content

FORMAT = "meterbook-credit-note/1"
Plain = Mapping[str, Any]


@dataclass(frozen=True)
class Credited:
    """The bill that is taken back, and why."""

    plain: Plain
    public_id: str
    number: str
    digest: str
    bill_date: date
    due_date: date
    reason: str


def build(credited: Credited) -> bytes:
    """This will make the content of a credit note: each line, tax and sum of the bill with the other sign.

    A line of 12.50 becomes -12.50; together with the bill everything sums to zero.
    """
    plain = credited.plain
    kept = ("organization", "site", "account", "customer", "currency", "period", "language")
    return content.canonical(
        {
            "format": FORMAT,
            **{key: plain[key] for key in kept if key in plain},
            "bill": {
                "public_id": credited.public_id,
                "number": credited.number,
                "digest": credited.digest,
                "bill_date": credited.bill_date.isoformat(),
                "due_date": credited.due_date.isoformat(),
                "total": plain["total"],
            },
            "reason": credited.reason,
            "meter_points": [_point(each) for each in plain["meter_points"]],
            **_others(plain),
            "net": _turned(plain["net"]),
            "tax": _turned(plain["tax"]),
            "taxes": [
                {**each, "base": _turned(each["base"]), "amount": _turned(each["amount"])} for each in plain["taxes"]
            ],
            "total": _turned(plain["total"]),
        }
    )


def _others(plain: Plain) -> dict[str, Any]:
    """Shared costs, and what the bill settled of earlier ones: keys that are there only where the bill has them."""
    costs = [
        {**{key: each[key] for key in ("pool", "sheet")}, "amount": _turned(each["amount"])}
        for each in plain.get("shared_costs", ())
    ]
    settled = [
        {**{key: each[key] for key in ("bill", "from", "until")}, "net": _turned(each["net"])}
        for each in plain.get("settlements", ())
    ]
    return {**({"shared_costs": costs} if costs else {}), **({"settlements": settled} if settled else {})}


def _point(plain: Plain) -> dict[str, Any]:
    kept = ("public_id", "code", "name", "unit_name", "service", "unit", "decimals", "from", "until", "quantity")
    return {
        **{key: plain[key] for key in kept},
        "charges": [
            {
                "from": each["from"],
                "until": each["until"],
                "tariff": {key: each["tariff"][key] for key in ("code", "name", "version")},
                "lines": [_line(line) for line in each["lines"]],
                "net": _turned(each["net"]),
            }
            for each in plain["charges"]
        ],
    }


def _line(plain: Plain) -> dict[str, Any]:
    kept = ("code", "component", "text", "service", "quantity", "unit", "price")
    return {**{key: plain[key] for key in kept if key in plain}, "amount": _turned(plain["amount"])}


def _turned(amount: str) -> str:
    turned = -Decimal(amount)
    return str(turned if turned else abs(turned))
