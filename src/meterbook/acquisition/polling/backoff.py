"""How often a silent device is asked: soon again at first, then ever more rarely."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


class PolicyRefused(ValueError):
    """A policy needs a time-out above zero, no negative retries, and a cap not below the first pause."""


@dataclass(frozen=True)
class Policy:
    """`timeout` bounds one attempt. A device that fails is asked again up to `retries` times, behind the others that
    wait; then it rests for `first_pause`, and twice as long after each further failure, up to `cap`.
    """

    timeout: timedelta = timedelta(seconds=1)
    retries: int = 2
    first_pause: timedelta = timedelta(seconds=5)
    cap: timedelta = timedelta(minutes=5)

    def __post_init__(self) -> None:
        if self.timeout <= timedelta(0) or self.retries < 0 or not timedelta(0) < self.first_pause <= self.cap:
            raise PolicyRefused(PolicyRefused.__doc__)


@dataclass(frozen=True)
class Health:
    """`failures` in a row so far, the latest at `failed_at`, and the instant before which the device is left alone."""

    failures: int = 0
    rests_until: datetime | None = None
    failed_at: datetime | None = None

    def may_try(self, at: datetime) -> bool:
        """This will say whether the device may be asked now; a clock that was put back makes no rest longer."""
        is_put_back = self.failed_at is not None and at < self.failed_at
        return self.rests_until is None or at >= self.rests_until or is_put_back


WELL = Health()


def failed(health: Health, at: datetime, policy: Policy) -> Health:
    """This will count a failed attempt: with 2 retries and 5 s, failure 3 rests 5 s, failure 4 10 s, failure 5 20 s."""
    failures = health.failures + 1
    return Health(failures, at + pause(failures, policy), at)


def pause(failures: int, policy: Policy) -> timedelta:
    """This will return how long a device rests after so many failures in a row; zero while retries are left."""
    if failures <= policy.retries:
        return timedelta(0)
    # The exponent is bounded so that a device that has been dead for a year does not overflow a timedelta.
    doublings = min(failures - policy.retries - 1, 32)
    microseconds = policy.first_pause // timedelta(microseconds=1) * 2**doublings
    return min(policy.cap, timedelta(microseconds=microseconds))
