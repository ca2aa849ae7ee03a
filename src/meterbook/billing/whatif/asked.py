"""What a what-if is asked: by which prices, for whom, over which days; and what is compared with what."""

from __future__ import annotations

import enum
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from meterbook.billing.calculating import facts
from meterbook.kernel.money import Money
from meterbook.metering.values import Service
from meterbook.tariffs.rating.document import Text

MOST_BILLS = 6_000  # bills and months that are priced while somebody waits: some 200 accounts over two years
MOST_DAYS = 366 * 5
NAMED = 3  # reasons of one account that are told


class NobodyThere(ValueError):
    """No account of the scope pays for anything in those days; choose others."""


class TooMuchAtOnce(ValueError):
    """More bills and months than are priced at once; have it done in the background, or choose less."""


class DaysInvalid(ValueError):
    """The days of a what-if must be at least one and at most five years, and have begun."""


class ScopeInvalid(ValueError):
    """An account or a tariff that is named is not there; `field` says which was at fault."""

    def __init__(self, field: str, words: str) -> None:
        super().__init__(words)
        self.field = field


@dataclass(frozen=True)
class Scope:
    """Whose use is priced: accounts of sites, by a tariff (public id), or named by number; what is given narrows.

    :param sites: internal ids where the reader may look; None: all of the organization
    :param service: only meter points of this service get the chosen prices; None: all that are measured in its unit
    """

    sites: frozenset[int] | None = None
    tariff: uuid.UUID | None = None
    numbers: tuple[str, ...] = ()
    service: Service | None = None


@dataclass(frozen=True)
class Asked:
    """Prices: `chosen` on all days, or, where it is None, what contracts say (which gives the issued bills again)."""

    scope: Scope
    first_day: date
    until_day: date
    chosen: facts.Tariff | None = None

    def check(self, today: date) -> None:
        """This will refuse days that cannot be.

        :raises DaysInvalid: saying what to change
        """
        if self.until_day <= self.first_day:
            raise DaysInvalid(_("The end must not lie before the beginning."))
        if (self.until_day - self.first_day).days > MOST_DAYS:
            raise DaysInvalid(_("Take five years at most."))
        if self.first_day >= today:
            raise DaysInvalid(_("Nothing is used yet in these days; take earlier ones."))


class TariffEffect(enum.StrEnum):
    """What the other prices mean for an account."""

    LOSES = "LOSES"
    WINS = "WINS"
    SAME = "SAME"


@dataclass(frozen=True)
class Trouble:
    """A part of an account's time that cannot be priced, and why (as runs hold accounts); it is in no sum."""

    first_day: date
    until_day: date
    reasons: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class AccountResult:
    """An account: `bills` that were issued and `months` that were not are compared; positive changes are more to pay.

    `is_touched`: the chosen prices are for something that it pays for.
    """

    public_id: uuid.UUID
    number: str
    customer_name: str
    site_name: str
    bills: int
    months: int
    is_touched: bool
    before: Money
    after: Money
    troubles: tuple[Trouble, ...] = ()

    @property
    def change(self) -> Money:
        """What is more to pay."""
        return self.after - self.before

    @property
    def percent(self) -> Decimal | None:
        """The change in percent of before, to one decimal; None where nothing was to pay."""
        return percent(self.before.amount, self.after.amount)

    @property
    def verdict(self) -> TariffEffect:
        """Who wins and who loses."""
        amount = self.change.amount
        return TariffEffect.SAME if not amount else TariffEffect.LOSES if amount > 0 else TariffEffect.WINS


@dataclass(frozen=True)
class MonthResult:
    """Sums of the bills and months that begin in a month."""

    month: date
    count: int
    before: Money
    after: Money

    @property
    def change(self) -> Money:
        """What is more to pay."""
        return self.after - self.before


@dataclass(frozen=True)
class LineResult:
    """What a component, or one of its tiers or price periods, brings: `quantity` None where it is not of use."""

    tariff: str
    text: Text
    tier: int | None
    unit: str
    quantity: Decimal | None
    amount: Money
    accounts: int


@dataclass(frozen=True)
class Totals:
    """What all accounts come to together: how many there are, how many have nothing that the chosen prices are for, how
    many have time that cannot be priced, and the largest change of one of them. See `Result` for the rest.
    """

    currency: str
    before: Money
    after: Money
    accounts: int
    untouched: int
    troubled: int
    most: Decimal
    counts: Mapping[TariffEffect, int]
    months: tuple[MonthResult, ...]
    lines: tuple[LineResult, ...]
    elsewhere: int = 0
    services: tuple[Service, ...] = ()

    @property
    def change(self) -> Money:
        """What is more to pay."""
        return self.after - self.before

    @property
    def percent(self) -> Decimal | None:
        """The change in percent of before, to one decimal."""
        return percent(self.before.amount, self.after.amount)


@dataclass(frozen=True)
class Result:
    """Everything that comes out; accounts in the order of what they lose, months and lines in their own.

    `elsewhere` counts accounts that are left out because they have another currency. `services` are those whose meter
    points get the chosen prices: gas and water are both counted in cubic meters.
    """

    currency: str
    accounts: tuple[AccountResult, ...]
    months: tuple[MonthResult, ...]
    lines: tuple[LineResult, ...]
    elsewhere: int = 0
    services: tuple[Service, ...] = ()
    counts: Mapping[TariffEffect, int] = field(default_factory=dict)

    @property
    def before(self) -> Money:
        """What was, or would be, billed."""
        return sum((each.before for each in self.accounts), Money.zero(self.currency))

    @property
    def after(self) -> Money:
        """What the other prices bring."""
        return sum((each.after for each in self.accounts), Money.zero(self.currency))

    @property
    def change(self) -> Money:
        """What is more to pay."""
        return self.after - self.before

    @property
    def percent(self) -> Decimal | None:
        """The change in percent of before, to one decimal."""
        return percent(self.before.amount, self.after.amount)

    @property
    def totals(self) -> Totals:
        """What all accounts come to together."""
        return Totals(
            currency=self.currency,
            before=self.before,
            after=self.after,
            accounts=len(self.accounts),
            untouched=sum(not each.is_touched for each in self.accounts),
            troubled=len(self.troubled),
            most=max((abs(each.change.amount) for each in self.accounts), default=Decimal(0)),
            counts=self.counts,
            months=self.months,
            lines=self.lines,
            elsewhere=self.elsewhere,
            services=self.services,
        )

    @property
    def troubled(self) -> tuple[AccountResult, ...]:
        """Accounts with time that cannot be priced."""
        return tuple(each for each in self.accounts if each.troubles)


def percent(before: Decimal, after: Decimal) -> Decimal | None:
    """This will return a change in percent to one decimal, rounded half to even: 80.00 to 90.00 is 12.5."""
    if not before:
        return None
    return ((after - before) * 100 / abs(before)).quantize(Decimal("0.1"))
