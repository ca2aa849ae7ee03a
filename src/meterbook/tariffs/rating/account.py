"""One account while it is priced: what it used, what is known of it, and the lines so far."""

from __future__ import annotations

from decimal import Decimal
from functools import cached_property

from meterbook.tariffs.rating import lines
from meterbook.tariffs.rating.inputs import Inputs
from meterbook.tariffs.rating.lines import Line
from meterbook.tariffs.rating.measured import Measured
from meterbook.tariffs.rating.plan import Plan
from meterbook.tariffs.rating.terms import Channel


class Account:
    """Lines are added in the order of the document's components; later ones are made of earlier ones.

    `billed_demand` holds the power, each in its unit, that DEMAND components charged, for tiers by hours of use.
    """

    def __init__(self, plan: Plan, used: Measured, inputs: Inputs) -> None:
        self.plan, self.used, self.inputs = plan, used, inputs
        self.lines: list[Line] = []
        self.billed_demand: dict[str, Decimal] = {}

    @cached_property
    def imported(self) -> list[int]:
        """Imported units by price period, all seasons and ladder years together."""
        return [self.plan.billed(each) for each in lines.folded(self.plan, self.used.totals[Channel.IMPORT])]

    def net_of(self, components: frozenset[str]) -> Decimal:
        """This will return the sum of the rounded lines of components."""
        return sum((line.amount for line in self.lines if line.component in components), lines.zero(self.plan))
