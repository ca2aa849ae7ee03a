"""What each service of a bill comes to, with its taxes (M-091): an optional key of "meterbook-bill/1".

Each tax is rounded once for the whole bill (B-67); here it is divided among the services that it is on, so that they
sum to it. What a bill settles of earlier ones is not among it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from meterbook.billing.content import shared_costs
from meterbook.billing.content.parts import Charge, Plain, Point
from meterbook.kernel import allocation
from meterbook.kernel import currency as currencies
from meterbook.tariffs.rating.lines import Line, TaxLine

Charges = Sequence[tuple[Point, Charge]]
_KINDS = frozenset({"inclusive", "exempt", "reverse_charge"})


def of_line(point: Point, line: Line) -> str:
    """This will return the service that a line is for: that of its component, else that of the meter point."""
    service: str = line.trace.get("service", point.service)
    return service


def section(
    charges: Charges, shared: Sequence[shared_costs.Shared], taxes: Iterable[TaxLine], currency: str
) -> dict[str, Any]:
    """This will return what is added to a bill of several services: nothing to one of a single service.

    Electricity 10.00 and water 5.01 with 0.21 on both: of 3.15 are 2.10 on the one and 1.05 on the other.
    """
    nets = _nets(charges, shared)
    if len(nets) < 2:
        return {}
    parts: dict[str, list[Plain]] = {each: [] for each in nets}
    held: dict[str, dict[str, Decimal]] = {}
    for tax in taxes:
        bases = _bases(tax, charges, shared, currency)
        for earlier in tax.trace.get("taxes", ()):
            for service, amount in held.get(earlier, {}).items():
                bases[service] = bases.get(service, Decimal(0)) + amount
        own = _divided(tax.amount, bases, currency)
        before = held.setdefault(tax.code, {})
        for service, amount in own.items():
            before[service] = before.get(service, Decimal(0)) + amount
            nets[service] -= amount if tax.is_inclusive else 0
            told = {"code": tax.code, "text": tax.text, "rate": str(tax.rate), "base": str(bases[service])}
            parts[service].append({**told, "amount": str(amount)})
    return {"services": [_told(service, nets[service], parts[service]) for service in nets]}


def _told(service: str, net: Decimal, taxes: list[Plain]) -> Plain:
    due = sum((Decimal(each["amount"]) for each in taxes), Decimal(0))
    return {"service": service, "net": str(net), "taxes": taxes, "tax": str(due), "total": str(net + due)}


def _nets(charges: Charges, shared: Sequence[shared_costs.Shared]) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for point, charge in charges:
        for line in charge.rated.lines:
            service = of_line(point, line)
            found[service] = found.get(service, Decimal(0)) + line.amount
    if shared:
        found[shared_costs.SERVICE] = shared_costs.net(shared)
    return found


def _bases(tax: TaxLine, charges: Charges, shared: Sequence[shared_costs.Shared], currency: str) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for point, charge in charges:
        if not any(_is_same(tax, each) for each in charge.rated.taxes):
            continue
        for line in charge.rated.lines:
            if line.component in charge.tariff.taxed.get(tax.code, ()):
                service = of_line(point, line)
                found[service] = found.get(service, Decimal(0)) + line.amount
    for each in shared_costs.taxes(shared, currency):
        if _is_same(tax, each):
            found[shared_costs.SERVICE] = found.get(shared_costs.SERVICE, Decimal(0)) + each.base
    return found


def _is_same(tax: TaxLine, other: TaxLine) -> bool:
    return (tax.code, tax.rate, _kind(tax.trace)) == (other.code, other.rate, _kind(other.trace))


def _kind(trace: Mapping[str, Any]) -> frozenset[str]:
    return _KINDS & trace.keys()


def _divided(amount: Decimal, bases: Mapping[str, Decimal], currency: str) -> dict[str, Decimal]:
    """By the bases, exactly. Where one is a credit beside others, the largest takes what the others leave."""
    places = currencies.minor_units(currency)
    minor = int(amount.scaleb(places))
    if not minor or not bases:
        return {each: Decimal(0).scaleb(-places) for each in bases}
    weights = {key: abs(base) for key, base in bases.items()}
    signs = {base < 0 for base in bases.values() if base}
    if len(signs) == 1:
        return {key: Decimal(part).scaleb(-places) for key, part in allocation.allocate(minor, weights).items()}
    whole = sum(bases.values(), Decimal(0))
    largest = max(sorted(bases), key=lambda each: weights[each])
    parts = {key: round(minor * base / whole) if whole and key != largest else 0 for key, base in bases.items()}
    parts[largest] = minor - sum(parts.values())
    return {key: Decimal(part).scaleb(-places) for key, part in parts.items()}
