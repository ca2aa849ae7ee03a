"""What rules allow of estimating (B-21): how long, how much of it, and of which meters. Set in kept versions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from meterbook.metering.estimating.inputs import Method, Outcome

MOST_MONTHS = 2  # in a row, after which somebody must look
LONGEST = 24
WHOLE = 100


@dataclass(frozen=True)
class Limits:
    """After `most_months` in a row somebody reads the meter; `percent` of what a method says are taken;
    `only_defective`: only a meter that is said to be defective or tampered with is estimated at all."""

    most_months: int = MOST_MONTHS
    percent: int = WHOLE
    only_defective: bool = False

    def plain(self) -> Mapping[str, object]:
        """This will return the limits for storing."""
        return {"most_months": self.most_months, "percent": self.percent, "only_defective": self.only_defective}

    @property
    def are_possible(self) -> bool:
        """Whether somebody can have meant them."""
        return 0 <= self.most_months <= LONGEST and 1 <= self.percent <= WHOLE

    def cut(self, outcome: Outcome) -> Outcome:
        """This will return an outcome with the part of its quantity that is allowed, rounded down, and that part noted.

        A person's own number is nothing that a method says: it stays. 75 % of 1,001 are 750.
        """
        if outcome.used is None or self.percent == WHOLE or outcome.method is Method.MANUAL:
            return outcome
        made_of = {**outcome.made_of, "percent": self.percent}
        return replace(outcome, used=outcome.used * self.percent // WHOLE, made_of=made_of)


NO_LIMITS = Limits()
