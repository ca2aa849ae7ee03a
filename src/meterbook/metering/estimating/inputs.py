"""Methods of estimating and what each is given; amounts are integers of the series' scale."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from meterbook.metering.estimating.degrees import Follows

ACTUAL_PERIODS = 3  # of which the average daily use is taken
LEAST_PEERS = 3  # below which the others say nothing, and tell too much of each other
SHORT_HOURS = 2  # up to which a register is taken to run straight


class Method(enum.StrEnum):
    """How a time without readings is filled, in the order in which it is tried unless another was chosen."""

    INTERPOLATION = "INTERPOLATION"
    PROFILE = "PROFILE"
    LAST_YEAR = "LAST_YEAR"
    DAILY_AVERAGE = "DAILY_AVERAGE"
    LIKE_DAYS = "LIKE_DAYS"
    PEERS = "PEERS"
    RESIDUAL = "RESIDUAL"
    MINIMUM = "MINIMUM"
    MANUAL = "MANUAL"


DEFAULT_ORDER = tuple(Method)
# The register difference is known there, only its place in time is not: nothing is estimated (decision 0012).
APPORTIONING = frozenset({Method.INTERPOLATION, Method.PROFILE})


class Lack(enum.StrEnum):
    """Why a method cannot be used."""

    NO_END = "NO_END"
    TOO_LONG = "TOO_LONG"
    NO_PROFILE = "NO_PROFILE"
    OTHER_ACCOUNT = "OTHER_ACCOUNT"
    NO_YEAR = "NO_YEAR"
    NO_PERIODS = "NO_PERIODS"
    NO_LIKE_DAY = "NO_LIKE_DAY"
    FEW_PEERS = "FEW_PEERS"
    NO_PARENT = "NO_PARENT"
    PARENT_INCOMPLETE = "PARENT_INCOMPLETE"
    SIBLING_INCOMPLETE = "SIBLING_INCOMPLETE"
    NEGATIVE = "NEGATIVE"
    NO_MINIMUM = "NO_MINIMUM"
    NOT_GIVEN = "NOT_GIVEN"
    OFF = "OFF"


@dataclass(frozen=True, order=True)
class Part:
    """What was used in a stretch of a day or more; `used` None: not all of it was measured."""

    name: str
    used: int | None
    days: Fraction = Fraction(1)


@dataclass(frozen=True)
class Peer:
    """Another meter point, what it used in the time of the gap, and the area that it serves, where that is known."""

    name: str
    used: int | None
    area: Fraction | None = None


@dataclass(frozen=True)
class Year:
    """The same days a year before: what was used, whether the same account paid, and how use has changed since.

    `recent` and `recent_before` are what was used in the weeks before the gap and a year before those. `degrees` and
    `degrees_then` are the degree days of the gap and of the same days then, where use `follows` the cold or the heat
    and each day's temperature is known.
    """

    then: Part
    is_same_account: bool
    recent: int | None = None
    recent_before: int | None = None
    follows: Follows = Follows.NOTHING
    degrees: int | None = None
    degrees_then: int | None = None


@dataclass(frozen=True)
class Minimum:
    """The part of a gap in a month: what was agreed for that month (None: nothing), `days` of its `of` days."""

    month: str
    a_month: int | None
    days: Fraction
    of: int


@dataclass(frozen=True)
class Case:
    """A gap and all that is known around it.

    `days` is its length in local days; `difference` what the register says was used, where readings lie on both sides;
    `hours` its length; `weights` the usual shape of it, one for each part. `like` has, for each local day of the
    gap, the same stretch of the same weekdays of the four weeks before. `minimums` are what was agreed
    to be used at least. `given` is a person's own number.
    """

    days: Fraction
    hours: Fraction
    difference: int | None = None
    weights: Sequence[int] | None = None
    year: Year | None = None
    periods: Sequence[Part] = ()
    like: Mapping[date, Sequence[Part]] = field(default_factory=dict)
    peers: Sequence[Peer] = ()
    own_area: Fraction | None = None
    parents: Sequence[Part] = ()
    siblings: Sequence[Part] = ()
    minimums: Sequence[Minimum] = ()
    given: int | None = None


Made = dict[str, object]


@dataclass(frozen=True)
class Outcome:
    """What a method says: `used`, and what that was made of; or why it cannot be used, with the facts of it."""

    method: Method
    used: int | None
    made_of: Made = field(default_factory=dict)
    lack: Lack | None = None

    @property
    def is_applicable(self) -> bool:
        """Whether it gives a number."""
        return self.used is not None
