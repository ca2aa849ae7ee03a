"""What an account bears of costs that several share, as its bill says it: an optional key of "meterbook-bill/1".

Each is written as the allocation sheet gave it; nothing is worked out here but the tax.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from meterbook.billing.content.digests import credit_code
from meterbook.kernel import currency as currencies
from meterbook.kernel import rounding
from meterbook.tariffs.rating.lines import TaxLine

SERVICE = "POOL"  # in the place of a service in codes of the ledger
LATER = "LATER"  # why nothing of a cost stands on this bill: a later one has it
NET = "pool:"  # before the code of a pool, where sums are kept by the code of the tariff

Shared = Mapping[str, Any]


def section(shared: Sequence[Shared]) -> dict[str, Any]:
    """This will return what is added to a bill: nothing where nothing is shared."""
    return {"shared_costs": [dict(each) for each in shared]} if shared else {}


def net(shared: Iterable[Shared]) -> Decimal:
    """This will return the sum of the shares before tax."""
    return sum((Decimal(each["amount"]) for each in shared), Decimal(0))


def taxes(shared: Iterable[Shared], currency: str) -> list[TaxLine]:
    """This will return the tax on each share; those of one code and rate are summed before they are rounded."""
    places = currencies.minor_units(currency)
    found = []
    for each in shared:
        if tax := each.get("tax"):
            rate, base = Decimal(tax["rate"]), Decimal(each["amount"])
            due = rounding.round_decimal(rounding.EXACT.multiply(base, rate), places, rounding.RoundingMode.HALF_UP)
            found.append(TaxLine(tax["code"], tax["text"], rate, base, due))
    return found


def untaxed(shared: Iterable[Shared]) -> tuple[Shared, ...]:
    """This will return the shares as a cost center bears them: without tax."""
    return tuple({key: value for key, value in each.items() if key != "tax"} for each in shared)


def incomes(shared: Iterable[Shared], currency: str, *, is_internal: bool = False) -> dict[str, Decimal]:
    """This will return the shares by the code of the ledger that they are income, or recovery, of."""
    sums: dict[str, Decimal] = {}
    for each in shared:
        code = credit_code(currency, SERVICE, each["pool"]["code"], is_internal=is_internal)
        sums[code] = sums.get(code, Decimal(0)) + Decimal(each["amount"])
    return sums


def nets(shared: Iterable[Shared]) -> dict[str, Decimal]:
    """This will return the shares by "pool:" and the code of the pool."""
    sums: dict[str, Decimal] = {}
    for each in shared:
        key = f"{NET}{each['pool']['code']}"
        sums[key] = sums.get(key, Decimal(0)) + Decimal(each["amount"])
    return sums


def words(shared: Iterable[Shared]) -> list[str]:
    """This will name the sheets that the figures come from, a line each, for the digest of a bill's inputs."""
    return [f"{each['sheet']['id']} {each['sheet']['digest']} {each['amount']}" for each in shared]
