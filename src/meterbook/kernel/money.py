"""Money: a decimal amount that never parts from its currency."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from meterbook.kernel import currency as currencies
from meterbook.kernel import rounding
from meterbook.kernel.rounding import RoundingMode


class CurrencyMismatch(ValueError):
    """Amounts of different currencies do not add and do not compare; convert with a dated rate first."""


@functools.total_ordering
@dataclass(frozen=True, eq=False)
class Money:
    """An amount with its currency. It may be finer than the currency's smallest unit until `rounded`.

    Arithmetic is exact: what 60 digits cannot hold is refused, never rounded in silence.
    """

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        if not isinstance(self.amount, Decimal) or not self.amount.is_finite():
            raise rounding.NotExact(f"{self.amount!r}: {rounding.NotExact.__doc__}")
        currencies.minor_units(self.currency)

    @classmethod
    def of(cls, amount: str | int | Decimal, currency: str) -> Money:
        """This will make money from a text such as "12.50", an integer or a Decimal.

        :raises rounding.NotExact: for a float
        """
        if isinstance(amount, bool) or not isinstance(amount, str | int | Decimal):
            raise rounding.NotExact(f"{amount!r}: {rounding.NotExact.__doc__}")
        return cls(Decimal(amount), currency)

    @classmethod
    def zero(cls, currency: str) -> Money:
        """This will return nothing at all, in a currency and with its decimals."""
        return cls.from_minor(0, currency)

    @classmethod
    def from_minor(cls, units: int, currency: str) -> Money:
        """This will make money from a count of smallest units: 1250 EUR cents are 12.50 EUR, 1250 JPY are 1250 JPY."""
        amount = Decimal(units).scaleb(-currencies.minor_units(currency), rounding.EXACT)
        made = object.__new__(cls)  # such an amount need not be checked: bill runs make a dozen for each bill
        # Who makes it from a count mostly asks for the count next.
        made.__dict__.update(amount=amount, currency=currency, _minor=units)
        return made

    @property
    def minor(self) -> int:
        """The count of smallest units.

        :raises rounding.NotExact: when the amount is finer than the smallest unit; round it first
        """
        known: int | None = self.__dict__.get("_minor")
        if known is not None:
            return known
        scaled = self.amount.scaleb(currencies.MINOR_UNITS[self.currency], rounding.EXACT)
        if scaled != scaled.to_integral_value():
            raise rounding.NotExact(f"{self} is finer than the smallest unit of {self.currency}; round it first.")
        return int(scaled)

    def rounded(self, mode: RoundingMode = RoundingMode.HALF_UP, *, places: int | None = None) -> Money:
        """This will round to the currency's smallest unit, or to `places` decimals. 1.005 EUR becomes 1.01 EUR."""
        to = currencies.minor_units(self.currency) if places is None else places
        return Money(rounding.round_decimal(self.amount, to, mode), self.currency)

    def __add__(self, other: Money) -> Money:
        return Money(rounding.EXACT.add(self.amount, self._same(other)), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(rounding.EXACT.subtract(self.amount, self._same(other)), self.currency)

    def __mul__(self, factor: int | Decimal) -> Money:
        if isinstance(factor, bool) or not isinstance(factor, int | Decimal):
            raise rounding.NotExact(f"{factor!r}: {rounding.NotExact.__doc__}")
        return Money(rounding.EXACT.multiply(self.amount, Decimal(factor)), self.currency)

    __rmul__ = __mul__

    def __neg__(self) -> Money:
        return Money(self.amount.copy_negate() if self.amount else self.amount, self.currency)

    def __abs__(self) -> Money:
        return Money(self.amount.copy_abs(), self.currency)

    def __bool__(self) -> bool:
        return bool(self.amount)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Money):
            return NotImplemented
        return self.currency == other.currency and self.amount == other.amount

    def __lt__(self, other: Money) -> bool:
        return self.amount < self._same(other)

    def __hash__(self) -> int:
        return hash((self.amount, self.currency))

    def __str__(self) -> str:
        return f"{self.amount:f} {self.currency}"

    def _same(self, other: Money) -> Decimal:
        if not isinstance(other, Money):
            raise rounding.NotExact(f"{other!r} is not money; give it a currency.")
        if other.currency != self.currency:
            raise CurrencyMismatch(f"{self} and {other}: {CurrencyMismatch.__doc__}")
        return other.amount


def total(amounts: Iterable[Money], currency: str) -> Money:
    """This will add amounts of one currency; nothing adds up to zero of that currency."""
    result = Money.zero(currency)
    for each in amounts:
        result += each
    return result
