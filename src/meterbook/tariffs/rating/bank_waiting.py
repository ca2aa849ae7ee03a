"""Banks of an earlier tariff that the present one knows nothing of: they wait, and the contract's end settles them.

Whoever changes to a tariff without a bank keeps what was kept for them; no bill pays from it. When the contract ends
for good, nothing will ever go on with it: it is settled as the version that kept it says (`at_move_out`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from meterbook.kernel.quantity import Unit
from meterbook.tariffs.rating import bank_changes
from meterbook.tariffs.rating.bank_terms import Bank, BankEnd, Holds, YearEnd
from meterbook.tariffs.rating.document import Component, TariffDocument
from meterbook.tariffs.rating.plan import Plan
from meterbook.tariffs.rating.terms import Charge


@dataclass(frozen=True)
class Waiting:
    """A bank that waits, with the terms of the version that kept it: what it `holds`, units in `unit`.

    `taxes` are the codes of the taxes that were on it. Of `terms` only what becomes of it with the end of the contract
    counts.
    """

    code: str
    name: tuple[tuple[str, str], ...]
    holds: Holds
    unit: Unit
    terms: Bank
    taxes: tuple[str, ...] = ()


def of(before: TariffDocument, now: TariffDocument) -> tuple[Waiting, ...]:
    """This will return the banks of an earlier tariff that no component of the present one names."""
    return tuple(
        Waiting(
            code=each.code,
            name=tuple(sorted(each.name.items())),
            holds=Holds.MONEY if each.charge is Charge.CREDIT_BANK else Holds.UNITS,
            unit=before.unit,
            terms=Bank(price=each.bank.price, is_reversed=each.bank.is_reversed, at_move_out=each.bank.at_move_out),
            taxes=tuple(tax.code for tax in before.taxes if each.code in tax.components),
        )
        for each in bank_changes.unnamed(before, now)
        if each.bank is not None
    )


def written(waiting: Waiting) -> dict[str, Any]:
    """This will write a bank down as the inputs of a bill keep it."""
    terms = waiting.terms
    return {
        "code": waiting.code,
        "name": dict(waiting.name),
        "holds": waiting.holds.value,
        "unit": waiting.unit.value,
        "at_move_out": terms.at_move_out.value,
        **({"cash_out": str(terms.price)} if terms.at_move_out is YearEnd.CASH_OUT else {}),
        **({} if terms.is_reversed else {"reversal": "NONE"}),
        **({"taxes": list(waiting.taxes)} if waiting.taxes else {}),
    }


def settled(document: TariffDocument, waiting: Sequence[Waiting]) -> TariffDocument:
    """This will return the document with a BANK_END for each bank, under those of its taxes that were on the bank."""
    own = {each.code for each in document.components}
    codes = {each.code: _free(each.code, own) for each in waiting}
    components = tuple(_end(each, codes[each.code]) for each in waiting)
    taxes = tuple(
        replace(tax, components=tax.components | {codes[each.code] for each in waiting if tax.code in each.taxes})
        for tax in document.taxes
    )
    return replace(document, components=(*document.components, *components), taxes=taxes)


def settling(plan: Plan, waiting: Sequence[Waiting]) -> Plan:
    """This will return the plan of an account whose contract ends, with what settles its banks."""
    return replace(plan, document=settled(plan.document, waiting), _kept={})


def _end(waiting: Waiting, code: str) -> Component:
    terms = waiting.terms
    return Component(
        code=code,
        name=dict(waiting.name),
        charge=Charge.BANK_END,
        is_plain=False,
        bank_end=BankEnd(
            waiting.holds,
            terms.at_move_out,
            terms.price,
            continues="" if code == waiting.code else waiting.code,
            unit=waiting.unit,
            leaving=terms,
        ),
    )


def _free(code: str, taken: set[str]) -> str:
    """The code of the bank, unless a component of the present tariff has it for something else."""
    found, number = code, 1
    while found in taken:
        number += 1
        found = f"{code}_{number}"
    return found
