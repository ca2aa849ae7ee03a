"""What a bill posts, and its sums by tariff."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from meterbook.billing.content import services, shared_costs
from meterbook.billing.content.digests import credit_code, income_code, tax_code
from meterbook.billing.content.parts import Charge, Point
from meterbook.kernel import allocation
from meterbook.kernel import currency as currencies
from meterbook.tariffs.rating.lines import TaxLine


def postings(
    charges: Sequence[tuple[Point, Charge]],
    shared: Sequence[shared_costs.Shared],
    taxes: Iterable[TaxLine],
    currency: str,
    *,
    is_internal: bool = False,
) -> tuple[tuple[str, int], ...]:
    """This will return income by service and component, and each tax: credits of a bill. Sums of zero are left out.

    :param is_internal: for a cost center, which has no taxes: recovery by service
    """
    places = currencies.minor_units(currency)
    sums: dict[str, Decimal] = {}
    for point, charge in charges:
        for line in charge.rated.lines:
            service = services.of_line(point, line)
            code = credit_code(currency, service, line.component, is_internal=is_internal)
            sums[code] = sums.get(code, Decimal(0)) - line.amount
    for code, amount in shared_costs.incomes(shared, currency, is_internal=is_internal).items():
        sums[code] = sums.get(code, Decimal(0)) - amount
    for tax in taxes:
        if tax.is_inclusive:
            _take_out(tax, charges, sums, currency)
        code = tax_code(currency, tax.code)
        sums[code] = sums.get(code, Decimal(0)) - tax.amount
    return tuple((code, int(amount.scaleb(places))) for code, amount in sorted(sums.items()) if amount)


def _take_out(tax: TaxLine, charges: Iterable[tuple[Point, Charge]], sums: dict[str, Decimal], currency: str) -> None:
    """A tax that the prices hold is no income: it is taken out of the incomes it is in, by their amounts."""
    weights: dict[str, Decimal] = {}
    for point, charge in charges:
        for line in charge.rated.lines:
            if line.component in tax.trace["components"]:
                code = income_code(currency, services.of_line(point, line), line.component)
                weights[code] = weights.get(code, Decimal(0)) + line.amount
    usable = {code: weight for code, weight in weights.items() if weight > 0}
    if not tax.amount or not usable:
        return
    places = currencies.minor_units(currency)
    for code, share in allocation.allocate(int(tax.amount.scaleb(places)), usable).items():
        sums[code] += Decimal(share).scaleb(-places)


def nets(
    charges: Iterable[tuple[Point, Charge]], shared: Sequence[shared_costs.Shared]
) -> tuple[tuple[str, Decimal], ...]:
    """This will return what is charged before taxes, by the code of the tariff."""
    sums: dict[str, Decimal] = {}
    for _point, charge in charges:
        sums[charge.tariff.code] = sums.get(charge.tariff.code, Decimal(0)) + charge.rated.net
    return tuple(sorted((sums | shared_costs.nets(shared)).items()))
