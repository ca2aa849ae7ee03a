"""What accounts keep of energy fed in by tariffs whose banks another tariff does not go on with (M-057)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from meterbook.customers import models as customer_models
from meterbook.tariffs import queries as tariff_queries
from meterbook.tariffs.rating import bank_changes
from meterbook.tariffs.rating.document import TariffDocument, Text


@dataclass(frozen=True)
class WaitingBank:
    """A bank of a present tariff that nothing pays from by the other one; what it holds stays, and waits."""

    tariff_code: str
    code: str
    name: Text


def waiting(contracts: Sequence[customer_models.Contract], wanted: TariffDocument, on: date) -> tuple[WaitingBank, ...]:
    """This will return the banks of the tariffs of contracts (with them) in force on a day that would wait."""
    present = {each.tariff.code: each.tariff.public_id for each in contracts}
    found = []
    for code, public_id in sorted(present.items()):
        version = tariff_queries.get_tariff(public_id=public_id, on=on).current
        if version is not None:
            lost = bank_changes.forgotten(version.document, wanted)
            found += [WaitingBank(code, each.code, each.name) for each in lost]
    return tuple(found)
