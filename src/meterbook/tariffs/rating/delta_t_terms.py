"""What a low temperature difference costs: frozen values of a LOW_DELTA_T component (B-54)."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from decimal import Decimal

from meterbook.kernel import water


class DeltaRule(enum.StrEnum):
    """How a temperature difference below the one agreed is priced."""

    STEPS = "STEPS"  # percent of lines for each step of kelvins below a limit
    VOLUME_ABOVE = "VOLUME_ABOVE"  # cubic meters above what the energy had needed


class Counted(enum.StrEnum):
    """Which steps of kelvins count."""

    BEGUN = "BEGUN"
    FULL = "FULL"
    PROPORTION = "PROPORTION"  # a half one by half


@dataclass(frozen=True)
class DeltaT:
    """The rule of a LOW_DELTA_T component.

    The mean difference of the period is energy / (volume x `density` x `specific_heat`), in kelvins of `decimals`.
    `steps`: percent for each `step` from a limit down to the next one. Below `least_usage` nothing is charged.
    """

    rule: DeltaRule
    target: Decimal = Decimal(0)
    steps: tuple[tuple[Decimal, Decimal], ...] = ()
    step: Decimal = Decimal(1)
    counted: Counted = Counted.BEGUN
    decimals: int = 1
    least_usage: Decimal = Decimal(0)
    density: Decimal = water.DENSITY
    specific_heat: Decimal = water.SPECIFIC_HEAT
