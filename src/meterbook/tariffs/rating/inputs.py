"""What rating needs besides usage: facts of the account, what came before, invoices, prices. All of it is optional."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from meterbook.kernel.quantity import Unit
from meterbook.tariffs.rating.bank_waiting import Waiting
from meterbook.tariffs.rating.converting import Conversion
from meterbook.tariffs.rating.problems import UsageMisfit
from meterbook.tariffs.rating.registered import Registered

CONTRACTED = "contracted_kw"


class InputMissing(UsageMisfit):
    """The tariff needs something of the account that is not there; `need` and `name` say what."""

    def __init__(self, need: str, name: str, words: str) -> None:
        self.need, self.name = need, name
        super().__init__(words)


@dataclass(frozen=True)
class Exemption:
    """An account does not owe a tax on days from `first` until before `until` (None: open)."""

    tax: str
    certificate: str
    first: date
    until: date | None = None


@dataclass(frozen=True)
class MonthlyDemand:
    """The actual maximum of an earlier bill, by the month in which its period began (B-41).

    `unit` of a maximum that is neither in kW nor in kVA, such as RT of cold.
    """

    month: date
    component: str
    value: Decimal
    unit: Unit | None = None


@dataclass(frozen=True)
class Banked:
    """What a bank holds: `balance` in money or units, and in units by price period where it is kept so.

    Since `year_from`: units `imported` and `exported`, money `earned`.
    """

    balance: Decimal
    year_from: date | None = None
    imported: Decimal = Decimal(0)
    exported: Decimal = Decimal(0)
    earned: Decimal = Decimal(0)
    periods: Mapping[str, Decimal] = field(default_factory=dict)


NOTHING_BANKED = Banked(Decimal(0))


@dataclass(frozen=True)
class History:
    """What earlier bills of the same account leave behind.

    `ladder`: units used since the year of a component's ladder began. `allowance`: unused units carried on. `bank`:
    what is kept of energy fed in, by component.
    """

    demand: tuple[MonthlyDemand, ...] = ()
    ladder: Mapping[str, Decimal] = field(default_factory=dict)
    allowance: Mapping[str, Decimal] = field(default_factory=dict)
    bank: Mapping[str, Banked] = field(default_factory=dict)


@dataclass(frozen=True)
class InvoiceLine:
    """A line of a utility's invoice: what was used, in the unit of the tariff, and what it cost."""

    quantity: Decimal
    amount: Decimal


@dataclass(frozen=True)
class Amount:
    """What was counted beside, or before: by which meters, or in how many days."""

    quantity: Decimal
    unit: Unit
    meters: tuple[str, ...] = ()
    days: int = 0


@dataclass(frozen=True)
class Prices:
    """A price for each interval from an instant on."""

    start: datetime
    step: timedelta
    prices: Sequence[Decimal]


@dataclass(frozen=True)
class Part:
    """The billing period is cut by tariff versions, and this is one part (B-31).

    `share` is its days over those of the whole. Ladders that go through the whole period count with `factors`, their
    proration there, and from `before` on: units used in the parts before, each by component. `is_final`: demand of the
    whole period is billed here, where the version says so; `demand_elsewhere`: it is billed by another part.
    """

    share: Fraction
    factors: Mapping[str, Fraction] = field(default_factory=dict)
    before: Mapping[str, Decimal] = field(default_factory=dict)
    demand_elsewhere: bool = False
    demand_whole: bool = False


@dataclass(frozen=True)
class Inputs:
    """Everything besides usage. `whole_days`: days of the billing period where the account has only a part of it.

    `deducted`: by the name of a field, what the meters that it names counted; `winter`: by component, what was used in
    the months of its winter; `conversions`: what a cubic meter of gas holds, in order of days; `registered`: what a
    register of maximum demand showed, for demand that goes by it.

    `is_final_period`: the contract ends with it, and nothing of the account follows at the meter point; then what is
    kept in `waiting_banks` of earlier tariffs is settled.

    `invoice_day`: the date of the bill, where taxes go by it; None: the day after the period.
    """

    facts: Mapping[str, Decimal] = field(default_factory=dict)
    is_first_period: bool = False
    is_final_period: bool = False
    waiting_banks: tuple[Waiting, ...] = ()
    exemptions: tuple[Exemption, ...] = ()
    history: History = field(default_factory=History)
    invoices: Mapping[str, Mapping[str, InvoiceLine]] = field(default_factory=dict)
    keys: Mapping[str, Decimal] = field(default_factory=dict)
    price_series: Mapping[str, Prices] = field(default_factory=dict)
    site_peak: datetime | None = None
    deducted: Mapping[str, Amount] = field(default_factory=dict)
    winter: Mapping[str, Amount] = field(default_factory=dict)
    conversions: tuple[Conversion, ...] = ()
    registered: tuple[Registered, ...] = ()
    whole_days: int | None = None
    part: Part | None = None
    invoice_day: date | None = None

    @property
    def is_nothing(self) -> bool:
        """Whether there is nothing that a bill would have to remember."""
        return replace(self, whole_days=None, invoice_day=None) == NONE

    @property
    def is_plain(self) -> bool:
        """Whether a plain document needs nothing of it, so that totals are priced at once."""
        return not self.exemptions and not self.waiting_banks and self.part is None

    def fact(self, name: str, component: str) -> Decimal:
        """This will return a fact of the account.

        :raises InputMissing: when nothing is known of it
        """
        if name not in self.facts:
            raise InputMissing("FACT", name, f"{component} needs “{name}” of the account: note it there.")
        return self.facts[name]


NONE = Inputs()
