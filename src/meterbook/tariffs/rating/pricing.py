"""From what was used to priced lines: the components in their order, then taxes."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from meterbook.tariffs.rating import (
    bank_waiting,
    lengths,
    lines,
    measured,
    pricing_bank,
    pricing_bank_end,
    pricing_bill,
    pricing_delta_t,
    pricing_energy,
    pricing_factor,
    pricing_fixed,
    pricing_power,
    taxing,
)
from meterbook.tariffs.rating.account import Account
from meterbook.tariffs.rating.document import Component
from meterbook.tariffs.rating.inputs import Inputs
from meterbook.tariffs.rating.lines import Line, PeriodTotal, Rated
from meterbook.tariffs.rating.plan import Plan
from meterbook.tariffs.rating.terms import Charge

_HANDLERS: dict[Charge, Callable[[Account, Component], Iterable[Line]]] = {
    Charge.ENERGY: pricing_energy.lines_of,
    Charge.FIXED_DAILY: pricing_fixed.daily,
    Charge.FIXED_MONTHLY: pricing_fixed.monthly,
    Charge.FIXED_YEARLY: pricing_fixed.yearly,
    Charge.FIXED_PERIOD: pricing_fixed.of_period,
    Charge.ONE_OFF: pricing_fixed.once,
    Charge.DEMAND: pricing_power.demand,
    Charge.POWER_FACTOR: pricing_factor.power_factor,
    Charge.LOW_DELTA_T: pricing_delta_t.low_delta_t,
    Charge.DISCOUNT: pricing_bill.discount,
    Charge.SURCHARGE: pricing_bill.surcharge,
    Charge.MINIMUM_BILL: pricing_bill.minimum,
    Charge.MAXIMUM_BILL: pricing_bill.maximum,
    Charge.PASS_THROUGH: pricing_bill.pass_through,
    Charge.COST_CAP: pricing_bill.cost_cap,
    Charge.CREDIT_BANK: pricing_bank.credit_bank,
    Charge.BANK_END: pricing_bank_end.for_good,
}


def price(plan: Plan, used: measured.Measured, inputs: Inputs) -> Rated:
    """This will price what an account used.

    What banks of earlier tariffs hold is settled where the contract ends.

    :raises UsageMisfit: when the usage is not what the tariff needs
    :raises InputMissing: when something of the account is not known
    """
    if inputs.is_final_period and inputs.waiting_banks:
        plan = bank_waiting.settling(plan, inputs.waiting_banks)
    document = plan.document
    account = Account(plan, used, inputs)
    for component in document.components:
        if _applies(account, component):
            account.lines.extend(_under_service(component, _HANDLERS[component.charge](account, component)))
    taxes = taxing.taxes(plan, account.lines, inputs, used.delivered)
    zero = lines.zero(plan)
    gross = sum((line.amount for line in account.lines), zero)
    held = sum((tax.amount for tax in taxes if tax.is_inclusive), zero)
    added = sum((tax.amount for tax in taxes if not tax.is_inclusive), zero)
    return Rated(
        currency=document.currency,
        periods=_periods(account),
        lines=tuple(account.lines),
        net=gross - held,
        taxes=taxes,
        total=gross + added,
    )


def _under_service(component: Component, found: Iterable[Line]) -> Iterable[Line]:
    """Lines of a component that is for another service than the meter, such as sewer, say so."""
    if not component.service:
        return found
    return [each._replace(trace={**each.trace, "service": component.service}) for each in found]


def _applies(account: Account, component: Component) -> bool:
    """Whether a component is charged at this usage, in these seasons."""
    if component.seasons and account.plan.days and not lengths.days_of(account.plan, component):
        return False
    condition = component.only_if
    if condition is None:
        return True
    usage = account.plan.number(sum(account.imported))
    return (condition.above is None or usage > condition.above) and (
        condition.up_to is None or usage <= condition.up_to
    )


def _periods(account: Account) -> tuple[PeriodTotal, ...]:
    plan, billed = account.plan, account.imported
    counts = lines.folded(plan, account.used.counts)
    return tuple(
        PeriodTotal(period.code, period.name, plan.number(units), count)
        for period, units, count in zip(plan.document.periods, billed, counts, strict=True)
        if count or units
    )
